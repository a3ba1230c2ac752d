"""The readers: one module for each kind of decoding, named by the rows of `formats.table`."""

from functools import cache
from importlib import import_module
from typing import cast

from pixelfleet.images.formats import Format
from pixelfleet.images.readers.contract import Header, Reader, Reading

__all__ = ["Header", "Reader", "Reading", "reader_of"]


def reader_of(row: Format) -> Reader:
    """The reader that the format's row names."""
    return _reader(row.reader)


@cache
def _reader(name: str) -> Reader:
    return cast("Reader", import_module(f"pixelfleet.images.readers.{name}"))
