"""Where a download may write: below DEST and nowhere else, whatever a key says."""

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


@given(st.text(min_size=1))
def test_no_part_of_any_path_leads_upwards(path: str) -> None:
    parts = PurePosixPath(safe_path(path)).parts
    assert parts
    assert ".." not in parts
    assert not safe_path(path).startswith("/")
    assert "\0" not in safe_path(path)
