"""Written records are read again; bytes that a crash or a power cut left after the last whole record are ignored."""

from collections.abc import Callable
from pathlib import Path

import pytest

from pixelfleet.localcloud.journal import CloudJournal, Write, read
from pixelfleet.localcloud.state import StateError

WRITES = [
    Write("DynamoDB_20120810.PutItem", "us-east-1", b'{"TableName": "t"}'),
    Write("DynamoDB_20120810.UpdateItem", "", b""),
    Write("DynamoDB_20120810.DeleteItem", "us-east-1", b"\n\0" * 9),
]


def _journal(path: Path) -> Path:
    journal = CloudJournal(path)
    for write in WRITES:
        journal.append(write)
    journal.close()
    return path


def test_written_records_are_read_in_order(tmp_path: Path) -> None:
    assert list(read(_journal(tmp_path / "j"))) == WRITES


@pytest.mark.parametrize("cut", [1, 11, 12, 30])
def test_a_truncated_record_is_ignored_and_overwritten(tmp_path: Path, cut: int) -> None:
    path = _journal(tmp_path / "j")
    path.write_bytes(path.read_bytes()[:-cut])
    assert list(read(path)) == WRITES[:2]
    again = CloudJournal(path)
    again.append(WRITES[2])
    again.close()
    assert list(read(path)) == WRITES


@pytest.mark.parametrize("zeros", [1, 12, 13, 156, 70_000])
def test_zeros_that_a_power_cut_left_at_the_end_are_ignored(tmp_path: Path, zeros: int) -> None:
    path = _journal(tmp_path / "j")
    whole = path.read_bytes()
    path.write_bytes(whole + bytes(zeros))
    assert list(read(path)) == WRITES
    CloudJournal(path).close()
    assert path.read_bytes() == whole


@pytest.mark.parametrize("damage", [lambda text: bytes(12) + text, lambda text: text[:20] + b"?" + text[21:]])
def test_damage_before_the_end_is_an_error_and_the_file_stays(tmp_path: Path, damage: Callable[[bytes], bytes]) -> None:
    path = _journal(tmp_path / "j")
    path.write_bytes(damage(path.read_bytes()))
    before = path.read_bytes()
    with pytest.raises(StateError, match="is damaged at byte 0"):
        CloudJournal(path)
    assert path.read_bytes() == before
