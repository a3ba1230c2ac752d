"""A folder for results: one command holds the folder, files of the user stay, and no half-written file remains."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from pixelfleet.errors import SetupError
from pixelfleet.files.destination import own_destination, replacing
from pixelfleet.report import Report, write_report


def test_existing_files_in_a_folder_stay_whatever_their_names(tmp_path: Path) -> None:
    (tmp_path / ".pixelfleet").write_text("mine")
    (tmp_path / ".report.json.part").mkdir()
    with own_destination(tmp_path):
        write_report(Report((), 1.0), tmp_path / "report.json")
    assert (tmp_path / ".pixelfleet").read_text() == "mine"
    assert sorted(path.name for path in tmp_path.iterdir()) == [".pixelfleet", ".report.json.part", "report.json"]


def test_a_second_command_is_refused_while_the_first_command_runs(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with own_destination(out), pytest.raises(SetupError, match="another pixelfleet writes to"), own_destination(out):
        pass
    with own_destination(out):
        pass


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SetupError, match="results cannot go to"), own_destination(tmp_path / "file" / "out"):
        pass


def test_an_error_leaves_the_old_file_and_nothing_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    path.write_text("old")
    with pytest.raises(OSError, match="full"):
        _half(path)
    assert [(one.name, one.read_text()) for one in tmp_path.iterdir()] == [("report.json", "old")]


def test_a_link_to_a_report_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "there.json").write_text("old")
    (tmp_path / "link.json").symlink_to("there.json")
    write_report(Report((), 1.0), tmp_path / "link.json")
    assert (tmp_path / "link.json").is_symlink()
    assert (tmp_path / "there.json").read_text() != "old"


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir])
def test_a_path_that_is_no_regular_file_is_not_replaced(tmp_path: Path, make: Callable[[Path], None]) -> None:
    make(tmp_path / "report.json")
    with pytest.raises(SetupError, match="is not a regular file"):
        write_report(Report((), 1.0), tmp_path / "report.json")
    assert [path.name for path in tmp_path.iterdir()] == ["report.json"]


def _half(path: Path) -> None:
    with replacing(path) as file:
        file.write("half")
        raise OSError("full")
