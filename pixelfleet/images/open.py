"""Opening a source: the format's one reader, and errors of the codecs translated."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pixelfleet.errors import Cause, PermanentError
from pixelfleet.images.codec_errors import truncated
from pixelfleet.images.formats import Format, identify
from pixelfleet.images.readers import Header, Reading, reader_of
from pixelfleet.images.readers.file import reader_at
from pixelfleet.images.truncation import breaks_off
from pixelfleet.images.vips import Image, ready, translated

__all__ = ["Header", "Reading", "format_of", "guarded", "open_source", "read_header"]


def format_of(path: Path) -> Format:
    """The row of the file's format.

    Raises:
        PermanentError: `not_an_image` or `unsupported_format`.
    """
    with reader_at(path) as read:
        return identify(read)


@contextmanager
def guarded(path: Path, format_name: str) -> Iterator[None]:
    """`translated`, and a damaged file that breaks off is called `truncated` whatever the codec called it."""
    try:
        with translated(format_name):
            yield
    except PermanentError as error:
        if error.cause is Cause.UNREADABLE and breaks_off(path, format_name):
            raise truncated(format_name) from error
        raise


def read_header(path: Path, row: Format, reading: Reading) -> Header:
    """What the file's head declares; no pixel is decoded."""
    ready()
    return reader_of(row).read_header(path, row, reading)


def open_source(path: Path, row: Format, reading: Reading) -> Image:
    """A lazy image: nothing is decoded before it is asked for, and then row by row where the format allows.

    Raises:
        pyvips.Error, OSError, ValueError: as the codec says; the caller translates.
    """
    ready()
    return reader_of(row).decode(path, row, reading)
