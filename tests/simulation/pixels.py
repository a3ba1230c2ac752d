"""The stand-ins for `probe` and `render`. An original's text decides the outcome.

`good N` renders. `bad N` cannot be read. `slow N` takes longer than the bulk lane allows. `large N` needs more memory
than the bulk lane has. `wide N` has more pixels than the bulk lane takes. `odd N` does not fit the recipe `catalog`.
`big N` has more pixels than are decoded beside the dashboard. A seed may also make a rendering fail, wait, or die.
"""

from pathlib import Path
from typing import Any, Final

from pixelfleet.domain.jobs import Lane
from pixelfleet.domain.records import as_member
from pixelfleet.errors import Cause, PermanentError, WrongLaneError
from pixelfleet.images.pipeline import RenderedVariant, Rendition
from pixelfleet.images.probe import Probe
from pixelfleet.recipes import Recipe
from tests.simulation.lazy_recipes import names_rendered
from tests.simulation.network import Network

#: The first bytes of a JPEG, so that the upload client takes an original for an image.
MAGIC: Final = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00"
VARIANTS: Final = ("thumb", "optimized")
#: Pixels of a side of a big original: 64 MP.
BIG: Final = 8_000


def original(text: str) -> bytes:
    """The bytes of an original with this text."""
    return MAGIC + text.encode()


def text_of(body: bytes) -> str:
    return body.removeprefix(MAGIC).decode()


def rendered(body: bytes, recipe: str) -> bytes:
    """The bytes of each variant that a recipe, given by its digest, makes of an original."""
    return b"%s by %s" % (body, recipe.encode())


class Pixels:
    """The stand-in for pixelfleet/images in the worker."""

    def __init__(self, network: Network, lane: Lane, *, newer: bool = False) -> None:
        """`newer` is whether they are of the next release, which has a cause that this release does not know."""
        self._network = network
        self._lane = lane
        self._unreadable = as_member(Cause, "unreadable_in_another_way") if newer else Cause.UNREADABLE

    def probe(self, path: Path, *_: Any, **__: Any) -> Probe:
        body = path.read_bytes()
        if text_of(body).startswith("bad"):
            raise PermanentError(self._unreadable, "it cannot be read")
        side = BIG if text_of(body).startswith("big") else 10
        return Probe("jpeg", side, side, 1, False, 1, "srgb", False, len(body))

    def render(self, source: Path, _header: Probe, recipe: Recipe, folder: Path, /) -> Rendition:
        body = source.read_bytes()
        kind = text_of(body).partition(" ")[0]
        heavy = self._lane is Lane.HEAVY
        if kind == "odd" and recipe.name == "catalog":
            raise PermanentError(Cause.RECIPE_UNFIT, "the recipe does not fit the image")
        if kind == "large" and not heavy:
            raise MemoryError("the bulk lane has too little memory")
        if kind == "wide" and not heavy:
            raise WrongLaneError("more pixels than the bulk lane takes")
        self._network.work(1_000.0 if kind == "slow" and not heavy else 0.2)
        variants = []
        for name in names_rendered(recipe, VARIANTS):
            path = folder / f"{name}.jpg"
            path.write_bytes(rendered(body, recipe.digest))
            variants.append(RenderedVariant(name, path, "jpeg", 10, 10, len(body), "image/jpeg"))
        return Rendition(tuple(variants), "placeholder", "#000000", "0" * 16)
