"""The buckets that a deployment has adopted: their batches with counts, and their routes."""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from typing import Final

from pixelfleet.deployment import Deployment
from pixelfleet.domain.records import Batch, Counts
from pixelfleet.domain.routes import Route
from pixelfleet.operations.adoption.order import source_of

#: The newest batches among which adoptions are looked for, and those of a bucket that are shown with counts.
MOST_BATCHES: Final = 2_000
MOST_SHOWN: Final = 10
_AT_ONCE: Final = 8


@dataclass(frozen=True, slots=True)
class AdoptedBatch:
    """One adoption, and how far its images are."""

    batch: Batch
    counts: Counts


@dataclass(frozen=True, slots=True)
class AdoptedBucket:
    """A bucket that was adopted or has routes: its newest adoptions, how many there are, and its routes in order."""

    name: str
    adoptions: tuple[AdoptedBatch, ...]
    number: int
    routes: tuple[Route, ...]


def adopted_buckets(deployment: Deployment) -> list[AdoptedBucket]:
    """Every such bucket, by name. Adoptions whose routes give each key its batch have no batch of their own.

    Raises:
        TransientError: DynamoDB does not answer.
    """
    batches: dict[str, list[Batch]] = {}
    for batch in islice(deployment.batches.all(), MOST_BATCHES):
        if batch.source:
            batches.setdefault(source_of(batch.source)[0], []).append(batch)
    routes: dict[str, list[Route]] = {}
    for route in deployment.recipe_registry.get().routes:
        if route.bucket != deployment.settings.uploads_bucket:
            routes.setdefault(route.bucket, []).append(route)
    return [
        AdoptedBucket(
            name,
            tuple(_counted(deployment, batches.get(name, [])[:MOST_SHOWN])),
            len(batches.get(name, [])),
            tuple(routes.get(name, [])),
        )
        for name in sorted(batches.keys() | routes.keys())
    ]


def _counted(deployment: Deployment, batches: Iterable[Batch]) -> Iterable[AdoptedBatch]:
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return list(
            pool.map(lambda batch: AdoptedBatch(batch, deployment.batches.counts(batch.owner, batch.name)), batches)
        )
