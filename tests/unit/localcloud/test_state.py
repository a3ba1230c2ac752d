"""The state of the embedded cloud on disk: generations are whole, unreadable generations stay, no write is lost."""

import json
import os
import resource
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pixelfleet.localcloud.journal import CloudJournal, Write, is_write, read
from pixelfleet.localcloud.state import Codec, StateError, StateFolder


def _decoded(value: dict[str, Any]) -> Any:
    return bytes.fromhex(value["__bytes__"]) if "__bytes__" in value else value


CODEC = Codec(default=lambda value: {"__bytes__": value.hex()}, object_hook=_decoded, format_of=lambda _: 2)


def _folder(root: Path) -> StateFolder:
    return StateFolder(root, CODEC)


def test_the_last_saved_state_is_loaded(tmp_path: Path) -> None:
    folder = _folder(tmp_path)
    assert folder.load() == {}
    for value in (1, 2, 3):
        folder.save({"dynamodb": {"value": value}, "s3": {"buckets": []}})
    assert _folder(tmp_path).load() == {"dynamodb": {"value": 3}, "s3": {"buckets": []}}


def test_the_previous_generation_is_kept_and_older_generations_are_deleted(tmp_path: Path) -> None:
    folder = _folder(tmp_path)
    for value in range(4):
        folder.journal().write_bytes(b"")
        folder.save({"dynamodb": {"value": value}})
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "generation-000003",
        "generation-000004",
        "journal-000003.log",
    ]


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text[:-1],
        lambda text: "",
        lambda text: "[]",
        lambda text: "{}",
        lambda text: '{"payload": {}}',
        lambda text: text.replace('{"value": 2}', '{"__bytes__": 2}'),
        lambda text: text.replace('"__ministack_format__": 2', '"__ministack_format__": 3'),
        lambda text: text.replace('"__ministack_format__": 2', '"__ministack_format__": "new"'),
        lambda text: text.replace('{"value": 2}', "[1]"),
        lambda text: "[" * 100_000,
    ],
    ids=[
        "a byte less",
        "empty",
        "a list",
        "no payload",
        "no format",
        "no bytes",
        "newer",
        "a word",
        "payload a list",
        "deep",
    ],
)
def test_a_file_that_cannot_be_read_stops_the_start_and_stays(tmp_path: Path, damage: Any) -> None:
    folder = _folder(tmp_path)
    folder.save({"dynamodb": {"value": 1}})
    folder.save({"dynamodb": {"value": 2}})
    path = tmp_path / "generation-000002" / "dynamodb.json"
    path.write_text(damage(path.read_text()))
    damaged = path.read_bytes()

    with pytest.raises(StateError, match=r"dynamodb\.json cannot be read: .*move .*generation-000002 away"):
        _folder(tmp_path).load()
    assert path.read_bytes() == damaged
    shutil.rmtree(path.parent)
    assert _folder(tmp_path).load() == {"dynamodb": {"value": 1}}


def _remove(path: Path) -> None:
    path.unlink()


def _replace_by_a_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def _replace_by_a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def _replace_the_generation_by_a_file(path: Path) -> None:
    shutil.rmtree(path.parent)
    path.parent.write_text("")


def _empty_the_generation(path: Path) -> None:
    shutil.rmtree(path.parent)
    path.parent.mkdir()


