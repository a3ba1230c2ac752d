"""The readers: one module for each kind of decoding, named by the rows of `formats.table`."""

from functools import cache
from importlib import import_module
from typing import cast

from pixelfleet.errors import Cause, PermanentError
from pixelfleet.extras import missing_library
from pixelfleet.images.formats import Format
from pixelfleet.images.readers.contract import Header, Reader, Reading

__all__ = ["Header", "Reader", "Reading", "reader_of"]


def reader_of(row: Format) -> Reader:
    """The reader that the format's row names.

    Raises:
        PermanentError: `unsupported_format`, the library of an extra is not installed; the message names the extra.
    """
    try:
        return _reader(row.reader)
    except ModuleNotFoundError as error:
        message = missing_library(error, f"reading {row.title}")
        if message is None:
            raise
        raise PermanentError(Cause.UNSUPPORTED_FORMAT, message) from error


@cache
def _reader(name: str) -> Reader:
    return cast("Reader", import_module(f"pixelfleet.images.readers.{name}"))
