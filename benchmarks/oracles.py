"""Independent decoders: programs that turn a file into a PNG in sRGB, and the measure of two pictures' distance."""

import math
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from PIL import Image, ImageCms

#: Pictures are compared at this size: coding noise averages out, wrong colours do not.
_SIDE: Final = 32
Pixel = tuple[float, float, float, float]


class OracleError(Exception):
    """The program refuses the file."""


@dataclass(frozen=True, slots=True)
class Picture:
    """`size` of the whole; `pixels` of its reduction, RGBA from 0 to 255."""

    size: tuple[int, int]
    pixels: list[Pixel]


@dataclass(frozen=True, slots=True)
class Oracle:
    """`programs` in order of preference; `command` gives the arguments for a source and the PNG to write."""

    programs: tuple[str, ...]
    package: str
    command: Callable[[str, Path, Path], list[str]]

    @property
    def present(self) -> str | None:
        return next(filter(None, map(shutil.which, self.programs)), None)

    def decode(self, source: Path, target: Path, seconds: float) -> Picture:
        """
        Raises:
            OracleError: the program refuses the file or takes longer.
        """
        program = self.present
        if program is None:
            raise OracleError("not installed")
        try:
            done = subprocess.run(
                self.command(program, source, target), capture_output=True, timeout=seconds, check=False
            )
        except subprocess.TimeoutExpired:
            raise OracleError("it took too long") from None
        if done.returncode or not target.is_file():
            raise OracleError(done.stderr.decode(errors="replace")[-200:].strip() or f"exit code {done.returncode}")
        return read_png(target)


def read_png(path: Path) -> Picture:
    """The picture in a PNG of ours or of an oracle."""
    with Image.open(path) as opened:
        opened.load()
        wide = opened.mode.startswith("I")
        eight = opened.point(lambda value: value / 257).convert("L") if wide else opened
        whole = eight.convert("RGBA")
    small = whole.convert("RGBa").resize((_SIDE, _SIDE), Image.Resampling.BOX).convert("RGBA")
    raw = small.tobytes()
    pixels = [(raw[at], raw[at + 1], raw[at + 2], raw[at + 3]) for at in range(0, len(raw), 4)]
    return Picture(whole.size, [(float(r), float(g), float(b), float(a)) for r, g, b, a in pixels])


def delta_e(one: Pixel, other: Pixel) -> float:
    """CIE 1976 ΔE of two sRGB pixels, their alpha left out."""
    squares = sum((here - there) ** 2 for here, there in zip(_lab(one), _lab(other), strict=True))
    return math.sqrt(squares)


def _lab(pixel: Pixel) -> tuple[float, float, float]:
    red, green, blue = (_linear(value / 255) for value in pixel[:3])
    x = (0.4124564 * red + 0.3575761 * green + 0.1804375 * blue) / 0.95047
    y = 0.2126729 * red + 0.7151522 * green + 0.0721750 * blue
    z = (0.0193339 * red + 0.1191920 * green + 0.9503041 * blue) / 1.08883
    fx, fy, fz = (value ** (1 / 3) if value > 216 / 24389 else (24389 / 27 * value + 16) / 116 for value in (x, y, z))
    return 116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)


def _linear(value: float) -> float:
    return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4


def _imagemagick(program: str, source: Path, target: Path) -> list[str]:
    """The first picture, upright, converted from its profile to sRGB."""
    profile = target.with_name("srgb.icc")
    profile.write_bytes(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    limits = ["-limit", "memory", "1GiB", "-limit", "disk", "1GiB", "-limit", "thread", "1"]
    start = [program, *limits, f"{source}[0]", "-auto-orient"]
    return [*start, "-profile", str(profile), "-colorspace", "sRGB", "-depth", "8", "-strip", f"PNG32:{target}"]


def _ffmpeg(program: str, source: Path, target: Path) -> list[str]:
    return [program, "-v", "error", "-y", "-i", str(source), "-frames:v", "1", "-pix_fmt", "rgba", str(target)]


def _avifdec(program: str, source: Path, target: Path) -> list[str]:
    return [program, "--depth", "8", str(source), str(target)]


def _tiff2rgba(program: str, source: Path, target: Path) -> list[str]:
    """libtiff's own converter writes TIFF; Pillow of another process makes a PNG of that."""
    middle = target.with_suffix(".tif")
    convert = "import sys; from PIL import Image; Image.open(sys.argv[1]).save(sys.argv[2])"
    script = f"{shlex.quote(program)} -c none {shlex.quote(str(source))} {shlex.quote(str(middle))} && "
    script += shlex.join([sys.executable, "-c", convert, str(middle), str(target)])
    return ["sh", "-c", script]


def _heif_convert(program: str, source: Path, target: Path) -> list[str]:
    return [program, str(source), str(target)]


ORACLES: Final[dict[str, Oracle]] = {
    "imagemagick": Oracle(("magick", "convert-im6.q16", "convert"), "imagemagick", _imagemagick),
    "ffmpeg": Oracle(("ffmpeg",), "ffmpeg", _ffmpeg),
    "avifdec": Oracle(("avifdec",), "libavif-bin", _avifdec),
    "tiff2rgba": Oracle(("tiff2rgba",), "libtiff-tools", _tiff2rgba),
    "heif-convert": Oracle(("heif-convert",), "libheif-examples", _heif_convert),
}
