"""A download writes below DEST and nowhere else, whatever a key contains."""

from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pixelfleet.files.result_folders import safe_path


@pytest.mark.parametrize(
    ("path", "safe"),
    [
        ("a/b.jpg", "a/b.jpg"),
        ("../../etc/passwd", "%2E%2E/%2E%2E/etc/passwd"),
        ("/etc/passwd", "etc/passwd"),
        ("a//./b.jpg", "a/%2E/b.jpg"),
        ("a\0b", "a%00b"),
        ("/", "%2F"),
    ],
)
def test_a_keys_path_stays_below_the_folder(path: str, safe: str) -> None:
    assert safe_path(path) == safe


@pytest.mark.parametrize(
    "path",
    [
        pytest.param("L" * 300 + ".png", id="ascii"),
        pytest.param("é" * 200 + ".png", id="two bytes"),
        pytest.param("a/" + "😀" * 100 + "/b.jpg", id="a folder"),
        pytest.param("x" * 256, id="no suffix"),
        pytest.param("." + "x" * 300, id="a suffix alone"),
    ],
)
def test_a_part_too_long_for_a_file_system_is_shortened_the_same_way_each_time(path: str) -> None:
    safe = safe_path(path)
    assert all(len(part.encode()) <= 255 for part in safe.split("/"))
    assert safe.count("/") == path.count("/")
    assert safe.endswith(".png") == path.endswith(".png")
    assert safe == safe_path(path)


def test_two_long_names_that_differ_at_their_ends_stay_different() -> None:
    assert safe_path("L" * 300 + "1.png") != safe_path("L" * 300 + "2.png")


@given(st.text(min_size=1))
def test_no_part_of_any_path_leads_upwards(path: str) -> None:
    parts = PurePosixPath(safe_path(path)).parts
    assert parts
    assert ".." not in parts
    assert not safe_path(path).startswith("/")
    assert "\0" not in safe_path(path)
    assert all(len(part.encode("utf-8", "surrogatepass")) <= 255 for part in parts)
