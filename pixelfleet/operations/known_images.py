"""Whether an owner has some bytes already, as an image that is ready or being processed again.

Costs for one file: a query of one index page (half a read unit). For known bytes also the records of the candidates (a
call of at most `MOST_CANDIDATES` records) and a HEAD of one object, usually. None of these grows with the number of the
owner's images.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from pixelfleet.aws.objects import ObjectVersion
from pixelfleet.deployment import Deployment
from pixelfleet.domain.records import Image, Status
from pixelfleet.errors import RefusedError, SetupError
from pixelfleet.uploads.known import KnownImage

#: Images with the same bytes that are looked at. If all of them are deleted or failed, the bytes count as unknown: the
#: file is then uploaded once more, which loses nothing.
MOST_CANDIDATES: Final = 25
_KNOWN: Final = frozenset({Status.QUEUED, Status.PROCESSING, Status.READY})


@dataclass(frozen=True, slots=True)
class KnownImages:
    """The images of one owner, looked up by the SHA-256 of their originals."""

    deployment: Deployment
    owner: str

    def __call__(self, sha256: str, key: str = "") -> KnownImage | None:
        """An image with these bytes whose object is in the bucket now; the image with this key first.

        An image is found from the moment at which it is first ready: before, no record has its digest. A removal of an
        object whose event is still on its way is noticed by the HEAD of the object.

        Raises:
            TransientError: DynamoDB or S3 does not answer.
            SetupError: these credentials may not read the index, or the objects of the uploads bucket.
        """
        try:
            return next(self._present(sha256, key), None)
        except RefusedError as error:
            why = error.__cause__ or error
            raise SetupError(f"known files cannot be looked up: {why}; leave --skip-known out, or allow it") from error

    def _present(self, sha256: str, key: str) -> Iterator[KnownImage]:
        ids = self.deployment.images.with_digest(self.owner, sha256, MOST_CANDIDATES)
        records = self.deployment.images.get_many(ids).values() if ids else ()
        for image in _in_order(records, key):
            if not has_bytes(image, sha256):
                continue
            stored = self._stored(image)
            if stored is not None and image.etag is not None and stored.etag == image.etag:
                yield KnownImage(image.key, image.etag)

    def _stored(self, image: Image) -> ObjectVersion | None:
        """The object of an image; None also in an adopted bucket that these credentials may not read."""
        try:
            return self.deployment.objects.head(image.bucket, image.key)
        except RefusedError:
            if image.bucket == self.deployment.settings.uploads_bucket:
                raise
            return None


def has_bytes(image: Image, sha256: str) -> bool:
    """Whether a record stands for an image with these bytes that is ready, or that is being processed again.

    The digest of a record is of the last processed version of the object. While a newer version is being processed, the
    digest is of other bytes.
    """
    current = image.revision_source is not None and image.revision_source == image.source_version
    return image.sha256 == sha256 and image.status in _KNOWN and current


def may_be_own_copy(present: ObjectVersion | None, image: Image) -> bool:
    """Whether the object that refuses a copy of an image to its key may be that copy: the client repeats a call whose
    answer is lost, and S3 then says that the key is taken.

    S3 gives the copy of an original that was uploaded in parts, and every copy that is encrypted by KMS, another ETag
    than its source, so the size decides.
    """
    if present is None:
        return False
    return (present.etag is not None and present.etag == image.etag) or present.bytes == image.bytes


def _in_order(images: Iterable[Image], key: str) -> list[Image]:
    return sorted(images, key=lambda image: (image.key != key, image.uploaded_at, image.image_id))
