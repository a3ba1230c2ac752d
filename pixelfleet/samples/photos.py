"""The samples that can be processed: one for each format and each common oddity."""

import io
from collections.abc import Callable
from typing import Any, Final

from PIL import Image, ImageDraw
from PIL.ExifTags import Base

from pixelfleet.samples.profile import wide_profile
from pixelfleet.samples.scene import scene, write

#: The turn from displayed to stored pixels, by EXIF orientation (EXIF 2.32, tag 274).
_UNDO: Final[dict[int, Image.Transpose]] = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


def encoded(picture: Image.Image, format_name: str, **options: Any) -> bytes:
    file = io.BytesIO()
    picture.save(file, format_name, **options)
    return file.getvalue()


def turned(orientation: int) -> Callable[[], bytes]:
    """A picture that is displayed as 900x600, stored as a camera stores it that was held in this orientation."""

    def make() -> bytes:
        upright = scene((900, 600), "noon", f"turned {orientation}")
        undo = _UNDO.get(orientation)
        stored = upright if undo is None else upright.transpose(undo)
        exif = Image.Exif()
        exif[Base.Orientation] = orientation
        exif[Base.Make] = "Pixelfleet"
        exif[Base.Model] = "Sample 1"
        exif[Base.DateTime] = "2026:05:04 10:20:30"
        return encoded(stored, "JPEG", quality=88, exif=exif)

    return make


def camera() -> bytes:
    """A JPEG as a camera writes it: full EXIF, with a place."""
    exif = Image.Exif()
    exif[Base.Make] = "Pixelfleet"
    exif[Base.Model] = "Sample 1"
    exif[Base.Orientation] = 1
    details = exif.get_ifd(Base.ExifOffset)
    details[Base.DateTimeOriginal] = "2026:06:21 21:04:00"
    details[Base.OffsetTimeOriginal] = "+02:00"
    place = exif.get_ifd(Base.GPSInfo)
    place |= {1: "N", 2: (53.0, 32.0, 30.0), 3: "E", 4: (9.0, 58.0, 0.0)}
    return encoded(scene((2400, 1600), "dusk", "harbour at dusk"), "JPEG", quality=92, exif=exif)


def progressive() -> bytes:
    return encoded(scene((1200, 800), "dawn", "progressive"), "JPEG", quality=85, progressive=True)


def greyscale() -> bytes:
    return encoded(scene((1000, 700), "sea", "greyscale").convert("L"), "JPEG", quality=88)


def cmyk() -> bytes:
    return encoded(scene((1000, 700), "studio", "CMYK for print").convert("CMYK"), "JPEG", quality=90)


def wide_gamut() -> bytes:
    """A profile other than sRGB: a program that ignores the profile shows other colours."""
    return encoded(scene((1000, 700), "forest", "wide gamut"), "JPEG", quality=90, icc_profile=wide_profile())


def logo() -> bytes:
    picture = Image.new("RGBA", (800, 500), (0, 0, 0, 0))
    pen = ImageDraw.Draw(picture)
    pen.ellipse((60, 60, 440, 440), fill=(14, 116, 144, 255))
    pen.ellipse((260, 120, 700, 420), fill=(234, 88, 12, 150))
    write(picture, "alpha")
    return encoded(picture, "PNG")


def sixteen_bit() -> bytes:
    grey = scene((900, 600), "studio", "16 bits").convert("I")
    return encoded(grey.point(lambda value: value * 257).convert("I;16"), "PNG")


def palette() -> bytes:
    return encoded(scene((900, 600), "dawn", "palette").quantize(64), "PNG", bits=8)


def pages() -> bytes:
    first, *rest = [scene((800, 600), mood, f"page {number}") for number, mood in enumerate(("sea", "noon", "dusk"), 1)]
    return encoded(first, "TIFF", save_all=True, append_images=rest, compression="tiff_lzw")


def webp() -> bytes:
    return encoded(scene((700, 500), "sea", "lossless WebP"), "WEBP", lossless=True, method=2)


def avif() -> bytes:
    return encoded(scene((1000, 700), "forest", "AVIF"), "AVIF", quality=65, speed=9, max_threads=1)


def bitmap() -> bytes:
    return encoded(scene((500, 350), "dawn", "BMP"), "BMP")


def jpeg2000() -> bytes:
    return encoded(scene((600, 400), "noon", "JPEG 2000"), "JPEG2000", quality_mode="rates", quality_layers=[12])


def dot() -> bytes:
    return encoded(Image.new("RGB", (1, 1), (200, 30, 60)), "PNG")


def misnamed() -> bytes:
    return encoded(scene((600, 400), "noon", "a PNG named .jpg"), "PNG")
