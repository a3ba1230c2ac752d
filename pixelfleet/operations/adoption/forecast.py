"""The forecast of an adoption: a pass over the listing, and the headers of a sample of its objects by ranged GETs.

Objects are sampled evenly over the whole listing, so that time and cost of the sample are those of an average image.
"""

import random
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from pixelfleet.aws.listing import ListedObject
from pixelfleet.deployment import Deployment
from pixelfleet.domain.adoption import BEFORE_ALL, adopted_image, is_back
from pixelfleet.domain.archives import RESTORE_HOURS, Archive, RestoreTier
from pixelfleet.domain.jobs import Job, JobKind, Lane
from pixelfleet.domain.keys import Place, image_id
from pixelfleet.domain.records import Status
from pixelfleet.errors import Cause, PermanentError, PixelfleetError, SetupError, TransientError
from pixelfleet.forecast import GIGA, MEGA, PIXEL_BYTES, SQS_REQUESTS, Forecast, Work, cost
from pixelfleet.images.limits import Limits
from pixelfleet.images.probe import Probe, probe
from pixelfleet.operations.adoption.order import Adoption, Rejects, candidates, check_order, listing_of
from pixelfleet.operations.adoption.prepare import check_routes, known_batch
from pixelfleet.operations.recipe_choice import RecipeChoice
from pixelfleet.operations.reconcile.listing import ListingPage
from pixelfleet.recipes import Recipe
from pixelfleet.recipes.lazy import lazy_variants

#: Objects whose headers are read.
SAMPLE: Final = 100
#: Bytes of the first read of an object. If the header is not in them, an object up to `WHOLE` bytes is read whole.
HEAD: Final = 256 * 1024
WHOLE: Final = 16_000_000
THREADS: Final = 8
#: Write units of the record that is made before a job is sent: the item and two indexes.
RECORD_UNITS: Final = 3.0
#: An adopted image has no event: SQS carries only its job.
_SQS_SHARE: Final = 1.2 / SQS_REQUESTS
_OBJECTS_OF_A_LIST: Final = 1_000
_Outcome = tuple[Probe | None, PixelfleetError | None]


@dataclass(slots=True)
class AdoptionForecast:
    """The effects of an adoption. `images` would be queued, `there` have a record; `archived` are part of `images`.

    `sample` is the forecast of the objects whose headers were read, each by its own recipe: `recipes` counts them, and
    `lazy` names variants that no figure has. The headers of `unread` objects were not read; S3 refused `unreadable` of
    these objects, the first of them for the reason `why_unreadable`.
    """

    sample: Forecast
    images: int = 0
    bytes: int = 0
    there: int = 0
    rejects: Rejects = field(default_factory=Rejects)
    archived: Counter[Archive] = field(default_factory=Counter)
    archived_bytes: Counter[Archive] = field(default_factory=Counter)
    recipes: Counter[str] = field(default_factory=Counter)
    lazy: dict[str, None] = field(default_factory=dict)
    unread: int = 0
    unreadable: int = 0
    why_unreadable: str = ""

    @property
    def sampled(self) -> int:
        """Objects of the sample whose header shows their outcome."""
        return self.sample.files + self.sample.rejects.total()

    @property
    def share(self) -> float:
        """The share of images that would be processed, by the sample; 1 if no header could be read."""
        return self.sample.files / self.sampled if self.sampled else 1.0

    def seconds(self, workers: int, rate: float | None = None) -> float | None:
        """Wall time of this number of worker processes, or of the sending if it is slower; None without a sample."""
        if not self.sample.files:
            return None
        return max(self._scale * self.sample.seconds(workers), self.images / rate if rate else 0.0)

    def cost(self) -> dict[str, float]:
        """US dollars by position; storage is of one month, and only of results: originals stay in place."""
        scale, prices = self._scale, self.sample.prices
        stored = scale * self.sample.written * MEGA * PIXEL_BYTES
        work = Work(
            round(self.images * self.share), 0, stored, round(scale * self.sample.outputs), scale * self.sample.core_ms
        )
        positions = cost(work, prices)
        del positions["S3 PUT, originals"], positions["Lambda"]
        positions["SQS"] *= _SQS_SHARE
        positions["DynamoDB"] += self.images * RECORD_UNITS * prices["dynamodb"]["write_unit"]
        seen = self.images + self.there + self.rejects.causes.total() + self.rejects.older
        return {"S3 LIST": seen / _OBJECTS_OF_A_LIST * prices["s3"]["put"]} | positions

    def restore_hours(self, tier: RestoreTier) -> int:
        """Hours after which the archived objects are usually restored; 0 if there are none."""
        return max((RESTORE_HOURS[archive][tier] for archive in self.archived), default=0)

    def restore_cost(self, tier: RestoreTier, days: int) -> float:
        """US dollars of the restores, and of the copies for this number of days."""
        prices, dollars = self.sample.prices, 0.0
        for archive, number in self.archived.items():
            gigabytes = self.archived_bytes[archive] / GIGA
            of_tier = prices["restore"].get(archive.value, {}).get(tier.value, {"gigabyte": 0.0, "request": 0.0})
            dollars += number * of_tier["request"] + gigabytes * of_tier["gigabyte"]
            if archive.makes_copies:
                dollars += gigabytes * prices["s3"]["gigabyte_month"] * days / 30
        return dollars

    @property
    def _scale(self) -> float:
        return self.images / self.sampled if self.sampled else 0.0


