"""S3: removing originals, a thousand a call, whatever characters their keys have."""

import re
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from pixelfleet.aws.errors import translated
from pixelfleet.errors import TransientError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

#: Keys that one DeleteObjects call takes (S3 API reference).
DELETED_AT_ONCE: Final = 1_000
THREADS: Final = 8
#: Characters that XML 1.0 does not carry, or that a parser may change (XML 1.0, sections 2.2 and 2.11).
_NO_XML: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True, slots=True)
class NotRemoved:
    """An object that S3 did not remove, and its reason."""

    key: str
    reason: str


class Originals:
    """Any bucket of originals. In a versioned bucket a removal adds a delete marker; the versions stay."""

    def __init__(self, client: "S3Client") -> None:
        self._client = client

    def remove(self, bucket: str, keys: Iterable[str]) -> Iterator[tuple[int, list[NotRemoved]]]:
        """Remove objects; yields after each thousand how many of these were removed, and which were not.

        DeleteObjects sends keys as XML. Keys that XML cannot carry are removed one by one: the path of a URL carries
        every key.

        Raises:
            TransientError: S3 does not answer; the thousands before are removed.
        """
        waiting = iter(keys)
        while some := list(islice(waiting, DELETED_AT_ONCE)):
            plain = [key for key in some if not _NO_XML.search(key)]
            odd = [key for key in some if _NO_XML.search(key)]
            refused = self._remove_together(bucket, plain) + self._remove_singly(bucket, odd)
            yield len(some) - len(refused), refused

    def _remove_together(self, bucket: str, keys: list[str]) -> list[NotRemoved]:
        if not keys:
            return []
        objects: list[Any] = [{"Key": key} for key in keys]
        with translated(f"remove from {bucket}"):
            answer = self._client.delete_objects(Bucket=bucket, Delete={"Objects": objects, "Quiet": True})
        return [NotRemoved(str(error.get("Key")), str(error.get("Message"))) for error in answer.get("Errors", [])]

    def _remove_singly(self, bucket: str, keys: list[str]) -> list[NotRemoved]:
        def remove(key: str) -> NotRemoved | None:
            try:
                with translated(f"remove {key!r}"):
                    self._client.delete_object(Bucket=bucket, Key=key)
            except TransientError as error:
                return NotRemoved(key, error.message)
            return None

        with ThreadPoolExecutor(THREADS) as pool:
            return [refusal for refusal in pool.map(remove, keys) if refusal is not None]
