"""The setup of libvips, once in each process, and the translation of its errors. All use of libvips is through here.

The parent of a forking worker imports pyvips. Operations may run only in `ready()` and after it.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any, Final, TypeAlias

# libvips reads this variable when it is loaded. Warnings are useless without a terminal; errors are raised.
os.environ.setdefault("VIPS_WARNING", "0")

import pyvips
import pyvips.error

from pixelfleet.errors import ProcessingError
from pixelfleet.images.codec_errors import DamagedError, translate

__all__ = ["MEMORY_PIXELS", "Image", "permit_svg", "pyvips", "readable_twice", "ready", "translated"]

#: A lazy libvips image. pyvips is untyped; this name marks images.
Image: TypeAlias = Any

#: Larger images are never held in memory. They stream from the file or are on disk.
MEMORY_PIXELS: Final = 40_000_000


def _text(content: Any) -> str:
    """Codecs quote any bytes of the file in their messages."""
    return "NULL" if content == pyvips.ffi.NULL else bytes(pyvips.ffi.string(content)).decode(errors="replace")


# pyvips fails on a message that is not UTF-8, before pyvips clears the message. Every later error of the process would
# fail on the same message. There is no other way to the texts of errors.
pyvips.error._to_string = _text  # noqa: SLF001


@cache
def ready() -> None:
    """Block the loaders that upstream marks as unsafe for untrusted files, and keep no results between images."""
    pyvips.block_untrusted_set(True)
    # libvips logs every scaling and every thread to a handler of pyvips. C calls this handler, so the handler costs
    # time and loses an exception of a signal's handler, such as a time limit or the end of the process. Problems that
    # matter are raised as errors.
    pyvips._remove_log_handler()  # noqa: SLF001 - there is no other way to it
    # Each image is processed once: a cache of operations would only keep its memory and its open file.
    pyvips.cache_set_max(0)
    # Processes fill the cores, not threads. A user who sets libvips' own variable decides otherwise.
    if "VIPS_CONCURRENCY" not in os.environ:
        pyvips.concurrency_set(1)


def permit_svg(*, allowed: bool) -> None:
    """The loader of SVG is blocked; a recipe may allow SVG. librsvg loads nothing from outside the file's folder, and
    the engine passes bytes, which have no folder."""
    pyvips.operation_block_set("VipsForeignLoadSvg", not allowed)


def readable_twice(image: Image) -> Image:
    """A source is read from top to bottom once. Pixels that are measured first and used later are kept, in memory or
    on disk."""
    if image.width * image.height <= MEMORY_PIXELS:
        return image.copy_memory()
    spooled = pyvips.Image.new_temp_file("%s.v")
    image.write(spooled)
    return spooled


@contextmanager
def translated(format_name: str) -> Iterator[None]:
    """Turn an error of libvips, Pillow or libheif into one error of this project.

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
