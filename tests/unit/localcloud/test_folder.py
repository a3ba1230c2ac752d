"""The data folder: one owner at a time, keys that stay and that nobody else reads."""

from pathlib import Path

import pytest

from pixelfleet.errors import SetupError
from pixelfleet.localcloud.folder import DataFolder, default_data_folder


def test_keys_are_random_for_a_folder_and_stay_with_it(tmp_path: Path) -> None:
    first = DataFolder.open(tmp_path / "one")
    keys = first.identity()
    first.close()
    again = DataFolder.open(tmp_path / "one")
    other = DataFolder.open(tmp_path / "two")

    assert again.identity() == keys
    assert other.identity().secret_key != keys.secret_key
    assert other.identity().access_key != keys.access_key
    again.close()
    other.close()


def test_only_the_user_can_read_the_keys_and_the_data(tmp_path: Path) -> None:
    folder = DataFolder.open(tmp_path / "data")
    folder.identity()
    modes = {path.name: path.stat().st_mode & 0o777 for path in folder.root.iterdir()}
    folder.close()

    assert (tmp_path / "data").stat().st_mode & 0o777 == 0o700
    assert modes["identity.json"] == 0o600
    assert modes["state"] == modes["objects"] == modes["logs"] == 0o700


def test_a_second_fleet_on_one_folder_is_refused_with_the_holders_process(tmp_path: Path) -> None:
    first = DataFolder.open(tmp_path)
    with pytest.raises(SetupError, match=r"is in use by another pixelfleet \(process \d+\)"):
        DataFolder.open(tmp_path)
    first.close()
    DataFolder.open(tmp_path).close()


def test_damaged_keys_are_told_with_the_way_out(tmp_path: Path) -> None:
    folder = DataFolder.open(tmp_path)
    (tmp_path / "identity.json").write_text('{"access_key":')
    with pytest.raises(SetupError, match=r"identity\.json is damaged: remove it"):
        folder.identity()
    folder.close()


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SetupError, match="file/data cannot be used: Not a directory"):
        DataFolder.open(tmp_path / "file" / "data")


def test_leftovers_of_a_killed_fleet_are_swept(tmp_path: Path) -> None:
    folder = DataFolder.open(tmp_path)
    (folder.scratch / "half-an-image").write_bytes(b"x")
    folder.close()
    folder = DataFolder.open(tmp_path)
    assert list(folder.scratch.iterdir()) == []
    folder.close()


def test_the_default_folder_follows_the_desktop_standard(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert default_data_folder() == tmp_path / "pixelfleet"
