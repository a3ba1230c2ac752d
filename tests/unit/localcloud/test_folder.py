"""The data folder has one owner at a time; its keys stay, and no other user can read them."""

import os
import tempfile
from pathlib import Path

import pytest

from pixelfleet.errors import SetupError
from pixelfleet.localcloud.folder import DataFolder, default_data_folder, temporary_data_folder


def test_each_folder_has_random_keys_and_keeps_them(tmp_path: Path) -> None:
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


@pytest.mark.parametrize(
    "text",
    [
        '{"access_key":',
        "[]",
        "null",
        "{}",
        '{"access_key": 1, "secret_key": "a secret that is long enough"}',
        '{"access_key": "PXFLAAAAAAAAAAAAAAAA", "secret_key": ["a"]}',
        '{"access_key": "PXFLAAAAAAAAAAAAAAAA", "secret_key": "a secret that is long enough", "port": "80"}',
        '{"access_key": "PXFLAAAAAAAAAAAAAAAA", "secret_key": "a secret that is long enough", "port": 65536}',
        '{"access_key": "PXFLAAAAAAAAAAAAAAAA", "secret_key": "a secret that is long enough", "session_secret": 5}',
        "\ud800".encode("utf-8", "surrogatepass").decode("latin-1"),
    ],
)
def test_a_key_file_of_the_wrong_shape_is_a_setup_error(tmp_path: Path, text: str) -> None:
    folder = DataFolder.open(tmp_path)
    (tmp_path / "identity.json").write_text(text, encoding="latin-1")
    with pytest.raises(SetupError, match=r"identity\.json is damaged: remove it"):
        folder.identity()
    folder.close()


def test_a_pipe_in_place_of_the_keys_is_a_setup_error_and_does_not_block(tmp_path: Path) -> None:
    folder = DataFolder.open(tmp_path)
    os.mkfifo(tmp_path / "identity.json")
    with pytest.raises(SetupError, match=r"identity\.json is damaged: remove it"):
        folder.identity()
    folder.close()


def test_keys_that_cannot_be_written_are_a_setup_error_and_the_earlier_keys_stay(tmp_path: Path) -> None:
    folder = DataFolder.open(tmp_path)
    keys = folder.identity()
    (tmp_path / "identity.json.new").mkdir()
    with pytest.raises(SetupError, match="the keys cannot be written to"):
        folder.remember(keys)
    assert folder.identity() == keys
    folder.close()


def test_a_pipe_in_place_of_the_lock_is_a_setup_error_with_the_reason(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "lock")
    with pytest.raises(SetupError, match=r"cannot be used: .*seekable"):
        DataFolder.open(tmp_path)


def test_a_file_in_place_of_a_subfolder_is_a_setup_error(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("")
    with pytest.raises(SetupError, match="state: File exists"):
        DataFolder.open(tmp_path)
    (tmp_path / "state").unlink()
    DataFolder.open(tmp_path).close()


def test_a_folder_that_others_can_read_becomes_private(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    DataFolder.open(tmp_path).close()
    assert tmp_path.stat().st_mode & 0o777 == 0o700


def test_a_folder_of_another_user_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: tmp_path.stat().st_uid + 1)
    with pytest.raises(SetupError, match="belongs to another user"):
        DataFolder.open(tmp_path)


def test_the_error_names_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SetupError, match="file/data cannot be used: Not a directory"):
        DataFolder.open(tmp_path / "file" / "data")


def test_leftovers_of_a_killed_fleet_are_deleted(tmp_path: Path) -> None:
    folder = DataFolder.open(tmp_path)
    (folder.scratch / "half-an-image").write_bytes(b"x")
    folder.close()
    folder = DataFolder.open(tmp_path)
    assert list(folder.scratch.iterdir()) == []
    folder.close()


def test_the_default_folder_follows_the_desktop_standard(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert default_data_folder() == tmp_path / "pixelfleet"


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def _run_folder(temporary: Path, number: str, modified: float) -> Path:
    folder = temporary / "pixelfleet-run-other"
    folder.mkdir()
    (folder / "lock").write_text(number)
    os.utime(folder / "lock", (modified, modified))
    return folder


@pytest.mark.parametrize(
    ("number", "age", "kept"),
    [("", 0.0, True), ("", 59.0, True), ("", 61.0, False), ("123", 0.0, False)],
    ids=["about to take its lock", "slow to take its lock", "killed before it took its lock", "killed"],
)
def test_a_run_removes_the_folders_of_killed_runs_and_no_other_folder(
    temporary: Path, number: str, age: float, kept: bool
) -> None:
    other = _run_folder(temporary, number, modified=1_000_000.0)
    with temporary_data_folder(lambda: 1_000_000.0 + age) as mine:
        assert (other.is_dir(), mine.is_dir()) == (kept, True)
    assert not mine.exists()


def test_the_folder_of_a_run_that_holds_its_lock_is_kept(temporary: Path) -> None:
    held = DataFolder.open(temporary / "pixelfleet-run-other")
    with temporary_data_folder():
        assert held.root.is_dir()
    held.close()
