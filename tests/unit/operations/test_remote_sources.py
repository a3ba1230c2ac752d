"""`run` and `render` fetch objects of a bucket: only images, up to a limit, never outside the folder."""

from pathlib import Path

import pytest

from pixelfleet.errors import SetupError
from pixelfleet.operations import remote_sources
from pixelfleet.operations.remote_sources import Fetched, fetch_sources
from tests.unit.operations.adoption.fakes import Masters, masters


@pytest.fixture
def there() -> Masters:
    return masters()


def test_images_of_a_prefix_are_fetched_under_their_keys(there: Masters, tmp_path: Path) -> None:
    there.put("scans/a/1.jpg", "scans/notes.txt", "other/2.jpg")
    there.put("scans/old.jpg", storage_class="GLACIER")
    fetched = fetch_sources(there.deployment, ["s3://masters/scans/"], tmp_path)
    assert fetched == Fetched((tmp_path / "masters/scans/a/1.jpg",), skipped=1, archived=1)
    files = [path.relative_to(tmp_path) for path in tmp_path.rglob("*") if path.is_file()]
    assert files == [Path("masters/scans/a/1.jpg")]
    assert (tmp_path / files[0]).read_bytes() == b"pixels"


def test_an_existing_file_is_kept_and_a_changed_object_is_fetched_again(there: Masters, tmp_path: Path) -> None:
    there.put("1.jpg")
    fetch_sources(there.deployment, ["s3://masters"], tmp_path)
    path = tmp_path / "masters/1.jpg"
    kept = path.stat().st_ino
    fetch_sources(there.deployment, ["s3://masters"], tmp_path)
    assert path.stat().st_ino == kept
    there.clock.now += 5
    there.put("1.jpg", body=b"others")
    fetch_sources(there.deployment, ["s3://masters"], tmp_path)
    assert path.read_bytes() == b"others"


def test_no_key_leads_out_of_the_folder(there: Masters, tmp_path: Path) -> None:
    there.put("../../up.jpg", "/abs.jpg", "a//b.jpg")
    fetch_sources(there.deployment, ["s3://masters"], tmp_path / "in")
    assert {path for path in tmp_path.rglob("*.jpg") if tmp_path / "in" / "masters" not in path.parents} == set()


def test_keys_that_lead_to_one_file_and_a_key_that_is_a_folder_of_another_get_files_of_their_own(
    there: Masters, tmp_path: Path
) -> None:
    keys = ["scan", "scan/1.jpg", "a//b.jpg", "a/b.jpg", "ü" * 125 + ".jpg", "x" * 251 + ".jpg"]
    for number, key in enumerate(keys):
        there.put(key, body=b"pixels" * (number + 1))
    for _ in range(2):
        fetched = fetch_sources(there.deployment, ["s3://masters"], tmp_path)
        assert len(set(fetched.files)) == len(keys)
        assert sorted(path.stat().st_size for path in fetched.files) == [
            6 * (number + 1) for number in range(len(keys))
        ]


def test_a_file_of_an_earlier_run_that_is_in_the_way_is_an_error_that_names_it(there: Masters, tmp_path: Path) -> None:
    there.put("scan/1.jpg")
    (tmp_path / "masters").mkdir()
    (tmp_path / "masters/scan").touch()
    with pytest.raises(
        SetupError, match=r"s3://masters/scan/1\.jpg cannot be written to .*: name another folder by --out"
    ):
        fetch_sources(there.deployment, ["s3://masters"], tmp_path)


def test_too_many_objects_are_refused_before_any_object_is_fetched(
    there: Masters, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote_sources, "MOST", 2)
    there.put("1.jpg", "2.jpg", "3.jpg")
    with pytest.raises(SetupError, match="pixelfleet adopt s3://masters"):
        fetch_sources(there.deployment, ["s3://masters"], tmp_path)
    assert list(tmp_path.rglob("*.jpg")) == []


def test_an_address_without_objects_and_a_disk_that_is_too_small_are_errors(
    there: Masters, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(SetupError, match="there is no object at s3://masters/none/"):
        fetch_sources(there.deployment, ["s3://masters/none/"], tmp_path)
    there.put("1.jpg")
    monkeypatch.setattr(remote_sources, "_SHARE", 0.0)
    with pytest.raises(SetupError, match="name a smaller prefix"):
        fetch_sources(there.deployment, ["s3://masters"], tmp_path)
