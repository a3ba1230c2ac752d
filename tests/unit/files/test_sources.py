"""No argument of a command is left out without a message."""

import os
from pathlib import Path

import pytest

from pixelfleet.errors import SetupError
from pixelfleet.files.sources import find_sources


def _tree(root: Path, *files: str) -> Path:
    for file in files:
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        (root / file).write_bytes(b"12345")
    return root


def _relatives(*given: Path, leave_out: Path | None = None) -> list[str]:
    return [source.relative for source in find_sources(given, leave_out)]


def test_folders_are_walked_in_the_order_of_names(tmp_path: Path) -> None:
    _tree(tmp_path, "b.jpg", "a/z.jpg", "a/c/x.jpg", ".hidden")
    assert _relatives(tmp_path) == [".hidden", "a/c/x.jpg", "a/z.jpg", "b.jpg"]


def test_a_source_has_the_name_and_the_size_of_its_file(tmp_path: Path) -> None:
    _tree(tmp_path, "deep/down/a.jpg")
    [source] = find_sources([tmp_path / "deep/down/a.jpg"])
    assert (source.relative, source.bytes, source.problem) == ("a.jpg", 5, None)


def test_a_file_that_is_given_twice_is_listed_once(tmp_path: Path) -> None:
    _tree(tmp_path, "a.jpg")
    assert _relatives(tmp_path / "a.jpg", tmp_path / "a.jpg") == ["a.jpg"]


def test_results_inside_a_source_are_left_out(tmp_path: Path) -> None:
    _tree(tmp_path, "a.jpg", "out/b.jpg/thumb.webp")
    assert _relatives(tmp_path, leave_out=tmp_path / "out") == ["a.jpg"]


def test_links_are_followed_and_loops_are_not(tmp_path: Path) -> None:
    _tree(tmp_path, "in/a.jpg", "elsewhere/b.jpg")
    (tmp_path / "in/there").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "in/loop").symlink_to(tmp_path / "in")
    (tmp_path / "in/c.jpg").symlink_to(tmp_path / "elsewhere/b.jpg")
    assert _relatives(tmp_path / "in") == ["a.jpg", "c.jpg", "there/b.jpg"]


def test_a_dangling_link_is_reported_with_its_target(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").symlink_to("nowhere.jpg")
    [source] = find_sources([tmp_path])
    assert source.problem == "cannot be read: a link to nowhere.jpg, which is not there"


def test_a_pipe_is_reported_at_once_as_no_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    [source] = find_sources([tmp_path / "pipe"])
    assert source.problem == "is a named pipe, not a file"


@pytest.mark.skipif(os.getuid() == 0, reason="root may read everything")
def test_a_folder_that_may_not_be_read_is_reported(tmp_path: Path) -> None:
    _tree(tmp_path, "shut/a.jpg").joinpath("shut").chmod(0)
    [source] = find_sources([tmp_path])
    (tmp_path / "shut").chmod(0o700)
    assert (source.relative, source.problem) == ("shut", "the folder cannot be read: Permission denied")


def test_a_missing_source_is_refused_before_the_work_begins(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match=r"nothing\.jpg does not exist"):
        find_sources([tmp_path / "nothing.jpg"])


def test_names_that_are_no_unicode_are_kept(tmp_path: Path) -> None:
    name = os.fsdecode(b"caf\xe9.jpg")
    (tmp_path / name).write_bytes(b"x")
    [source] = find_sources([tmp_path])
    assert source.relative == name
    assert source.path.read_bytes() == b"x"
