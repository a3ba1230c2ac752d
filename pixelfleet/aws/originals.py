"""S3: removing originals, a thousand a call, whatever characters their keys have.

An original is removed on the condition that it has the known ETag (S3 user guide, "How to perform conditional
deletes").
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from pixelfleet.aws.errors import error_code, translated
from pixelfleet.aws.objects import MISSING, OTHER_OBJECT
from pixelfleet.errors import TransientError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

#: Keys that one DeleteObjects call takes (S3 API reference).
DELETED_AT_ONCE: Final = 1_000
THREADS: Final = 8
#: The reason of a key whose object has another ETag than the known one.
OTHER_FILE: Final = "another file was uploaded under this name; wait until it is processed, then remove it"
#: Characters that XML 1.0 does not carry, or that a parser may change (XML 1.0, sections 2.2 and 2.11).
_NO_XML: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True, slots=True)
class NotRemoved:
    """An object that S3 did not remove, and its reason."""

    key: str
    reason: str


@dataclass(frozen=True, slots=True)
class Original:
    """A key, and the ETag of the object that is to be removed; None for any object."""

    key: str
    etag: str | None


@dataclass(slots=True)
class Removed:
    """The number of keys without an object now, the keys that had none before, and the objects that stay."""

    number: int = 0
    missing: list[str] = field(default_factory=list)
    refused: list[NotRemoved] = field(default_factory=list)

    def note(self, key: str, code: str, message: str) -> None:
        """Note S3's error for one of the counted keys."""
        if code in MISSING:
            self.missing.append(key)
            return
        self.number -= 1
        self.refused.append(NotRemoved(key, OTHER_FILE if code in OTHER_OBJECT else message))


class Originals:
    """Any bucket of originals. In a versioned bucket a removal adds a delete marker; the versions stay."""

    def __init__(self, client: "S3Client") -> None:
        self._client = client

    def remove(self, bucket: str, originals: Iterable[Original]) -> Iterator[Removed]:
        """Remove objects; yields the outcome of each thousand. An object with another ETag stays.

        DeleteObjects sends keys as XML. Keys that XML cannot carry are removed one by one: the path of a URL carries
        every key.

        Raises:
            TransientError: S3 does not answer; the thousands before are removed.
        """
        waiting = iter(originals)
        while some := list(islice(waiting, DELETED_AT_ONCE)):
            removed = Removed(len(some))
            self._remove_together(bucket, [one for one in some if not _NO_XML.search(one.key)], removed)
            self._remove_singly(bucket, [one for one in some if _NO_XML.search(one.key)], removed)
            yield removed

    def _remove_together(self, bucket: str, originals: Sequence[Original], removed: Removed) -> None:
        if not originals:
            return
        objects: list[Any] = [
            {"Key": one.key} | ({"ETag": f'"{one.etag}"'} if one.etag is not None else {}) for one in originals
        ]
        with translated(f"remove from {bucket}"):
            answer = self._client.delete_objects(Bucket=bucket, Delete={"Objects": objects, "Quiet": True})
        for error in answer.get("Errors", []):
            self._note(bucket, removed, str(error.get("Key")), str(error.get("Code")), str(error.get("Message")))

    def _remove_singly(self, bucket: str, originals: Sequence[Original], removed: Removed) -> None:
        def remove(one: Original) -> tuple[str, str, str] | None:
            condition: Any = {"IfMatch": f'"{one.etag}"'} if one.etag is not None else {}
            try:
                with translated(f"remove {one.key!r}"):
                    try:
                        self._client.delete_object(Bucket=bucket, Key=one.key, **condition)
                    except ClientError as error:
                        if error_code(error) not in MISSING | OTHER_OBJECT:
                            raise
                        return one.key, error_code(error), ""
            except TransientError as error:
                return one.key, "", error.message
            return None

        with ThreadPoolExecutor(THREADS) as pool:
            for refusal in pool.map(remove, originals):
                if refusal is not None:
                    self._note(bucket, removed, *refusal)

    def _note(self, bucket: str, removed: Removed, key: str, code: str, message: str) -> None:
        """Note S3's error. An earlier try of the call may have removed the object, and its answer was lost: S3 may then
        refuse the condition, and the key has no object."""
        missing = code in OTHER_OBJECT and self._is_missing(bucket, key)
        removed.note(key, "NoSuchKey" if missing else code, message)

    def _is_missing(self, bucket: str, key: str) -> bool:
        with translated(f"look at {key!r}"):
            try:
                self._client.head_object(Bucket=bucket, Key=key)
            except ClientError as error:
                return error_code(error) in MISSING
        return False
