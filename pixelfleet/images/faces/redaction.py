"""Faces made unrecognisable: each is covered by a picture of a few colours, made from a small decode of the page.

The cover replaces every pixel of the face and a margin around it, after the variant is scaled and before it is cut,
sharpened or written. So no other step and no format sees the face. All covers of a frame are one layer and one mask,
so that thousands of faces cost no more than one, and a stream is read once.
"""

from collections.abc import Iterable
from typing import Final

from pixelfleet.images.faces.boxes import Box
from pixelfleet.images.faces.detector import library
from pixelfleet.images.faces.pages import FramesWithFaces
from pixelfleet.images.vips import Image, pyvips
from pixelfleet.recipes import RedactionStyle, Variant

#: Colours along the longer side of a cover. From eight on, the detector still sees a face in a blurred cover.
_CELLS: Final = 4
_KERNELS: Final = {RedactionStyle.BLUR: "linear", RedactionStyle.PIXELATE: "nearest"}


def redact(frames: tuple[Image, ...], variant: Variant, faces: FramesWithFaces | None) -> tuple[Image, ...]:
    """The frames with their faces covered, if the variant redacts. Each frame has the faces that it shows itself.

    Colours below transparent pixels are removed: they may be a face, which scaling would have removed too.

    Raises:
        ValueError: a variant that redacts comes without the result of a search.
    """
    if not variant.redact:
        return frames
    if faces is None:
        raise ValueError("the faces of a variant that redacts were not searched")
    searched = zip(frames, faces.frames, faces.faces, strict=True)
    return tuple(_covered(_shown(frame), small, boxes, variant.redact_style) for frame, small, boxes in searched)


def _shown(frame: Image) -> Image:
    """The frame in black where it is transparent."""
    if not frame.hasalpha():
        return frame
    return (frame.extract_band(frame.bands - 1) == 0).ifthenelse([0] * frame.bands, frame)


def _covered(frame: Image, small: Image, boxes: tuple[Box, ...], style: RedactionStyle) -> Image:
    if not boxes:
        return frame
    covers, mask = _layer(small, boxes, style)
    across, down = frame.width / small.width, frame.height / small.height
    # Every pixel that a cover touches is covered.
    covered = mask.resize(across, vscale=down, kernel="linear") > 0
    return covered.ifthenelse(_like(covers.resize(across, vscale=down, kernel=_KERNELS[style]), frame), frame)


def _layer(small: Image, boxes: Iterable[Box], style: RedactionStyle) -> tuple[Image, Image]:
    """The small frame with its faces covered, and a mask of the covers."""
    cv2 = library()
    flat = small.flatten(background=255) if small.hasalpha() else small
    pixels = (flat.colourspace("srgb") if flat.bands < 3 else flat).numpy()
    covers, mask = pixels.copy(), pixels[:, :, 0] * 0
    enlarge = cv2.INTER_NEAREST if style is RedactionStyle.PIXELATE else cv2.INTER_LINEAR
    for box in boxes:
        left, top, width, height = box.grown().pixels((small.width, small.height))
        rows, columns = slice(top, top + height), slice(left, left + width)
        cells = max(1, round(_CELLS * width / max(width, height))), max(1, round(_CELLS * height / max(width, height)))
        colours = cv2.resize(pixels[rows, columns], cells, interpolation=cv2.INTER_AREA)
        covers[rows, columns] = cv2.resize(colours, (width, height), interpolation=enlarge)
        mask[rows, columns] = 255
    return pyvips.Image.new_from_array(covers, interpretation="srgb"), pyvips.Image.new_from_array(mask)


def _like(covers: Image, frame: Image) -> Image:
    """In the colours, the bands and the samples of the frame; opaque."""
    grey = frame.bands < 3
    colours = covers.colourspace("b-w") if grey else covers
    opaque = colours.bandjoin(255) if frame.hasalpha() else colours
    return opaque.cast(frame.format).copy(interpretation=frame.interpretation)
