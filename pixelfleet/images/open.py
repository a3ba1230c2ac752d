"""Opening a source: each format by its one reader, as a libvips image that decodes while it is read."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pixelfleet.errors import Cause, PermanentError
from pixelfleet.images import pillow
from pixelfleet.images.codec_errors import truncated
from pixelfleet.images.formats import SVG, Format, Reader
from pixelfleet.images.header import Header
from pixelfleet.images.truncation import breaks_off
from pixelfleet.images.vips import Image, permit_svg, pyvips, ready, translated

#: It is parsed whole in memory.
_MAX_SVG_BYTES: Final = 16_000_000

#: Where a missing part counts as an error of another kind.
_FAIL_ON: Final = {"tiffload": "error"}


@dataclass(frozen=True, slots=True)
class Reading:
    """How a source is opened: `shrink` 1, 2, 4 or 8 while decoding, `page` from 0, `frames` -1 for all of them; `told`
    to log the progress of a large one."""

    shrink: int = 1
    page: int = 0
    frames: int = 1
    random_access: bool = False
    told: bool = True
    accept_truncated: bool = False
    allow_svg: bool = False


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


def read_header(path: Path, found: Format, *, allow_svg: bool, page: int = 0) -> Header:
    """What the file's head declares; no pixel is decoded."""
    ready()
    if found.reader is not Reader.VIPS:
        return pillow.header(path, found)
    image = open_source(path, found, Reading(page=page, allow_svg=allow_svg))
    frames = int(_meta(image, "n-pages", 1))
    return Header(
        width=image.width,
        height=int(_meta(image, "page-height", image.height)),
        frames=max(frames, 1),
        orientation=_orientation(image),
        colour_space=str(image.interpretation),
        has_alpha=bool(image.hasalpha()),
        exif=bytes(_meta(image, "exif-data", b"")),
        held=bool(image.get_typeof("interlaced")),
    )


def open_source(path: Path, found: Format, reading: Reading) -> Image:
    """A lazy image: nothing is decoded before it is asked for, and then row by row where the format allows.

    Raises:
        pyvips.Error, OSError, ValueError: as the codec says; the caller translates.
    """
    ready()
    if found.reader is not Reader.VIPS:
        return pillow.decode(path, found, accept_truncated=reading.accept_truncated)
    options: dict[str, Any] = {"access": "random" if reading.random_access else "sequential"}
    options["fail_on"] = "none" if reading.accept_truncated else _FAIL_ON.get(found.code, "truncated")
    if found.code == "tiffload":
        # Without it libtiff allocates 50 MB at most, too little for scans that are one compressed strip; what it then
        # allocates is bounded by the file's own size.
        options["unlimited"] = True
    if found.code == "jpegload":
        options["shrink"] = reading.shrink
    if found.code in ("tiffload", "heifload") and reading.page:
        options["page"] = reading.page
    if found.animates:
        options |= {"page": reading.page, "n": reading.frames}
    if found is SVG:
        return _open_svg(path, allowed=reading.allow_svg)
    return pyvips.Operation.call(found.code, str(path), **options)


def _open_svg(path: Path, *, allowed: bool) -> Image:
    if not allowed:
        raise PermanentError(
            Cause.UNSUPPORTED_FORMAT, "SVG is a drawing program, not pixels; a recipe with allow_svg = true renders it"
        )
    if path.stat().st_size > _MAX_SVG_BYTES:
        raise PermanentError(
            Cause.TOO_MANY_BYTES, f"an SVG may have {_MAX_SVG_BYTES:,} bytes; render it to PNG where it was made"
        )
    permit_svg(allowed=True)
    try:
        return pyvips.Operation.call("svgload_buffer", path.read_bytes(), access="sequential")
    finally:
        permit_svg(allowed=False)


def _meta(image: Image, name: str, default: Any) -> Any:
    return image.get(name) if image.get_typeof(name) else default


def _orientation(image: Image) -> int:
    value = int(_meta(image, "orientation", 1))
    return value if 1 <= value <= 8 else 1
