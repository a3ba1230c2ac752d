"""The shared base: the source decoded once, no larger than the largest variant needs, upright, in sRGB.

Variants are scaled from the base, or from an earlier variant that is at least twice their size. So the source's
pixels are read once, and small variants cost little.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from pixelfleet.images.colours import drop_opaque_alpha, to_srgb
from pixelfleet.images.formats import Format
from pixelfleet.images.geometry import Size, shrink_on_load, turned
from pixelfleet.images.open import Reading, open_source
from pixelfleet.images.probe import Probe
from pixelfleet.images.progress import report_progress
from pixelfleet.images.vips import Image

_CARRIED: Final = ("delay", "loop")


@dataclass(frozen=True, slots=True)
class Take:
    """The part of the source to decode: one page or frame (from 0) or all frames, in the source's colours or sRGB."""

    page: int = 0
    moving: bool = False
    keep_profile: bool = False
    #: Keep 16 bits a sample where the source has more than 8.
    deep: bool = False
    #: Keep samples of PQ and HLG, instead of tone-mapping them.
    hdr: bool = False
    #: Develop a camera raw, instead of taking its preview.
    develop: bool = False
    #: The name of the variant that streams the pixels. Set where the pixels are too many to share.
    alone: str | None = None
    #: Set where a stream is rotated or searched, so not read from top to bottom: libvips spools the stream to disk.
    seeks: bool = False


@dataclass(slots=True)
class Base:
    """`frames` are equal in size and upright. There is one frame unless the take is `moving`."""

    frames: tuple[Image, ...]
    timing: dict[str, Any]
    shared: bool
    #: The image that the frames are read from. The base keeps the image because a progress callback belongs to it.
    opened: Image
    _levels: list[tuple[Image, ...]] = field(default_factory=list)

    @property
    def size(self) -> Size:
        return self.frames[0].width, self.frames[0].height

    @property
    def has_alpha(self) -> bool:
        return bool(self.frames[0].hasalpha())

    @property
    def smallest(self) -> tuple[Image, ...]:
        return min((self.frames, *self._levels), key=lambda level: level[0].width * level[0].height)

    def scaled_to(self, size: Size) -> tuple[Image, ...]:
        """The frames at exactly this size, scaled from the smallest level that is at least twice this size."""
        origin = self.frames
        for level in self._levels:
            roomy = level[0].width >= 2 * size[0] and level[0].height >= 2 * size[1]
            if roomy and level[0].width < origin[0].width:
                origin = level
        if (origin[0].width, origin[0].height) == size:
            return origin
        frames = tuple(scale_to(frame, size) for frame in origin)
        if self.shared:
            frames = tuple(frame.copy_memory() for frame in frames)
            self._levels.append(frames)
        return frames


def make_base(path: Path, probe: Probe, row: Format, take: Take, size: Size, reading: Reading) -> Base:
    """Decode the part that `take` names. `size` is the displayed size, which is no larger than the source."""
    stored = turned((probe.width, probe.height), swap=probe.turned)
    needed = turned(size, swap=probe.turned)
    shrink = shrink_on_load(stored, needed) if row.name == "jpeg" else 1
    shared = take.alone is None
    image = open_source(
        path,
        row,
        Reading(
            shrink=shrink,
            page=take.page,
            frames=-1 if take.moving else 1,
            random_access=take.seeks,
            accept_truncated=reading.accept_truncated,
            allow_svg=reading.allow_svg,
            dpi=reading.dpi,
            needed=needed,
            develop=take.develop,
            deep=take.deep,
        ),
    )
    if reading.progress:
        report_progress(image, f"decoding {probe.width} x {probe.height} {row.name}")
    frames = tuple(_upright(frame, probe, needed, take) for frame in _split(image, take))
    if shared:
        frames = tuple(frame.copy_memory() for frame in frames)
        frames = _drop_alpha(frames)
    timing = {name: image.get(name) for name in _CARRIED if take.moving and image.get_typeof(name)}
    return Base(frames, timing, shared, image)


def scale_to(image: Image, size: Size) -> Image:
    """Scale by Lanczos. Alpha is premultiplied, so that the colour of transparent pixels does not reach others."""
    if (image.width, image.height) == size:
        return image
    alpha = image.hasalpha()
    sample = image.format
    wide = image.premultiply() if alpha else image
    wide = wide.resize(size[0] / image.width, vscale=size[1] / image.height)
    return wide.unpremultiply().cast(sample) if alpha else wide


def _split(image: Image, take: Take) -> tuple[Image, ...]:
    """libvips loads an animation as one tall image."""
    height = image.get("page-height") if take.moving and image.get_typeof("page-height") else image.height
    if height == image.height:
        return (image,)
    tall = image.copy_memory()
    return tuple(tall.crop(0, top, image.width, height) for top in range(0, image.height, height))


def _upright(frame: Image, probe: Probe, needed: Size, take: Take) -> Image:
    frame = to_srgb(scale_to(frame, needed), keep_profile=take.keep_profile, deep=take.deep, keep_hdr=take.hdr)
    if probe.orientation == 1:
        return frame
    if take.alone is None:
        frame = frame.copy_memory()
    return frame.autorot()


def _drop_alpha(frames: tuple[Image, ...]) -> tuple[Image, ...]:
    """Drop the alpha of all frames or of none: all frames of an animation must have the same bands."""
    dropped = tuple(drop_opaque_alpha(frame) for frame in frames)
    return frames if any(frame.hasalpha() for frame in dropped) else dropped
