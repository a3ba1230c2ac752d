"""Reading the images table: by id, by index, and the whole table for reconcile."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pixelfleet.aws.errors import translated
from pixelfleet.catalog.dynamo import (
    BATCH_GET_KEYS,
    Item,
    answers,
    batch_get,
    batch_get_typed,
    from_attributes,
)
from pixelfleet.catalog.indexes import IndexEntry, IndexReader, Slice
from pixelfleet.catalog.items import batch_sort, image_of
from pixelfleet.catalog.schema import BY_BATCH, BY_DIGEST, BY_FAILURE, BY_OWNER, CLAIM_MARK, IMAGES
from pixelfleet.domain.keys import place_of
from pixelfleet.domain.records import FAILURES, Image, Member, RecipeRef, Status, as_member
from pixelfleet.errors import Cause

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


#: The attributes by which lists are sorted that no index has in this order.
SortAttribute = Literal["key", "uploaded_at", "bytes"]


@dataclass(frozen=True, slots=True)
class Glance:
    """The attributes of a record by which lists are filtered. Those that were not read are empty."""

    image_id: str
    status: Status
    cause: Cause | None
    path: str
    batch: str | None
    uploaded_at: str
    bytes: int | None
    exif: Mapping[str, str]
    format: str | None
    width: int | None
    height: int | None
    dominant_colour: str | None
    tags: tuple[str, ...]
    sha256: str | None
    perceptual_hash: str | None

    READ: ClassVar[tuple[str, ...]] = (
        "image_id", "key", "batch", "status", "cause", "uploaded_at", "bytes", "exif", "format", "width", "height",
        "dominant_colour", "tags", "sha256", "perceptual_hash",
    )  # fmt: skip

    @classmethod
    def of(cls, item: Mapping[str, Any]) -> "Glance":
        """From an item of these attributes."""
        key = item.get("key")
        return cls(
            item["image_id"],
            _member(Status, item["status"]),
            _member(Cause, item["cause"]) if "cause" in item else None,
            place_of(key).path if key else "",
            item.get("batch"),
            item.get("uploaded_at", ""),
            item.get("bytes"),
            item.get("exif", {}),
            item.get("format"),
            item.get("width"),
            item.get("height"),
            item.get("dominant_colour"),
            tuple(item.get("tags", ())),
            item.get("sha256"),
            item.get("perceptual_hash"),
        )

    def sort_value(self, attribute: SortAttribute) -> int | str:
        """As `ImageReader.sort_values`."""
        if attribute == "key":
            return self.path
        return self.uploaded_at if attribute == "uploaded_at" else self.bytes or 0


def _member(kind: type[Member], value: str) -> Member:
    """A member of the enumeration; for a value of a newer release, a member outside its list."""
    known = kind._value2member_map_.get(value)
    return known if isinstance(known, kind) else as_member(kind, value)


#: The attributes that every glance has.
_ALWAYS = ("image_id", "status")
NEWEST_FIRST = Slice(newest_first=True)
IN_ORDER = Slice()


class ImageReader:
    """Every method raises TransientError when DynamoDB does not answer."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self._table = table
        self._indexes = IndexReader(client, table)

    def get(self, image_id: str) -> Image | None:
        if CLAIM_MARK in image_id:
            return None
        with translated("read an image record"):
            answer = self._client.get_item(
                TableName=self._table, Key={"image_id": {"S": image_id}}, ConsistentRead=True
            )
        return image_of(from_attributes(answer["Item"])) if "Item" in answer else None

    def get_many(self, image_ids: Iterable[str]) -> dict[str, Image]:
        """The records that exist, by id; a hundred a call."""
        ids = (image_id for image_id in dict.fromkeys(image_ids) if CLAIM_MARK not in image_id)
        keys = [{"image_id": {"S": image_id}} for image_id in ids]
        images = (image_of(item) for item in batch_get(self._client, self._table, keys))
        return {image.image_id: image for image in images}

    def glance(
        self, image_ids: Iterable[str], names: Collection[str] = Glance.READ, needed: Collection[str] = ()
    ) -> dict[str, Glance]:
        """These attributes, of the records that exist, by id; hundreds at once, several calls at a time.

        Records that lack one of the `needed` attributes are left out. The reads are eventually consistent.
        """
        read = (*_ALWAYS, *(name for name in Glance.READ if name in names and name not in _ALWAYS))
        items = (item for item in self._attributes(image_ids, read) if all(name in item for name in needed))
        glances = map(Glance.of, map(from_attributes, items))
        return {glance.image_id: glance for glance in glances}

    def sort_values(self, image_ids: Iterable[str], attribute: SortAttribute) -> dict[str, int | str]:
        """The bytes, the time, or for `key` the path, of the records that exist and are not deleted, by id.

        As `glance`, at a fraction of its CPU time.
        """
        items = self._attributes(image_ids, ("image_id", "status", attribute))
        present = ((item["image_id"]["S"], item) for item in items if item["status"]["S"] != Status.DELETED)
        if attribute == "bytes":
            return {image_id: int(item["bytes"]["N"]) if "bytes" in item else 0 for image_id, item in present}
        if attribute == "key":
            return {image_id: place_of(item["key"]["S"]).path for image_id, item in present}
        return {image_id: item["uploaded_at"]["S"] if "uploaded_at" in item else "" for image_id, item in present}

    def _attributes(self, image_ids: Iterable[str], names: tuple[str, ...]) -> Iterator[Item]:
        keys = [{"image_id": {"S": image_id}} for image_id in dict.fromkeys(image_ids)]
        calls = [keys[start : start + BATCH_GET_KEYS] for start in range(0, len(keys), BATCH_GET_KEYS)]
        answers = self._indexes.at_once(
            lambda call: list(batch_get_typed(self._client, self._table, call, names)), calls
        )
        return chain.from_iterable(answers)

    def records(self, entries: Iterable[IndexEntry]) -> Iterator[tuple[IndexEntry, Image]]:
        """Each entry of an index with its record; the records of one call are in memory at a time.

        The record may have changed since its entry was read; an entry whose record is gone is left out.
        """
        waiting = iter(entries)
        while page := list(islice(waiting, BATCH_GET_KEYS)):
            records = self.get_many(entry.image_id for entry in page)
            yield from ((entry, records[entry.image_id]) for entry in page if entry.image_id in records)

    def of_owner(self, owner: str, part: Slice = NEWEST_FIRST) -> Iterator[IndexEntry]:
        """An owner's images, newest first."""
        return self._indexes.read((IMAGES, BY_OWNER), owner, part)

    def of_batch(
        self, owner: str, batch: str, status: Status, path: str = "", after: str = "", how: Slice = IN_ORDER
    ) -> Iterator[IndexEntry]:
        """A batch's images in one status whose path begins with `path`, by path; `how` has direction and page size."""
        part = replace(how, prefix=batch_sort(status, path), after=after)
        return self._indexes.read((IMAGES, BY_BATCH), f"{owner}/{batch}", part)

    def at_path(self, owner: str, batch: str, status: Status, path: str) -> str | None:
        """The id of a batch's image in one status at this path; None if there is no such image."""
        # A path sorts before every longer path that begins with it.
        entry = next(self.of_batch(owner, batch, status, path), None)
        return entry.image_id if entry is not None and entry.sort == batch_sort(status, path) else None

    def with_digest(self, owner: str, sha256: str, most: int) -> list[str]:
        """At most so many images of an owner that were last processed with these bytes, by id; one query.

        Failed and deleted images are among them. The read is eventually consistent.
        """
        with translated(f"read the index {BY_DIGEST.name}"):
            answer = self._client.query(
                TableName=self._table,
                IndexName=BY_DIGEST.name,
                KeyConditionExpression="#digest = :digest AND begins_with(#owner, :owner)",
                ExpressionAttributeNames={"#digest": BY_DIGEST.hash_key, "#owner": BY_DIGEST.range_key},
                ExpressionAttributeValues={":digest": {"S": sha256}, ":owner": {"S": f"{owner}#"}},
                Limit=most,
            )
        return [item[IMAGES.hash_key]["S"] for item in answer["Items"]]

    def with_digests(self, owner: str, digests: Iterable[str], most: int) -> dict[str, list[str]]:
        """As `with_digest`, for many digests: a query for each, several at a time."""
        asked = list(dict.fromkeys(digests))
        answers = self._indexes.at_once(lambda sha256: self.with_digest(owner, sha256, most), asked)
        return dict(zip(asked, answers, strict=True))

    def failed(self, cause: Cause | None = None, after: str = "", page_size: int = 100) -> Iterator[IndexEntry]:
        """Failed images, by cause, oldest first within one; `page_size` entries of each shard at a time."""
        part = Slice(prefix=f"{cause}#" if cause else "", after=after, page_size=page_size)
        return self._indexes.read((IMAGES, BY_FAILURE), FAILURES, part)

    def last_failed(self, cause: str) -> str:
        """The time of the last failure of a cause; empty without a failure."""
        part = Slice(prefix=f"{cause}#", newest_first=True, page_size=1)
        last = next(self._indexes.read((IMAGES, BY_FAILURE), FAILURES, part), None)
        return last.sort.split("#", 2)[1] if last else ""

    def made_by_earlier(self, recipe: RecipeRef, calls: int) -> tuple[int, bool]:
        """How many images have results of another version of this recipe, and whether all records were counted.

        Reads a megabyte of the table a call, and ends after so many calls.
        """
        query: dict[str, Any] = {
            "Select": "COUNT",
            "FilterExpression": "revision_recipe.#name = :name AND revision_recipe.digest <> :digest",
            "ExpressionAttributeNames": {"#name": "name"},
            "ExpressionAttributeValues": {":name": {"S": recipe.name}, ":digest": {"S": recipe.digest}},
        }
        count = 0
        for answer in islice(self._scan("count the images of a recipe", query), calls):
            count += answer["Count"]
            if "LastEvaluatedKey" not in answer:
                return count, True
        return count, False

    def made_by(self, recipes: Iterable[str]) -> Iterator[list[Image]]:
        """Images whose results are of one of these recipes, by digest, in no order; a page may be empty.

        Reads the whole table, a megabyte a page.
        """
        values = {f":digest{number}": {"S": digest} for number, digest in enumerate(recipes)}
        query: dict[str, Any] = {
            "FilterExpression": " OR ".join(f"revision_recipe.digest = {name}" for name in values),
            "ExpressionAttributeValues": values,
        }
        return self._pages("look for the images of a recipe", query)

    def chosen_for(self, digest: str) -> Iterator[list[Image]]:
        """Images for which somebody chose the recipe of this digest, in no order; a page may be empty.

        Reads the whole table, a megabyte a page.
        """
        query: dict[str, Any] = {
            "FilterExpression": "chosen_recipe.digest = :digest",
            "ExpressionAttributeValues": {":digest": {"S": digest}},
        }
        return self._pages("look for the images that a recipe was chosen for", query)

    def ready_outside(self, bucket: str) -> Iterator[list[Image]]:
        """Ready images of other buckets, in no order; a page may be empty.

        Reads the whole table, a megabyte a page.
        """
        query: dict[str, Any] = {
            "FilterExpression": "#bucket <> :bucket AND #status = :ready",
            "ExpressionAttributeNames": {"#bucket": "bucket", "#status": "status"},
            "ExpressionAttributeValues": {":bucket": {"S": bucket}, ":ready": {"S": Status.READY.value}},
        }
        return self._pages("look for the images of adopted buckets", query)

    def unsettled(self) -> Iterator[Image]:
        """Records under way or failed, with a pending notice, superseded results to delete, or an alias that waits.

        Also those of deleted images whose removal is not counted. In no order.

        Reads the whole table, a megabyte a call: for reconcile alone.
        """
        query: dict[str, Any] = {
            "FilterExpression": (
                "#status = :queued OR #status = :processing OR #status = :failed "
                "OR attribute_exists(notice) OR attribute_exists(superseded) OR attribute_exists(alias_due) "
                "OR #status = :deleted AND attribute_not_exists(counted)"
            ),
            "ExpressionAttributeNames": {"#status": "status"},
            "ExpressionAttributeValues": {
                ":queued": {"S": Status.QUEUED.value},
                ":processing": {"S": Status.PROCESSING.value},
                ":failed": {"S": Status.FAILED.value},
                ":deleted": {"S": Status.DELETED.value},
            },
        }
        for page in self._pages("look through the image records", query):
            yield from page

    def _pages(self, what: str, query: dict[str, Any]) -> Iterator[list[Image]]:
        for answer in self._scan(what, query):
            yield [image_of(from_attributes(item)) for item in answer["Items"]]

    def _scan(self, what: str, query: dict[str, Any]) -> Iterator[Any]:
        return answers(self._client.scan, what, query | {"TableName": self._table})