def forecast_adoption(
    deployment: Deployment,
    order: Adoption,
    progress: Callable[[AdoptionForecast], None] = lambda _: None,
    sample_size: int = SAMPLE,
) -> AdoptionForecast:
    """List everything and read the headers of a sample. Nothing is written.

    Raises:
        SetupError: the bucket or the inventory cannot be used, or routes or a batch contradict the order.
        TransientError: S3 or DynamoDB does not answer.
    """
    check_order(deployment, order)
    deployment.source_buckets.check_readable(order.bucket, order.prefix)
    check_routes(deployment, order)
    if order.batch is not None:
        known_batch(deployment, order, order.batch)
    recipe_of = _chooser(deployment, order)
    forecast = AdoptionForecast(Forecast(recipe_of(order.prefix + "image")))
    sample = _Sample(sample_size, order.source)
    for page in listing_of(deployment, order).pages(""):
        _count(deployment, order, page, forecast, sample)
        progress(forecast)
    _read_headers(deployment, order.bucket, [(listed, recipe_of(listed.key)) for listed in sample.kept], forecast)
    return forecast


def _chooser(deployment: Deployment, order: Adoption) -> Callable[[str], Recipe]:
    """The recipe that the image of a key gets."""
    choice = RecipeChoice(deployment, makes_batches=False)

    def recipe_of(key: str) -> Recipe:
        if order.recipe is not None:
            return order.recipe
        job = Job(JobKind.PROCESS, order.bucket, key, sequencer=BEFORE_ALL)
        place = Place(order.owner, order.batch, key) if order.owner is not None else None
        image = adopted_image(job, place, Lane.BULK, "", "") if place is not None else None
        return choice.load(choice.of(image, order.bucket, key))

    return recipe_of


class _Sample:
    """Objects of a stream, each with the same chance to be kept, however long the stream is (reservoir sampling)."""

    def __init__(self, size: int, seed: str) -> None:
        self.kept: list[ListedObject] = []
        self._size = size
        self._seen = 0
        # A repeated forecast of the same bucket reads the same objects.
        self._random = random.Random(seed)  # noqa: S311 - no secret

    def add(self, listed: ListedObject) -> None:
        self._seen += 1
        if len(self.kept) < self._size:
            self.kept.append(listed)
        elif (place := self._random.randrange(self._seen)) < self._size:
            self.kept[place] = listed


def _count(
    deployment: Deployment, order: Adoption, page: ListingPage, forecast: AdoptionForecast, sample: _Sample
) -> None:
    most = deployment.settings.heavy_max_bytes
    objects = {image_id(order.bucket, c.key): c for c in candidates(page, order, most, forecast.rejects)}
    records = deployment.images.get_many(objects)
    for its_id, listed in objects.items():
        record = records.get(its_id)
        tried_again = record is None or (record.status is Status.FAILED and record.cause is Cause.ARCHIVED)
        if record is not None and not tried_again and not is_back(record, listed.etag):
            forecast.there += 1
            continue
        forecast.images += 1
        forecast.bytes += listed.bytes
        if listed.archive is not None:
            forecast.archived[listed.archive] += 1
            forecast.archived_bytes[listed.archive] += listed.bytes
        else:
            sample.add(listed)


def _read_headers(
    deployment: Deployment, bucket: str, objects: Sequence[tuple[ListedObject, Recipe]], forecast: AdoptionForecast
) -> None:
    """Look at the headers of objects, and add each to the forecast by its recipe. The most frequent recipe names it."""
    named = {recipe.name: recipe for _, recipe in objects}
    forecast.recipes.update(recipe.name for _, recipe in objects)
    forecast.lazy |= {variant.name: None for recipe in named.values() for variant in lazy_variants(recipe)}
    for name, _ in forecast.recipes.most_common(1):
        forecast.sample.recipe = named[name]
    largest = deployment.settings.lanes[Lane.HEAVY]
    limits = Limits(largest.max_bytes, largest.max_pixels, deployment.settings.max_frames)
    with tempfile.TemporaryDirectory(prefix="pixelfleet-adopt-") as folder, ThreadPoolExecutor(THREADS) as pool:

        def fetch(pair: tuple[int, tuple[ListedObject, Recipe]]) -> _Outcome:
            number, (listed, recipe) = pair
            return _look(deployment, bucket, listed, Path(folder) / str(number), limits, allow_svg=recipe.allow_svg)

        for (listed, recipe), (header, error) in zip(objects, pool.map(fetch, enumerate(objects)), strict=True):
            if header is not None:
                forecast.sample.add(replace(header, bytes=listed.bytes), recipe)
            elif isinstance(error, PermanentError):
                forecast.sample.reject(listed.key, error.cause, error.message)
            else:
                forecast.unread += 1
                _count_unreadable(forecast, error)


def _count_unreadable(forecast: AdoptionForecast, error: PixelfleetError | None) -> None:
    if error is not None:
        forecast.unreadable += 1
        forecast.why_unreadable = forecast.why_unreadable or str(error)


#: Causes of failure that the missing rest of a file may lead to.
_OF_A_PART: Final = frozenset({Cause.TRUNCATED, Cause.UNREADABLE})


def _look(
    deployment: Deployment, bucket: str, listed: ListedObject, path: Path, limits: Limits, *, allow_svg: bool
) -> _Outcome:
    """The header of an object, or its error; both None if the header is out of reach.

    A PermanentError is the fault of the image. Every other error is S3's, which did not give the object.
    """
    for size in (HEAD, WHOLE):
        try:
            path.write_bytes(deployment.source_buckets.first_bytes(bucket, listed.key, size))
            return probe(path, limits, allow_svg=allow_svg), None
        except PermanentError as error:
            if listed.bytes <= size or error.cause not in _OF_A_PART:
                return None, error
        except (SetupError, TransientError) as error:
            return None, error
        finally:
            path.unlink(missing_ok=True)
        if listed.bytes > WHOLE:
            break
    return None, None
