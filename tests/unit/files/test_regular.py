"""A file from a user is read if the file is regular; a pipe is refused at once, without waiting for a writer."""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from pixelfleet.files.regular import read_file_or_pipe, read_regular
from tests.waiting import eventually


def test_a_file_is_read_also_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"content")
    (tmp_path / "link").symlink_to("file")
    assert read_regular(tmp_path / "file") == read_regular(tmp_path / "link") == b"content"


def test_a_pipe_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="is no regular file"):
        read_regular(tmp_path / "pipe")


def test_a_pipe_without_a_writer_is_empty_and_a_pipe_with_a_writer_is_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert read_file_or_pipe(tmp_path / "pipe", 10) == b""
    # The writing end opens at once, because this process has the reading end.
    reading = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    writing = os.open(tmp_path / "pipe", os.O_WRONLY)
    os.write(writing, b"content")
    with ThreadPoolExecutor(1) as pool:
        content = pool.submit(read_file_or_pipe, tmp_path / "pipe", 10)
        eventually(lambda: content.running() or content.done())
        os.write(writing, b"...")
        os.close(writing)
        assert content.result() in (b"content...", b"content")
    os.close(reading)


@pytest.mark.parametrize("name", ["/dev/zero", "file"])
def test_a_file_that_is_too_long_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_bytes(bytes(11))
    with pytest.raises(OSError, match="more than 10 bytes"):
        read_file_or_pipe(tmp_path / name, 10)


def test_a_device_and_a_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="is no regular file"):
        read_regular(Path("/dev/zero"))
    with pytest.raises(IsADirectoryError):
        read_regular(tmp_path)
