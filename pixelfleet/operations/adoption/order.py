"""The order of an adoption, and its candidates: the objects of a listing that may be images."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from pixelfleet.aws.listing import ListedObject
from pixelfleet.deployment import Deployment
from pixelfleet.domain.adoption import cannot_be_image
from pixelfleet.domain.archives import RestoreTier
from pixelfleet.domain.keys import check_place, is_bucket_name
from pixelfleet.errors import Cause, SetupError
from pixelfleet.operations.reconcile.listing import BucketListing, InventoryListing, Listing, ListingPage
from pixelfleet.operations.source_rules import check_no_output
from pixelfleet.recipes import Recipe

#: Days for which S3 keeps a restored copy by default.
RESTORE_DAYS = 7


@dataclass(frozen=True, slots=True)
class Adoption:
    """The order of one adoption.

    Without an owner, routes give each key its owner and its batch. `inventory` is the address of a manifest.json;
    without an inventory, the bucket is listed. Objects older than `since` are left out. `rate` is in jobs a second.
    """

    who: str
    bucket: str
    prefix: str = ""
    owner: str | None = None
    batch: str | None = None
    recipe: Recipe | None = None
    inventory: str | None = None
    since: datetime | None = None
    rate: float | None = None
    restore: RestoreTier | None = None
    restore_days: int = RESTORE_DAYS

    @property
    def source(self) -> str:
        """The place of the originals; a batch has it, so that a repeated adoption finds its batch again."""
        return f"s3://{self.bucket}/{self.prefix}"

    @property
    def identity(self) -> tuple[str, ...]:
        """The texts that two runs of one adoption have in common."""
        since = self.since.isoformat() if self.since is not None else ""
        return (self.source, self.owner or "", self.batch or "", self.inventory or "", since)


@dataclass(slots=True)
class Rejects:
    """Objects that cannot be images by key and size, by cause, each with its first key; and those that are too old."""

    causes: Counter[Cause] = field(default_factory=Counter)
    examples: dict[Cause, str] = field(default_factory=dict)
    older: int = 0

    @property
    def total(self) -> int:
        return self.causes.total() + self.older

    def add(self, cause: Cause, key: str) -> None:
        self.causes[cause] += 1
        self.examples.setdefault(cause, key)


def source_of(address: str) -> tuple[str, str]:
    """The bucket and the prefix of `s3://BUCKET[/PREFIX]`.

    Raises:
        SetupError: the text is not an address of this form.
    """
    bucket, _, prefix = address.removeprefix("s3://").partition("/")
    if not address.startswith("s3://") or not bucket:
        raise SetupError(f"{address!r} is no address of a bucket: write s3://BUCKET or s3://BUCKET/PREFIX")
    if not is_bucket_name(bucket):
        raise SetupError(
            f"{bucket!r} is no name of a bucket, which has 3 to 63 lower-case letters, digits, hyphens and dots: "
            "compare it with `aws s3 ls`"
        )
    return bucket, prefix


def check_source(deployment: Deployment, bucket: str) -> None:
    """
    Raises:
        SetupError: the bucket is one of the deployment's own.
    """
    if bucket == deployment.settings.uploads_bucket:
        raise SetupError(
            f"{bucket} is the uploads bucket: `pixelfleet reconcile` queues what it holds without a record"
        )
    check_no_output(deployment.settings, bucket)


def check_order(deployment: Deployment, order: Adoption) -> None:
    """Whether the order can be carried out, as far as no listing is needed.

    Raises:
        SetupError: the bucket is one of the deployment's own, or the owner or the batch cannot be called so.
    """
    check_source(deployment, order.bucket)
    if order.owner is not None:
        check_place(order.owner, order.batch)


def listing_of(deployment: Deployment, order: Adoption) -> Listing:
    """
    Raises:
        SetupError: the inventory cannot be used, or is of another bucket.
    """
    if order.inventory is not None:
        return InventoryListing(deployment.listings, order.inventory, order.bucket, order.prefix)
    return BucketListing(deployment.listings, order.bucket, order.prefix)


def candidates(page: ListingPage, order: Adoption, max_bytes: int, rejects: Rejects) -> Iterator[ListedObject]:
    """The objects of a page that may be images; the others are counted in `rejects`."""
    for listed in page.objects:
        if order.since is not None and listed.modified < order.since:
            rejects.older += 1
        elif (cause := cannot_be_image(listed.key, listed.bytes, max_bytes)) is not None:
            rejects.add(cause, listed.key)
        else:
            yield listed
