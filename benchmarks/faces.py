"""How many faces are found, how many boxes are none, and the milliseconds of one image on one core.

`python -m benchmarks.faces [--rounds N]`. The pictures are scenes made here: two portraits of the public domain
(tests/faces/README.md) at known places, sizes and angles on a backdrop of 2560 x 1920 pixels. So the figures compare
sizes and conditions; they are no recall over people, for which two faces are too few. Pictures without a face are
those that `pixelfleet samples` draws. A face counts as found if the covered part has its eyes and its mouth.
"""

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import pyvips

from benchmarks import photos
from pixelfleet.images.faces.boxes import Box
from pixelfleet.images.faces.detector import CROP_SCORE, CROP_SIDES, REDACT_SCORE, REDACT_SIDES, find_faces
from pixelfleet.images.vips import ready
from tests.faces import PORTRAITS, Point, Portrait, backdrop

SIZE: Final = (2560, 1920)
#: Widths of the faces in pixels of the scene.
WIDTHS: Final = (10, 13, 16, 20, 26, 36, 64, 128, 256)
#: Positions of a portrait in its scene, in shares of the room that is left.
PLACES: Final = ((0.1, 0.2), (0.5, 0.5), (0.8, 0.9))
#: The width at which conditions are compared.
COMPARED: Final = 64
Change = Callable[[Any], Any]

CONDITIONS: Final[dict[str, Change]] = {
    "as it is": lambda image: image,
    "turned by 15 degrees": lambda image: image.similarity(angle=15, background=0),
    "turned by 30 degrees": lambda image: image.similarity(angle=30, background=0),
    "turned by 45 degrees": lambda image: image.similarity(angle=45, background=0),
    "on its side": lambda image: image.rot90(),
    "upside down": lambda image: image.rot180(),
    "mirrored": lambda image: image.fliphor(),
}
LIGHT: Final[dict[str, Change]] = {
    "grey": lambda image: image.colourspace("b-w"),
    "dark, a fifth of the light": lambda image: (image * 0.2).cast("uchar"),
    "unsharp, radius 2": lambda image: image.gaussblur(2),
    "JPEG of quality 20": lambda image: pyvips.Image.new_from_buffer(image.jpegsave_buffer(Q=20), ""),
}
Truth = tuple[Point, ...]


def scenes(width: int, change: Change = CONDITIONS["as it is"]) -> Iterator[tuple[Any, Truth]]:
    """Each portrait at each place, its face so wide, changed; with the places of its eyes and mouth."""
    for portrait in PORTRAITS:
        scale = width / portrait.width
        picture = change(portrait.image().resize(scale)).copy_memory()
        marks = [_moved(portrait, point, scale, change) for point in portrait.inside]
        for across, down in PLACES:
            left, top = round((SIZE[0] - picture.width) * across), round((SIZE[1] - picture.height) * down)
            yield (
                backdrop(*SIZE).insert(picture, left, top).copy_memory(),
                tuple((x + left, y + top) for x, y in marks),
            )


def _moved(portrait: Portrait, point: Point, scale: float, change: Change) -> Point:
    """Where a point of a portrait is in the changed picture: the brightest point of a mark that is changed alike."""
    image = portrait.image()
    mark = pyvips.Image.black(image.width, image.height).draw_circle(255, *point, 6, fill=True).gaussblur(3)
    _, x, y = change(mark.resize(scale)).maxpos()
    return round(x), round(y)


def is_found(boxes: list[Box], truth: Truth) -> bool:
    return any(_holds(box.grown(), point) for box in boxes for point in truth[:1]) and all(
        any(_holds(box.grown(), point) for box in boxes) for point in truth
    )


def _holds(box: Box, point: Point) -> bool:
    left, top, width, height = box.pixels(SIZE)
    return left <= point[0] <= left + width and top <= point[1] <= top + height


def _row(name: str, pictures: Iterator[tuple[Any, Truth]]) -> None:
    crop = redact = more = count = 0
    for image, truth in pictures:
        cropped, redacted = find_faces(image, CROP_SIDES, CROP_SCORE), find_faces(image, REDACT_SIDES, REDACT_SCORE)
        crop, redact, count = crop + is_found(cropped, truth), redact + is_found(redacted, truth), count + 1
        more += max(0, len(redacted) - 1)
    print(f"| {name} | {crop} of {count} | {redact} of {count} | {more} |", flush=True)


def _milliseconds(image: Any, sides: tuple[int, ...], score: float, rounds: int) -> float:
    """The least CPU time of some searches."""
    taken = []
    for _ in range(rounds):
        began = time.process_time()
        find_faces(image, sides, score)
        taken.append(time.process_time() - began)
    return min(taken) * 1_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    ready()
    print("| face | found for a crop | found to redact | boxes beyond it |\n| --- | ---: | ---: | ---: |")
    for width in WIDTHS:
        _row(f"{width} px wide, {width / SIZE[0]:.1%} of the longer side", scenes(width))
    for name, change in CONDITIONS.items():
        _row(f"{COMPARED} px, {name}", scenes(COMPARED, change))
    for name, change in LIGHT.items():
        _row(f"{COMPARED} px, {name}", ((change(image), truth) for image, truth in scenes(COMPARED)))
    with tempfile.TemporaryDirectory() as folder:
        drawn = photos.drawn(Path(folder), 6)
        images = [pyvips.Image.thumbnail(str(path), max(REDACT_SIDES)).copy_memory() for path in drawn]
    boxes = sum(len(find_faces(image, REDACT_SIDES, REDACT_SCORE)) for image in images)
    print(f"\n{boxes} boxes in {len(images)} pictures without a face")
    crop = _milliseconds(images[0], CROP_SIDES, CROP_SCORE, asked.rounds)
    redact = _milliseconds(images[0], REDACT_SIDES, REDACT_SCORE, asked.rounds)
    size = f"{images[0].width} x {images[0].height}"
    print(f"CPU of one image of {size}: {crop:.0f} ms for a crop, {redact:.0f} ms to redact")


if __name__ == "__main__":
    main()
