"""What `pixelfleet batch seal` costs for a large batch: CPU, time and memory of its own, on the fakes.

    python -m benchmarks.seal [--keys 100000]

Every key is in the listing, and every twenty-thousandth has a record of an older version. DynamoDB is the fake of the
tests, which answers at once: on AWS, a page of a hundred records takes some 10 ms, and eight threads read pages.
"""

import argparse
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

from pixelfleet.aws.listing import ListedObject
from pixelfleet.aws.objects import ObjectVersion
from pixelfleet.catalog.batches import Batches
from pixelfleet.catalog.dynamo import to_attributes
from pixelfleet.catalog.images import Images
from pixelfleet.catalog.items import image_item
from pixelfleet.catalog.schema import TABLES
from pixelfleet.operations.completion import seal
from pixelfleet.settings import Settings
from tests.fakes.dynamodb import FakeDynamoDb
from tests.fakes.records import image_of
from tests.process_memory import memory_of

OWNER, BATCH = "me", "b1"
#: Objects of one page of a listing (S3 API reference, ListObjectsV2).
PAGE = 1_000


class Bucket:
    """Lists the keys of the batch; the object of every twenty-thousandth key has changed."""

    def __init__(self, keys: list[str]) -> None:
        self._keys = keys

    def pages(self, *_: str) -> Iterator[list[ListedObject]]:
        now = datetime.now(UTC)
        for start in range(0, len(self._keys), PAGE):
            page = self._keys[start : start + PAGE]
            yield [ListedObject(key, _etag(start + number), 3_000_000, now) for number, key in enumerate(page)]

    def head(self, bucket: str, key: str) -> ObjectVersion:
        return ObjectVersion(bucket, key, None, "e2", 3_000_000)


def _etag(number: int) -> str:
    return "e1" if number % 20_000 else "e2"


def deployment_with(keys: int) -> Any:
    client: Any = FakeDynamoDb((table.name, table) for table in TABLES)
    images, batches = Images(client, "images", "batches"), Batches(client, "batches")
    batches.create(OWNER, BATCH)
    names = []
    for number in range(keys):
        image = image_of(OWNER, BATCH, number).model_copy(update={"etag": "e1"})
        names.append(image.key)
        client.put_item(TableName="images", Item=to_attributes(image_item(image)))
    bucket = Bucket(names)
    return SimpleNamespace(
        settings=Settings(uploads_bucket="pixelfleet-uploads"),
        images=images,
        batches=batches,
        listings=bucket,
        objects=bucket,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keys", type=int, default=100_000)
    keys = parser.parse_args().keys
    deployment = deployment_with(keys)
    before, began, cpu = memory_of("self", "VmRSS"), time.perf_counter(), time.process_time()
    batch, _ = seal(deployment, OWNER, BATCH)
    seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
    assert batch.expected == keys
    more = (memory_of("self") - before) / 1e6
    print(f"{keys:,} keys: {seconds:.1f} s, {cpu:.1f} s of CPU, {more:.0f} MB more")


if __name__ == "__main__":
    main()
