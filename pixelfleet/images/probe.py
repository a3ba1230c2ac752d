"""Read the header before anything is decoded: the file's format and size. Check both against the lane's limits."""

from dataclasses import dataclass
from pathlib import Path

from pixelfleet.images.cost import decode_bytes, is_held
from pixelfleet.images.exif import read_exif
from pixelfleet.images.icons import check_icon
from pixelfleet.images.limits import Limits, check_bytes, check_held, check_size
from pixelfleet.images.metadata_bombs import check_metadata
from pixelfleet.images.open import Reading, format_of, guarded, read_header
from pixelfleet.images.structure_bombs import check_structure
from pixelfleet.images.text_heads import check_text_head
from pixelfleet.recipes import DEFAULT_DPI


@dataclass(frozen=True, slots=True)
class Probe:
    """The values of a header.

    `width` and `height` are pixels as displayed, after EXIF orientation, of one frame; `frames` counts frames or
    pages; `orientation` is EXIF's 1 to 8; `colour_space` is libvips' name (`srgb`, `b-w`, `cmyk`, `rgb16`, ...).
    """

    format: str
    width: int
    height: int
    frames: int
    animated: bool
    orientation: int
    colour_space: str
    has_alpha: bool
    bytes: int
    camera: str | None = None
    taken_at: str | None = None
    gps: tuple[float, float] | None = None
    #: Bytes of memory that decoding takes, estimated from the header.
    memory: int = 0
    lens: str | None = None

    @property
    def pixels(self) -> int:
        """Pixels that are decoded: every frame of an animation, but only one page of several."""
        return self.width * self.height * (self.frames if self.animated else 1)

    @property
    def turned(self) -> bool:
        """Whether the stored rows are displayed as columns."""
        return self.orientation >= 5

    @property
    def exif(self) -> dict[str, str]:
        """The EXIF fields that have a value: `camera`, `lens`, `taken_at`, `gps` as `latitude,longitude` in degrees."""
        place = f"{self.gps[0]},{self.gps[1]}" if self.gps else None
        fields = {"camera": self.camera, "lens": self.lens, "taken_at": self.taken_at, "gps": place}
        return {name: value for name, value in fields.items() if value is not None}


def probe(
    path: Path, limits: Limits, *, with_gps: bool = False, allow_svg: bool = False, dpi: int = DEFAULT_DPI
) -> Probe:
    """Read the header of the file at `path` and check the header against `limits`.

    Raises:
        PermanentError: the file is empty, not an image, not supported, damaged, or beyond a limit.
        TransientError: memory or disk ran out.
    """
    size = path.stat().st_size
    check_bytes(size, limits)
    row = format_of(path)
    check_icon(path, row.name)
    check_metadata(path, row.name)
    check_structure(path, row.name, limits)
    check_text_head(path, row.name)
    with guarded(path, row.name):
        header = read_header(path, row, Reading(allow_svg=allow_svg, dpi=dpi))
    animated = row.animates and header.frames > 1
    check_size(header.width, header.height, header.frames, animated=animated, limits=limits)
    if is_held(row, header):
        check_held(header.width, header.height, row.name)
    shot = read_exif(header.exif, with_place=with_gps)
    turned = header.orientation >= 5
    return Probe(
        format=row.name,
        width=header.height if turned else header.width,
        height=header.width if turned else header.height,
        frames=header.frames,
        animated=animated,
        orientation=header.orientation,
        colour_space=header.colour_space,
        has_alpha=header.has_alpha,
        bytes=size,
        camera=shot.camera,
        lens=shot.lens,
        taken_at=shot.taken_at,
        gps=shot.place,
        memory=decode_bytes(row, header, header.frames if animated else 1),
    )
