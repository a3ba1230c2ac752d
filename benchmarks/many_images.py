"""A million image records in seconds: the items of a fake DynamoDB, made when they are read.

Every item is equal to what the catalog would have written for `image_of` of the same number. Only its id, its path and
its times are put into the text of one of `PATTERN` items; the index entries of all items are there from the beginning.
"""

import json
from collections import defaultdict
from collections.abc import Callable, Iterator, MutableMapping
from datetime import timedelta
from functools import lru_cache
from typing import Any, Final

from pixelfleet.catalog.dynamo import to_attributes
from pixelfleet.catalog.items import image_item, index_shard
from pixelfleet.catalog.schema import BY_BATCH, BY_FAILURE, BY_OWNER
from pixelfleet.domain.keys import image_id
from pixelfleet.domain.records import Image, timestamp
from tests.fakes.dynamodb import Key, Place
from tests.fakes.dynamodb_expressions import Attributes
from tests.fakes.records import BEGINNING

#: After so many numbers, status, cause and batch of `numbered` repeat.
PATTERN: Final = 40
#: Items that are kept once they are made: more than one page reads.
KEPT: Final = 20_000


class ManyImages(MutableMapping[Key, Attributes]):
    """The items of images 0 to `count`, as `numbered` makes them, and whatever is written afterwards."""

    def __init__(self, count: int, numbered: Callable[[int], Image]) -> None:
        self._patterns = [_Pattern(numbered(number)) for number in range(PATTERN)]
        self._bucket = numbered(0).bucket
        self._numbers: dict[str, int] = {self._facts(number)[0]: number for number in range(count)}
        self._written: dict[Key, Attributes] = {}
        self._made = lru_cache(KEPT)(self._make)

    def __getitem__(self, key: Key) -> Attributes:
        if key in self._written:
            return self._written[key]
        return self._made(self._numbers[key[0]])

    def __setitem__(self, key: Key, item: Attributes) -> None:
        self._numbers.pop(key[0], None)
        self._written[key] = item

    def __delitem__(self, key: Key) -> None:
        if self._numbers.pop(key[0], None) is None:
            del self._written[key]
        else:
            self._written.pop(key, None)

    def __iter__(self) -> Iterator[Key]:
        yield from ((one, "") for one in self._numbers)
        yield from self._written

    def __len__(self) -> int:
        return len(self._numbers) + len(self._written)

    def places(self) -> Iterator[Place]:
        """The entries of the three indexes of images."""
        lists: dict[tuple[str, str], dict[tuple[str, Key], Key]] = defaultdict(dict)
        for its_id, number in self._numbers.items():
            key, shard = (its_id, ""), index_shard(its_id)
            for index, group, sort in self._patterns[number % PATTERN].entries(*self._facts(number)):
                lists[index, f"{group}#{shard}"][sort, key] = key
        yield from lists.items()

    def _facts(self, number: int) -> tuple[str, str, str]:
        """Id, path and time of an image; see `tests.fakes.records.image_of`."""
        path = f"{number % 7}/IMG_{number:06}.jpg"
        key = self._patterns[number % PATTERN].prefix + path
        return image_id(self._bucket, key), path, timestamp(BEGINNING + timedelta(seconds=number))

    def _make(self, number: int) -> Attributes:
        return self._patterns[number % PATTERN].item(*self._facts(number))


class _Pattern:
    """The item of one image as text, in which the id, the path and the time of another can be put."""

    def __init__(self, image: Image) -> None:
        self._image = image
        self.prefix = image.key.removesuffix(image.path)
        self._text = json.dumps(to_attributes(image_item(image)))

    def item(self, its_id: str, path: str, at: str) -> Attributes:
        image = self._image
        text = self._text.replace(image.image_id, its_id).replace(image.path, path).replace(image.uploaded_at, at)
        item: dict[str, Any] = json.loads(text)
        for name in ("owner_shard", "batch_shard", "failure_shard"):
            if name in item:
                group = item[name]["S"].rpartition("#")[0]
                item[name] = {"S": f"{group}#{index_shard(its_id)}"}
        return item

    def entries(self, its_id: str, path: str, at: str) -> Iterator[tuple[str, str, str]]:
        """Index, group without its shard, and range key of each index entry."""
        image = self._image
        yield BY_OWNER.name, image.owner, f"{at}#{its_id}"
        yield BY_BATCH.name, f"{image.owner}/{image.batch}", f"{image.status}#{path}"
        if image.cause is not None:
            yield BY_FAILURE.name, "failed", f"{image.cause}#{at}#{its_id}"