@pytest.mark.parametrize(
    "damage",
    [_remove, _replace_by_a_pipe, _replace_by_a_folder, _replace_the_generation_by_a_file, _empty_the_generation],
)
def test_a_state_of_the_wrong_shape_stops_the_start_and_does_not_block(
    tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    """Earlier, a generation without one of its files was loaded without the content of that file, then overwritten."""
    _folder(tmp_path).save({"dynamodb": {"value": 1}, "sqs": {"queues": []}})
    damage(tmp_path / "generation-000001" / "dynamodb.json")
    with pytest.raises(StateError):
        _folder(tmp_path).load()


def test_a_generation_of_a_release_without_a_list_of_its_files_is_read(tmp_path: Path) -> None:
    _folder(tmp_path).save({"dynamodb": {"value": 1}})
    (tmp_path / "generation-000001" / "contents").unlink()
    assert _folder(tmp_path).load() == {"dynamodb": {"value": 1}}


def test_a_saved_empty_state_is_not_an_error(tmp_path: Path) -> None:
    _folder(tmp_path).save({})
    assert _folder(tmp_path).load() == {}


def test_files_of_a_release_without_generations_are_loaded(tmp_path: Path) -> None:
    (tmp_path / "dynamodb.json").write_text(json.dumps({"__ministack_format__": 2, "payload": {"value": 1}}))
    folder = _folder(tmp_path)
    assert folder.load() == {"dynamodb": {"value": 1}}
    folder.save({"dynamodb": {"value": 2}})
    assert _folder(tmp_path).load() == {"dynamodb": {"value": 2}}


def test_a_full_disk_leaves_the_last_generation_current(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = _folder(tmp_path)
    folder.save({"dynamodb": {"value": 1}})

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        folder.save({"dynamodb": {"value": 2}})
    assert folder.number == 1
    assert [path.name for path in tmp_path.iterdir()] == ["generation-000001"]


WRITES = [
    Write("DynamoDB_20120810.PutItem", "us-east-1", b'{"TableName": "t\\n"}'),
    Write("DynamoDB_20120810.UpdateItem", "eu-west-1", b"\x00\xff" * 5_000),
    Write("DynamoDB_20120810.DeleteItem", "us-east-1", b""),
]


def _written(path: Path) -> None:
    journal = CloudJournal(path)
    for write in WRITES:
        journal.append(write)
    journal.sync()
    journal.close()


def test_a_journal_returns_the_appended_writes(tmp_path: Path) -> None:
    _written(tmp_path / "journal")
    assert list(read(tmp_path / "journal")) == WRITES


def test_a_truncated_journal_returns_its_whole_records_and_accepts_new_records(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    _written(path)
    whole = path.read_bytes()
    for length in range(0, len(whole), 37):
        path.write_bytes(whole[:length])
        kept = list(read(path))
        assert kept == WRITES[: len(kept)]
        journal = CloudJournal(path)
        journal.append(WRITES[0])
        journal.close()
        assert list(read(path)) == [*kept, WRITES[0]]


def test_the_error_names_a_journal_that_is_damaged_before_its_end(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    _written(path)
    whole = bytearray(path.read_bytes())
    whole[20] ^= 1
    path.write_bytes(whole)
    with pytest.raises(StateError, match="journal is damaged at byte 0"):
        list(read(path))


def test_a_pipe_in_place_of_a_journal_is_an_error_and_does_not_block(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "journal")
    with pytest.raises(StateError, match="journal cannot be read: it is no regular file"):
        list(read(tmp_path / "journal"))


def test_a_write_that_does_not_fit_on_the_disk_is_not_in_the_journal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "journal"
    journal = CloudJournal(path)
    journal.append(WRITES[0])
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2_000, limits[1]))
    try:
        with pytest.raises(OSError, match=r"File too large|No space"):
            journal.append(WRITES[1])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    journal.append(WRITES[2])
    assert list(read(path)) == [WRITES[0], WRITES[2]]


@pytest.mark.parametrize(
    ("name", "writes"),
    [
        ("PutItem", True),
        ("TransactWriteItems", True),
        ("BatchWriteItem", True),
        ("CreateTable", True),
        ("ExecuteStatement", True),
        ("GetItem", False),
        ("BatchGetItem", False),
        ("TransactGetItems", False),
        ("Query", False),
        ("Scan", False),
        ("DescribeTable", False),
        ("ListTables", False),
    ],
)
def test_an_operation_that_may_change_data_is_a_write(name: str, writes: bool) -> None:
    assert is_write(f"DynamoDB_20120810.{name}") is writes
    assert not is_write(f"AmazonSQS.{name}")
    assert not is_write(None)
