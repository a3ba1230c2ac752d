"""A second decoder reads a file before the file is called damaged.

A decoder also refuses files that are unusual but whole. So the word "damaged" is for a file that an independent
decoder also refuses. The second decoder runs only after an error: a readable file costs nothing.
"""

from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from PIL import Image as PillowImage

from pixelfleet.errors import Cause, ProcessingError
from pixelfleet.images.codec_errors import DamagedError, translate
from pixelfleet.images.readers import pillow
from pixelfleet.images.vips import MEMORY_PIXELS, pyvips

#: Pillow's plugins for the formats that libvips reads. AVIF: libavif, not libheif. WebP: libwebp in both.
_PLUGINS: Final = {"jpeg": "JPEG", "png": "PNG", "gif": "GIF", "webp": "WEBP", "tiff": "TIFF", "avif": "AVIF"}
#: The loaders of libvips for the kinds of a format that Pillow reads here.
_LOADERS: Final = {"tiff": "tiffload"}
#: `crashed` is the cause of a text that no rule covers.
_REFUSALS: Final = (Cause.UNREADABLE, Cause.TRUNCATED, Cause.CRASHED)


class Opinion(StrEnum):
    """The result of the second decoder for a file. `NONE`: there is no second decoder, or it has no result. There is no
    result if the file is too large for the decoder or of a kind that the decoder does not read, or if the machine
    failed."""

    READS = "reads"
    REFUSES = "refuses"
    NONE = "none"


def second_opinion(path: Path, format_name: str, refusal: BaseException | None) -> Opinion:
    """Decode the file with the library that did not raise `refusal`, the exception of the first decoder."""
    by_libvips = isinstance(refusal, pyvips.Error)
    name = (_PLUGINS if by_libvips else _LOADERS).get(format_name)
    if name is None:
        return Opinion.NONE
    try:
        read_all = _pillow_reads_all(path, name) if by_libvips else _libvips_reads_all(path, name)
    except ProcessingError:
        return Opinion.NONE
    except (pyvips.Error, DamagedError, OSError, MemoryError) as error:
        return _of_refusal(translate(error, format_name))
    return Opinion.READS if read_all else Opinion.NONE


def _of_refusal(error: ProcessingError) -> Opinion:
    """Errors of memory, disk or system are no refusal. A kind of file that the decoder does not read is no refusal."""
    return Opinion.REFUSES if error.cause in _REFUSALS else Opinion.NONE


def _pillow_reads_all(path: Path, plugin: str) -> bool:
    """Whether Pillow decoded every frame; False where the frames together are too large for a second decoder."""
    with pillow.stumbling(), pillow.tolerating(False), _opened(path, plugin) as picture:
        frames = int(getattr(picture, "n_frames", 1))
        if picture.width * picture.height * frames > MEMORY_PIXELS:
            return False
        for frame in range(frames):
            picture.seek(frame)
            picture.load()
    return True


def _opened(path: Path, plugin: str) -> Any:
    PillowImage.MAX_IMAGE_PIXELS = MEMORY_PIXELS
    return PillowImage.open(path, formats=(plugin,))


def _libvips_reads_all(path: Path, loader: str) -> bool:
    image = pyvips.Operation.call(loader, str(path), access="sequential", fail_on="error")
    if image.width * image.height > MEMORY_PIXELS:
        return False
    image.avg()
    return True
