"""The uploads of the storm, and the expected final state of each key."""

import io
import random
from collections.abc import Iterator
from dataclasses import dataclass

from PIL import Image

from pixelfleet.domain.records import Status
from pixelfleet.errors import Cause
from pixelfleet.samples import broken

#: Pixels above which the storm's bulk lane passes a job on. The number is small, so that the heavy lane gets work soon.
BULK_MAX_PIXELS = 500_000
#: Part of the names of intact images that workers cannot read until the faults stop. They use up all their attempts.
BLOCKED = "blocked"
OWNERS = ("ann", "bo")
BATCHES = ("one", "two")


@dataclass(frozen=True, slots=True)
class Expected:
    """The final state of a key: the status, and the cause if the status is `failed`."""

    status: Status
    cause: Cause | None = None


READY = Expected(Status.READY)
DELETED = Expected(Status.DELETED)
BROKEN = {
    "empty.jpg": (broken.empty, Cause.EMPTY),
    "letter.jpg": (broken.text, Cause.NOT_AN_IMAGE),
    "cut-off.jpg": (broken.truncated_jpeg, Cause.TRUNCATED),
    "bomb.png": (broken.bomb, Cause.TOO_MANY_PIXELS),
}


@dataclass(frozen=True, slots=True)
class Step:
    """One change of the bucket. `content` None deletes the key. `expected` holds until the key changes again."""

    key: str
    content: bytes | None
    expected: Expected


def steps(images: int, chance: random.Random) -> Iterator[Step]:
    """Uploads of so many keys. Some keys are overwritten or deleted later."""
    later: list[Step] = []
    for number in range(images):
        step = _upload(number, chance)
        yield step
        disposition = chance.random()
        if disposition < 0.04:
            later.append(Step(step.key, _picture(chance, (200, 140), "JPEG"), READY))
        elif disposition < 0.08:
            later.append(Step(step.key, None, DELETED))
        if later and chance.random() < 0.1:
            yield later.pop(0)
    yield from later


def _upload(number: int, chance: random.Random) -> Step:
    folder = f"uploads/{chance.choice(OWNERS)}/{chance.choice(BATCHES)}"
    kind = chance.random()
    if kind < 0.1:
        name, (make, cause) = chance.choice(list(BROKEN.items()))
        return Step(f"{folder}/{number:05} {name}", make(), Expected(Status.FAILED, cause))
    if kind < 0.15:
        return Step(f"{folder}/{number:05} large.jpg", _picture(chance, (1000, 700), "JPEG"), READY)
    if kind < 0.16:
        return Step(f"{folder}/{number:05} {BLOCKED}.jpg", _picture(chance, (200, 140), "JPEG"), READY)
    form = chance.choice(["JPEG", "PNG", "WEBP"])
    size = (chance.randint(40, 400), chance.randint(40, 300))
    return Step(f"{folder}/{number:05} größe & form.{form.lower()}", _picture(chance, size, form), READY)


def _picture(chance: random.Random, size: tuple[int, int], form: str) -> bytes:
    """A gradient of two colours: different bytes each time, and cheap."""
    colours = [tuple(chance.randrange(256) for _ in range(3)) for _ in range(2)]
    first, second = (Image.new("RGB", size, colour) for colour in colours)
    picture = Image.composite(first, second, Image.linear_gradient("L").resize(size))
    file = io.BytesIO()
    picture.save(file, form)
    return file.getvalue()
