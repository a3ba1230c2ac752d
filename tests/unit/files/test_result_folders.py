"""Every source gets a folder of its own below DEST, even if names clash."""

import os
from pathlib import Path

import pytest

from pixelfleet.files.result_folders import ResultFolders


def _assigned(tmp_path: Path, *relatives: str, folds_case: bool = False) -> list[str]:
    folders = ResultFolders(tmp_path, folds_case=folds_case)
    return [folders.assign(relative) for relative in relatives]


def test_a_relative_path_is_kept(tmp_path: Path) -> None:
    assert _assigned(tmp_path, "2024/a b.jpg", "2024/c.jpg") == ["2024/a b.jpg", "2024/c.jpg"]


def test_a_later_source_with_the_same_path_is_numbered(tmp_path: Path) -> None:
    assert _assigned(tmp_path, "a.jpg", "a.jpg", "a.jpg") == ["a.jpg", "a.jpg~2", "a.jpg~3"]


def test_a_folder_with_the_name_of_an_image_is_numbered_with_all_its_content(tmp_path: Path) -> None:
    assert _assigned(tmp_path, "a.jpg", "a.jpg/x.png", "a.jpg/y.png") == ["a.jpg", "a.jpg~2/x.png", "a.jpg~2/y.png"]


def test_an_image_with_the_name_of_a_folder_is_numbered(tmp_path: Path) -> None:
    assert _assigned(tmp_path, "a.jpg/x.png", "a.jpg") == ["a.jpg/x.png", "a.jpg~2"]


def test_a_file_of_the_user_is_never_replaced(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").touch()
    (tmp_path / "folder").touch()
    assert _assigned(tmp_path, "a.jpg", "folder/b.jpg") == ["a.jpg~2", "folder~2/b.jpg"]


def test_results_of_an_earlier_run_are_overwritten(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").mkdir()
    assert _assigned(tmp_path, "a.jpg") == ["a.jpg"]


@pytest.mark.parametrize("name", ["index.html", "report.json"])
def test_the_names_of_the_runs_own_files_are_reserved(tmp_path: Path, name: str) -> None:
    assert _assigned(tmp_path, name) == [f"{name}~2"]


def test_names_that_differ_only_in_case_clash_only_if_the_file_system_ignores_case(tmp_path: Path) -> None:
    assert _assigned(tmp_path, "A.jpg", "a.jpg") == ["A.jpg", "a.jpg"]
    assert _assigned(tmp_path, "A.jpg", "a.jpg", folds_case=True) == ["A.jpg", "a.jpg~2"]


def test_a_numbered_name_is_no_longer_than_a_file_system_allows(tmp_path: Path) -> None:
    name = "n" * 255
    _, second = _assigned(tmp_path, name, name)
    assert len(os.fsencode(second)) == 255
    assert second.endswith("~2")
