"""libvips, made ready once in each process, and its errors translated: the one door through which it is used.

pyvips is imported by the parent of a forking worker; only `ready()` and what follows it may run operations.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any, Final, TypeAlias

# libvips asks for this as it is loaded: its warnings are of no use to whoever has no terminal; errors are raised.
os.environ.setdefault("VIPS_WARNING", "0")

import pyvips
import pyvips.error

from pixelfleet.errors import ProcessingError
from pixelfleet.images.codec_errors import DamagedError, translate

__all__ = ["MEMORY_PIXELS", "Image", "permit_svg", "pyvips", "ready", "translated"]

#: A lazy libvips image. pyvips is untyped; this name marks what is one.
Image: TypeAlias = Any

#: Larger images are never held in memory, but stream from the file or lie on disk.
MEMORY_PIXELS: Final = 40_000_000


def _text(content: Any) -> str:
    """Codecs quote bytes of the file in their messages, whatever these are."""
    return "NULL" if content == pyvips.ffi.NULL else bytes(pyvips.ffi.string(content)).decode(errors="replace")


# pyvips fails on a message that is no UTF-8, before it clears the message: every later error of the process would fail
# on it again. There is no other way to the texts of errors.
pyvips.error._to_string = _text  # noqa: SLF001


@cache
def ready() -> None:
    """Block the loaders that upstream does not trust with strangers' files, and keep no results between images."""
    pyvips.block_untrusted_set(True)
    # libvips tells pyvips of every scaling and every thread. Called from C, that handler costs time and swallows what
    # a signal's handler raises in it, a time limit or the end of the process; what matters comes as an error.
    pyvips._remove_log_handler()  # noqa: SLF001 - there is no other way to it
    # An image is met once: a cache of operations would only hold its memory and file open.
    pyvips.cache_set_max(0)
    # Processes fill the cores, not threads; the heavy lane, one process on many cores, says otherwise.
    if "VIPS_CONCURRENCY" not in os.environ:
        pyvips.concurrency_set(1)


def permit_svg(*, allowed: bool) -> None:
    """SVG is one of the blocked loaders; a recipe may allow it. librsvg loads nothing from outside the file's folder
    and the engine gives it bytes, which have none."""
    pyvips.operation_block_set("VipsForeignLoadSvg", not allowed)


@contextmanager
def translated(format_name: str) -> Iterator[None]:
    """Turn what libvips, Pillow and libheif raise into one error of ours.

    Raises:
        PermanentError: the image is at fault.
        TransientError: memory or disk ran out.
    """
    try:
        yield
    except ProcessingError:
        raise
    except (pyvips.Error, DamagedError, OSError, MemoryError) as error:
        raise translate(error, format_name) from error
