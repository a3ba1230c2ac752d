"""Open a source with the reader of its format, and translate the errors of the codecs."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pixelfleet.errors import Cause, PermanentError, TransientError
from pixelfleet.images.codec_errors import damaged, is_silent, truncated, unreadable, unusual
from pixelfleet.images.containers.png_pixels import fault_of_pixels
from pixelfleet.images.formats import Format, identify
from pixelfleet.images.readers import Header, Reading, reader_of
from pixelfleet.images.readers.file import reader_at
from pixelfleet.images.second_decoder import Opinion, second_opinion
from pixelfleet.images.truncation import breaks_off
from pixelfleet.images.vips import Image, ready, translated

__all__ = ["Header", "Reading", "format_of", "guarded", "open_source", "read_header"]


def format_of(path: Path) -> Format:
    """The row of the file's format in `formats.table`.

    Raises:
        PermanentError: `not_an_image` or `unsupported_format`.
    """
    with reader_at(path) as read:
        return identify(read)


@contextmanager
def guarded(path: Path, format_name: str) -> Iterator[None]:
    """Translate errors like `translated`, and check an error that a codec reports in the file.

    A file that breaks off is `truncated`, for any error of the codec. A file is damaged if a second decoder also
    refuses the file. A file is `unsupported_format` if the second decoder reads the file. If libvips gives no reason,
    the pixels of a PNG are checked without a decoder.
    """
    try:
        with translated(format_name):
            yield
    except PermanentError as error:
        if error.cause is Cause.UNREADABLE and breaks_off(path, format_name):
            raise truncated(format_name) from error
        if error.cause in (Cause.UNREADABLE, Cause.TRUNCATED) and error.__cause__ is not None:
            raise _checked(error, path, format_name) from error
        raise
    except TransientError as error:
        if format_name == "png" and error.__cause__ is not None and is_silent(error.__cause__):
            raise _of_silence(error, path) from error
        raise


def _of_silence(error: TransientError, path: Path) -> PermanentError | TransientError:
    """libvips gives no reason if an interlaced PNG cannot be decoded."""
    if breaks_off(path, "png"):
        return truncated("png")
    fault = fault_of_pixels(path)
    return unreadable(fault, "png") if fault else error


def _checked(error: PermanentError, path: Path, format_name: str) -> PermanentError:
    opinion = second_opinion(path, format_name, error.__cause__)
    if opinion is Opinion.READS:
        return unusual(str(error.__cause__), format_name)
    if opinion is Opinion.REFUSES and error.cause is Cause.UNREADABLE:
        return damaged(str(error.__cause__), format_name)
    return error


def read_header(path: Path, row: Format, reading: Reading) -> Header:
    """The values that the file's header declares; no pixel is decoded."""
    ready()
    return reader_of(row).read_header(path, row, reading)


def open_source(path: Path, row: Format, reading: Reading) -> Image:
    """A lazy image. Pixels are decoded when they are used, row by row where the format allows.

    Raises:
        pyvips.Error, OSError, ValueError: the codec's error, which the caller translates.
    """
    ready()
    return reader_of(row).decode(path, row, reading)
