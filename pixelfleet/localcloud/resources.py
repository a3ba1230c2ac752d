"""The resources of a deployment, as data: `provision` makes them locally, Terraform on AWS. A test compares both."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from pixelfleet.catalog.schema import TABLES, Table
from pixelfleet.settings import Settings

DAY: Final = 86_400
LOOPBACK_NAMES: Final = ("127.0.0.1", "localhost")


@dataclass(frozen=True, slots=True)
class Bucket:
    """A private bucket; days until unfinished multipart uploads are dropped; whose pages may upload to it."""

    name: str
    versioned: bool
    abort_multipart_days: int = 7
    origins: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DeadLetterQueue:
    url: str
    retention: int = 14 * DAY


@dataclass(frozen=True, slots=True)
class Queue:
    """A source queue; times in seconds.

    `visibility` of uploads is six times the producer's time-out of 60 s and its window of 1 s, as Lambda's event
    source mapping asks for (Lambda Developer Guide, "Configuring the queue"); that of the lanes is
    extended by a worker's lease.
    """

    url: str
    dead_letters: DeadLetterQueue
    visibility: int
    max_receives: int
    retention: int = 7 * DAY
    long_poll: int = 20


@dataclass(frozen=True, slots=True)
class Resources:
    uploads: Bucket
    results: Bucket
    #: The bucket of aliases, if it is a bucket of its own.
    aliases: Bucket | None
    uploads_queue: Queue
    lanes: tuple[Queue, Queue]
    tables: tuple[tuple[str, Table], ...]
    topic_arns: tuple[str, str]

    @property
    def queues(self) -> Iterator[Queue]:
        yield from (self.uploads_queue, *self.lanes)


#: No prefix filter: keys outside uploads/<owner>/<batch>/ belong to the default owner.
NOTIFIED_EVENTS: Final = (
    "s3:ObjectCreated:*",
    "s3:ObjectRemoved:*",
    "s3:LifecycleExpiration:*",
    "s3:ObjectRestore:Completed",
)


def resources(settings: Settings) -> Resources:
    """All resources of a deployment, under the names that its settings give them."""
    return Resources(
        uploads=Bucket(settings.uploads_bucket, versioned=True, origins=_origins(settings)),
        results=Bucket(settings.results_bucket, versioned=False),
        aliases=Bucket(settings.alias_bucket, versioned=False)
        if settings.alias_bucket != settings.results_bucket
        else None,
        uploads_queue=Queue(
            settings.uploads_queue_url, DeadLetterQueue(settings.uploads_dlq_url), visibility=361, max_receives=5
        ),
        lanes=(
            Queue(settings.bulk_queue_url, DeadLetterQueue(settings.bulk_dlq_url), visibility=120, max_receives=10),
            Queue(settings.heavy_queue_url, DeadLetterQueue(settings.heavy_dlq_url), visibility=300, max_receives=10),
        ),
        tables=tuple((getattr(settings, f"{table.name}_table"), table) for table in TABLES),
        topic_arns=(settings.notices_topic_arn, settings.alarms_topic_arn),
    )


def _origins(settings: Settings) -> tuple[str, ...]:
    """The dashboard's origin; on this machine also under the machine's other name, at the same port."""
    parts = urlsplit(settings.dashboard_url)
    names = LOOPBACK_NAMES if parts.hostname in LOOPBACK_NAMES and parts.port else ()
    others = tuple(f"{parts.scheme}://{name}:{parts.port}" for name in names if name != parts.hostname)
    return (f"{parts.scheme}://{parts.netloc}", *others)


def queue_name(url: str) -> str:
    return url.rsplit("/", 1)[-1]


def topic_name(arn: str) -> str:
    return arn.rsplit(":", 1)[-1]
