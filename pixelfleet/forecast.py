"""The time and cost of processing a set of images, from the headers and a recipe alone.

Time is a model of five measured figures, which is right within a factor of 1.5 for photographs. Cost is the number of
requests times the prices in prices.toml, by position, so that each position can be checked.
"""

import tomllib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import resources
from typing import Any, Final

from pixelfleet.errors import Cause
from pixelfleet.images.geometry import Size, place
from pixelfleet.images.probe import Probe
from pixelfleet.recipes import Metric, OutputFormat, Recipe, Variant

MEGA: Final = 1_000_000
GIGA: Final = 1_000_000_000

#: Milliseconds of one core, by `python -m benchmarks.engine` and `benchmarks.forecast` (12 MP photographs): to decode a
#: megapixel, to write a megapixel, and for every image besides (claim, fetch, store, record, notify).
DECODE_MS: Final = 6.5
ENCODE_MS: Final[Mapping[OutputFormat, float]] = {
    OutputFormat.AUTO: 12.0,
    OutputFormat.JPEG: 12.0,
    OutputFormat.PNG: 60.0,
    OutputFormat.WEBP: 62.0,
    OutputFormat.AVIF: 70.0,
    OutputFormat.JXL: 37.0,
    OutputFormat.TIFF: 5.0,
}
EVERY_IMAGE_MS: Final = 40.0
#: To search an image for faces, to choose a crop and to redact, by `python -m benchmarks.faces`.
CROP_FACES_MS: Final = 50.0
REDACT_FACES_MS: Final = 1_100.0
#: To search the setting of one file for a target, by `python -m benchmarks.quality`: encodes and scores of a sample.
SEARCH_MS: Final[Mapping[Metric, float]] = {Metric.SSIM: 15.0, Metric.SSIMULACRA2: 350.0}
#: The position of a cost that is due each month.
STORAGE: Final = "S3 storage, a month"
#: To store one tile.
TILE_MS: Final = 1.2
#: Bytes of a written pixel, of photographs at the usual qualities.
PIXEL_BYTES: Final = 0.25
#: A worker's memory for each process, in GB, as the bulk lane's task definition has it.
WORKER_GB: Final = 2.0

#: Requests of one image. SQS: its event is sent, received by tens, deleted by tens; its job is sent and received by
#: tens and deleted alone. DynamoDB: claim, record (a transaction, at twice the units), notice cleared, indexes.
SQS_REQUESTS: Final = 2.4
WRITE_UNITS: Final = 17.0
READ_UNITS: Final = 4.0
#: Of the producer: events of one invocation, and its memory and time.
EVENTS: Final = 10
PRODUCER_GB_SECONDS: Final = 0.25 * 0.1


def load_prices() -> dict[str, Any]:
    """prices.toml, as it is."""
    return tomllib.loads(resources.files("pixelfleet").joinpath("prices.toml").read_text(encoding="utf-8"))


@dataclass(slots=True)
class Forecast:
    """Sums over the images so far. `megapixels` are of the originals, `written` are those of the results.

    `known` files are not uploaded, and are in no other sum.
    """

    recipe: Recipe
    files: int = 0
    bytes: int = 0
    megapixels: float = 0.0
    written: float = 0.0
    outputs: int = 0
    core_ms: float = 0.0
    known: int = 0
    known_bytes: int = 0
    formats: Counter[str] = field(default_factory=Counter)
    rejects: Counter[str] = field(default_factory=Counter)
    examples: dict[str, str] = field(default_factory=dict)
    prices: dict[str, Any] = field(default_factory=load_prices)

    def add(self, header: Probe, recipe: Recipe | None = None) -> None:
        """An image that will be processed, by `recipe` if it is not the recipe of the others."""
        recipe = recipe or self.recipe
        frames = header.frames if header.animated else 1
        pixels = header.width * header.height * frames / MEGA
        self.files += 1
        self.bytes += header.bytes
        self.megapixels += pixels
        self.formats[header.format] += 1
        self.core_ms += EVERY_IMAGE_MS + DECODE_MS * pixels + _faces_ms(recipe) * frames
        for variant in recipe.variants:
            if variant.lazy:
                # Its work is done at its first request, if there is one.
                continue
            self._write(variant, (header.width, header.height))

    def add_known(self, size: int) -> None:
        """A file of `size` bytes that is not uploaded: the owner has the same bytes."""
        self.known += 1
        self.known_bytes += size

    def reject(self, name: str, cause: Cause, message: str) -> None:
        """A file that would be skipped, or fail with this cause; the first of each cause is kept as an example."""
        self.rejects[cause.value] += 1
        self.examples.setdefault(cause.value, f"{name}: {message}")

    def seconds(self, workers: int) -> float:
        """Wall time of this number of worker processes, each with its own core."""
        return self.core_ms / 1000 / workers

    def cost(self) -> dict[str, float]:
        """US dollars by position; storage is of one month."""
        return cost(
            Work(self.files, self.bytes, self.written * MEGA * PIXEL_BYTES, self.outputs, self.core_ms), self.prices
        )

    def _write(self, variant: Variant, size: Size) -> None:
        if variant.copies:
            self.outputs += 1
            return
        width, height = place(size, variant).canvas
        pixels = width * height / MEGA
        self.written += pixels * len(variant.formats)
        self.core_ms += sum(ENCODE_MS[one] for one in variant.formats) * pixels
        if variant.quality_target is not None:
            self.core_ms += SEARCH_MS[variant.quality_target.metric] * len(variant.formats)
        tiles = pixels * MEGA / variant.tiles.size**2 * 4 / 3 if variant.tiles else 0
        self.core_ms += TILE_MS * tiles
        self.outputs += len(variant.formats) + round(tiles)


def _faces_ms(recipe: Recipe) -> float:
    if any(variant.redact for variant in recipe.variants):
        return REDACT_FACES_MS
    return CROP_FACES_MS if recipe.searches_faces else 0.0


@dataclass(frozen=True, slots=True)
class Work:
    """The work for some images: `stored` bytes of results in `outputs` objects, and milliseconds of one core."""

    files: int
    bytes: int
    stored: float
    outputs: int
    core_ms: float


def cost(work: Work, prices: Mapping[str, Any]) -> dict[str, float]:
    """US dollars by position; storage is of one month."""
    s3, sqs, function = prices["s3"], prices["sqs"], prices["lambda"]
    table, fargate = prices["dynamodb"], prices["fargate"]
    hour = fargate["vcpu_hour"] + WORKER_GB * fargate["gigabyte_hour"]
    invocations = work.files / EVENTS
    return {
        "S3 PUT, originals": work.files * s3["put"],
        "S3 PUT, results": work.outputs * s3["put"],
        "S3 GET": work.files * s3["get"],
        STORAGE: (work.bytes + work.stored) / GIGA * s3["gigabyte_month"],
        "SQS": work.files * SQS_REQUESTS * sqs["request"],
        "Lambda": invocations * (function["request"] + PRODUCER_GB_SECONDS * function["gigabyte_second"]),
        "DynamoDB": work.files * (WRITE_UNITS * table["write_unit"] + READ_UNITS * table["read_unit"]),
        "SNS": work.files * prices["sns"]["publish"],
        "Fargate Spot": work.core_ms / 3_600_000 * hour * fargate["spot_share"],
    }
