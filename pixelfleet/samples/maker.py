"""The list of samples, and the function that writes them. It needs Pillow alone: a worker's parent may call it."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

from PIL import Image

from pixelfleet.samples import animated, broken, photos

#: File name, and the function that returns the file's bytes.
SAMPLES: Final[dict[str, Callable[[], bytes]]] = {
    **{f"photos/turned-{code}.jpg": photos.turned(code) for code in range(1, 9)},
    "photos/harbour at dusk.jpg": photos.camera,
    "photos/progressive.jpg": photos.progressive,
    "photos/greyscale.jpg": photos.greyscale,
    "photos/print-cmyk.jpg": photos.cmyk,
    "photos/wide-gamut.jpg": photos.wide_gamut,
    "photos/logo-alpha.png": photos.logo,
    "photos/scan-16bit.png": photos.sixteen_bit,
    "photos/chart-palette.png": photos.palette,
    "photos/pages.tif": photos.pages,
    "photos/lossless.webp": photos.webp,
    "photos/modern.avif": photos.avif,
    "photos/bitmap.bmp": photos.bitmap,
    "photos/jpeg2000.jp2": photos.jpeg2000,
    "photos/animated.gif": animated.gif,
    "photos/animated.webp": animated.webp,
    "photos/größe 1 & 1.png": photos.dot,
    "photos/really-a-png.jpg": photos.misnamed,
    "broken/truncated.jpg": broken.truncated_jpeg,
    "broken/truncated.png": broken.truncated_png,
    "broken/empty.jpg": broken.empty,
    "broken/text.jpg": broken.text,
    "broken/bomb.png": broken.bomb,
    "broken/garbled.jpg": broken.garbled,
    "broken/video.mp4": broken.video,
}


def make_samples(folder: Path) -> list[Path]:
    """Write every sample below `folder`, which is created when it is missing. Existing files are overwritten.

    Returns:
        The files, in a fixed order: `photos/...` can be processed, `broken/...` cannot.

    Raises:
        OSError: the folder cannot be written to.
    """
    Image.init()
    written = []
    for name, make in SAMPLES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(make())
        written.append(path)
    return written
