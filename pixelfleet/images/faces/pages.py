"""The faces of the pages that a recipe shows, searched once a page, and only for variants that depend on them."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

from pixelfleet.images.base import Base, scale_to
from pixelfleet.images.faces.boxes import Box, without_repeats
from pixelfleet.images.faces.detector import CROP_SCORE, CROP_SIDES, REDACT_SCORE, REDACT_SIDES, find_faces
from pixelfleet.images.geometry import Size, scaled
from pixelfleet.images.plan import DecodeShare, Work
from pixelfleet.images.vips import Image

#: Faces that a record names.
MOST_RECORDED: Final = 100

#: The page, whether all frames are shown, and whether a camera raw is developed.
_Key = tuple[int, bool, bool]


@dataclass(frozen=True, slots=True)
class FramesWithFaces:
    """Small frames of a page in memory, upright and in sRGB, and the faces of each frame, the largest first."""

    frames: tuple[Image, ...]
    faces: tuple[tuple[Box, ...], ...]

    @property
    def to_crop(self) -> tuple[Box, ...]:
        """The faces of the first frame that are sure enough to decide a crop."""
        return tuple(box for box in self.faces[0] if box.score >= CROP_SCORE)


class PageFaces:
    """Searches a page when a variant first asks for its faces.

    The search has a size of its own, so that a recipe of small variants finds no fewer faces.
    """

    def __init__(self, work: Work) -> None:
        self._work = work
        self._searched: dict[_Key, FramesWithFaces] = {}
        self._recorded: tuple[tuple[int, int, int, int], ...] | None = None

    @property
    def recorded(self) -> tuple[tuple[int, int, int, int], ...] | None:
        """The faces of the first frame of the page that was searched first; None if no page was searched."""
        return self._recorded

    def of(self, share: DecodeShare, base: Base) -> FramesWithFaces:
        """
        Raises:
            PermanentError, TransientError: see `find_faces`.
        """
        take = share.take
        key = take.page, take.moving, take.develop
        if key not in self._searched:
            frames = self._frames(share, base)
            faces = tuple(tuple(self._faces_in(frame)) for frame in frames)
            self._searched[key] = FramesWithFaces(frames, faces)
            if self._recorded is None:
                size = share.page.width, share.page.height
                self._recorded = tuple(box.pixels(size) for box in faces[0][:MOST_RECORDED])
        return self._searched[key]

    def _faces_in(self, frame: Image) -> list[Box]:
        """The faces of a frame; to redact, also faces in colours that transparency hides."""
        visible = find_faces(frame, self._sides, self._score)
        if not (self._redacts and frame.hasalpha()):
            return visible
        colours = frame.extract_band(0, n=frame.bands - 1)
        return without_repeats([*visible, *find_faces(colours, self._sides, self._score)])

    @cached_property
    def _redacts(self) -> bool:
        return any(variant.redact for variant in self._work.recipe.variants)

    @property
    def _sides(self) -> tuple[int, ...]:
        return REDACT_SIDES if self._redacts else CROP_SIDES

    @property
    def _score(self) -> float:
        return REDACT_SCORE if self._redacts else CROP_SCORE

    def _frames(self, share: DecodeShare, base: Base) -> tuple[Image, ...]:
        """From the shared base if that is large enough and in sRGB; else from a decode of their own. A base may be
        stretched, and a stretched face is not found: the frames have the shape of the page."""
        page, take = share.page, share.take
        size = _small((page.width, page.height), max(self._sides))
        in_srgb = not (take.keep_profile or take.deep or take.hdr)
        if base.shared and in_srgb and base.size[0] >= size[0] and base.size[1] >= size[1]:
            return tuple(scale_to(frame, size).copy_memory() for frame in base.frames)
        plain = replace(take, keep_profile=False, deep=False, hdr=False, alone=None, seeks=False)
        return self._work.base(page, plain, size, progress=False).frames


def _small(size: Size, side: int) -> Size:
    return scaled(size, min(1.0, side / max(size)))
