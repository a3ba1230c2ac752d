"""S3 in memory, with a boto3 client's answers and the event notifications of the real service.

Rules: Amazon S3 user guide, "Using versioning in S3 buckets", "Event notification types", "Event message structure".
A bucket is unversioned, versioned (`Enabled`) or `Suspended`. The fake keeps every version of each key, newest last.
The conformance suite is tests/s3_conformance.py; the embedded cloud passes the same suite.
"""

import base64
import hashlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, Final

from botocore.exceptions import ClientError

from tests.fakes import s3_archives
from tests.fakes.errors import aws_error
from tests.fakes.s3_bucket import NULL, FakeBucket, StoredVersion
from tests.fakes.s3_events import EventSink, event_record
from tests.fakes.s3_paginator import PageReader
from tests.fakes.s3_uploads import UploadsInParts

#: Most keys of one DeleteObjects call, and of one page of a listing (S3 API reference).
MOST_KEYS: Final = 1_000
MOST_TAGS: Final = 10


class FakeS3:
    """One account's buckets. `clock` returns epoch seconds; `on_event` receives each event record and its bucket."""

    def __init__(self, clock: Callable[[], float] = time.time, on_event: EventSink | None = None) -> None:
        self._clock = clock
        self._on_event = on_event
        self._buckets: dict[str, FakeBucket] = {}
        self.uploads_in_parts = UploadsInParts()
        self.meta = SimpleNamespace(region_name="us-east-1")

    def bucket(self, name: str) -> FakeBucket:
        """The bucket, for assertions.

        Raises:
            ClientError: NoSuchBucket.
        """
        if name not in self._buckets:
            raise aws_error("NoSuchBucket", 404, "S3")
        return self._buckets[name]

    def has_bucket(self, name: str) -> bool:
        """Whether there is a bucket of this name, for assertions."""
        return name in self._buckets

    def create_bucket(self, *, Bucket: str, **_: Any) -> dict[str, Any]:
        self._buckets.setdefault(Bucket, FakeBucket(Bucket))
        return {"Location": f"/{Bucket}"}

    def head_bucket(self, *, Bucket: str) -> dict[str, Any]:
        if Bucket not in self._buckets:
            raise aws_error("404", 404, "HeadBucket", "Not Found")
        return {"BucketRegion": "us-east-1"}

    def put_bucket_versioning(self, *, Bucket: str, VersioningConfiguration: Mapping[str, str]) -> dict[str, Any]:
        self.bucket(Bucket).versioning = VersioningConfiguration["Status"]
        return {}

    def put_object(self, *, Bucket: str, Key: str, Body: Any = b"", **options: Any) -> dict[str, Any]:
        body = Body if isinstance(Body, bytes) else bytes(Body.read() if hasattr(Body, "read") else Body)
        digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
        if options.get("ChecksumSHA256", digest) != digest:
            raise aws_error("BadDigest", 400, "PutObject")
        bucket = self.bucket(Bucket)
        _check_conditions("PutObject", bucket.current(Key), options)
        stored = bucket.put(Key, body, self._now(), options)
        self._send_event(bucket, "ObjectCreated:Put", stored)
        answer = {"ETag": f'"{stored.etag}"', "ChecksumSHA256": digest}
        return answer | ({"VersionId": stored.version_id} if bucket.versioning else {})

    def create_multipart_upload(self, *, Bucket: str, Key: str, **options: Any) -> dict[str, Any]:
        self.bucket(Bucket)
        return {"UploadId": self.uploads_in_parts.begin(Bucket, Key, options)}

    def upload_part(
        self, *, Bucket: str, Key: str, UploadId: str, PartNumber: int, Body: Any, ChecksumCRC32: str
    ) -> dict[str, Any]:
        upload = self.uploads_in_parts.upload("UploadPart", Key, UploadId)
        return self.uploads_in_parts.put_part(upload, PartNumber, bytes(Body), ChecksumCRC32)

    def list_parts(self, *, Bucket: str, Key: str, UploadId: str) -> dict[str, Any]:
        upload = self.uploads_in_parts.upload("ListParts", Key, UploadId)
        return {"Parts": self.uploads_in_parts.listed(upload), "IsTruncated": False}

    def complete_multipart_upload(
        self, *, Bucket: str, Key: str, UploadId: str, MultipartUpload: Mapping[str, Any]
    ) -> dict[str, Any]:
        upload = self.uploads_in_parts.upload("CompleteMultipartUpload", Key, UploadId)
        body, etag, checksum = self.uploads_in_parts.joined(upload, MultipartUpload["Parts"])
        self.uploads_in_parts.forget(UploadId)
        bucket = self.bucket(Bucket)
        stored = bucket.put(Key, body, self._now(), upload.options)
        stored.etag, stored.crc32 = etag, checksum
        self._send_event(bucket, "ObjectCreated:CompleteMultipartUpload", stored)
        answer = {"ETag": f'"{etag}"', "ChecksumCRC32": checksum}
        return answer | ({"VersionId": stored.version_id} if bucket.versioning else {})

    def abort_multipart_upload(self, *, Bucket: str, Key: str, UploadId: str) -> dict[str, Any]:
        self.uploads_in_parts.upload("AbortMultipartUpload", Key, UploadId)
        self.uploads_in_parts.forget(UploadId)
        return {}

    def head_object(self, *, Bucket: str, Key: str, VersionId: str | None = None, **_: Any) -> dict[str, Any]:
        return self._description(self._readable("HeadObject", Bucket, Key, VersionId), self.bucket(Bucket))

    def get_object(
        self,
        *,
        Bucket: str,
        Key: str,
        VersionId: str | None = None,
        IfMatch: str | None = None,
        Range: str = "",
        **_: Any,
    ) -> dict[str, Any]:
        stored = self._readable("GetObject", Bucket, Key, VersionId)
        if IfMatch is not None and IfMatch.strip('"') != stored.etag:
            raise aws_error("PreconditionFailed", 412, "GetObject")
        s3_archives.check_readable(stored, self._now(), "GetObject")
        body = stored.body
        if Range:
            first, last = Range.removeprefix("bytes=").split("-")
            if int(first) >= len(body):
                raise aws_error("InvalidRange", 416, "GetObject")
            body = body[int(first) : int(last) + 1]
        return self._description(stored, self.bucket(Bucket)) | {"Body": _Body(body), "ContentLength": len(body)}

    def copy_object(
        self, *, Bucket: str, Key: str, CopySource: Mapping[str, str], MetadataDirective: str = "COPY", **options: Any
    ) -> dict[str, Any]:
        source = self._readable("CopyObject", CopySource["Bucket"], CopySource["Key"], CopySource.get("VersionId"))
        if s3_archives.is_archived(source, self._now()):
            raise aws_error("ObjectNotInActiveTierError", 403, "CopyObject")
        bucket = self.bucket(Bucket)
        _check_conditions("CopyObject", bucket.current(Key), options)
        if MetadataDirective == "COPY":
            options |= {"ContentType": source.content_type, "Metadata": source.metadata}
        stored = bucket.put(Key, source.body, self._now(), options)
        self._send_event(bucket, "ObjectCreated:Copy", stored)
        answer: dict[str, Any] = {"CopyObjectResult": {"ETag": f'"{stored.etag}"'}}
        return answer | ({"VersionId": stored.version_id} if bucket.versioning else {})

    def restore_object(
        self, *, Bucket: str, Key: str, RestoreRequest: Mapping[str, Any], VersionId: str | None = None
    ) -> dict[str, Any]:
        stored = self._readable("RestoreObject", Bucket, Key, VersionId)
        status = s3_archives.begin(stored, RestoreRequest, self._now())
        if status == 202:
            self._send_event(self.bucket(Bucket), "ObjectRestore:Post", stored)
        return {"ResponseMetadata": {"HTTPStatusCode": status}}

    def finish_restore(self, bucket_name: str, key: str) -> None:
        """End the restore of the key's object, as S3 does some hours after the request."""
        bucket = self.bucket(bucket_name)
        stored = self._readable("RestoreObject", bucket_name, key, None)
        s3_archives.finish(stored, self._now())
        self._send_event(bucket, "ObjectRestore:Completed", stored)

    def archive(self, bucket_name: str, key: str, tier: str) -> None:
        """Move the key's object to an archive tier of INTELLIGENT_TIERING."""
        stored = self._readable("Archive", bucket_name, key, None)
        stored.storage_class, stored.archive_tier = "INTELLIGENT_TIERING", tier

    def delete_object(
        self, *, Bucket: str, Key: str, VersionId: str | None = None, IfMatch: str | None = None, **_: Any
    ) -> dict[str, Any]:
        bucket = self.bucket(Bucket)
        if IfMatch is not None:
            current = bucket.current(Key)
            if current is None:
                raise aws_error("NoSuchKey", 404, "DeleteObject")
            if current.etag != IfMatch.strip('"'):
                raise aws_error("PreconditionFailed", 412, "DeleteObject")
        if VersionId is not None:
            removed = bucket.remove_version(Key, VersionId)
            if removed is not None:
                self._send_event(bucket, "ObjectRemoved:Delete", removed)
            return {"VersionId": VersionId} | ({"DeleteMarker": True} if removed and removed.is_marker else {})
        return self._deleted(bucket, Key, "ObjectRemoved")

    def delete_objects(self, *, Bucket: str, Delete: Mapping[str, Any], **_: Any) -> dict[str, Any]:
        entries = Delete["Objects"]
        if not 0 < len(entries) <= MOST_KEYS or any(_breaks_xml(entry["Key"]) for entry in entries):
            raise aws_error("MalformedXML", 400, "DeleteObjects")
        deleted, errors = [], []
        for entry in entries:
            which = {"VersionId": entry["VersionId"]} if "VersionId" in entry else {}
            which |= {"IfMatch": entry["ETag"]} if "ETag" in entry else {}
            try:
                self.delete_object(Bucket=Bucket, Key=entry["Key"], **which)
                deleted.append({"Key": entry["Key"]})
            except ClientError as error:
                errors.append({"Key": entry["Key"], "Code": error.response["Error"]["Code"], "Message": str(error)})
        return ({} if Delete.get("Quiet") else {"Deleted": deleted}) | ({"Errors": errors} if errors else {})

    def list_objects_v2(
        self,
        *,
        Bucket: str,
        Prefix: str = "",
        StartAfter: str = "",
        ContinuationToken: str = "",
        MaxKeys: int = MOST_KEYS,
        OptionalObjectAttributes: Sequence[str] = (),
        **_: Any,
    ) -> dict[str, Any]:
        bucket, now = self.bucket(Bucket), self._now()
        after = ContinuationToken or StartAfter
        # S3 lists keys in the order of their UTF-8 bytes.
        keys = [k for k in sorted(bucket.keys, key=str.encode) if k.startswith(Prefix) and k.encode() > after.encode()]
        current = [stored for key in keys if (stored := bucket.current(key)) is not None]
        page, rest = current[:MaxKeys], current[MaxKeys:]
        answer: dict[str, Any] = {"KeyCount": len(page), "IsTruncated": bool(rest)}
        if page:
            answer["Contents"] = [
                {"Key": s.key, "ETag": f'"{s.etag}"', "Size": len(s.body), "LastModified": s.modified}
                | s3_archives.listed(s, now, OptionalObjectAttributes)
                for s in page
            ]
        return answer | ({"NextContinuationToken": page[-1].key} if rest else {})

    def list_object_versions(self, *, Bucket: str, Prefix: str = "", **_: Any) -> dict[str, Any]:
        bucket = self.bucket(Bucket)
        versions: list[Any] = []
        markers: list[Any] = []
        for key in sorted(bucket.keys, key=str.encode):
            if key.startswith(Prefix):
                for stored in reversed(bucket.versions(key)):
                    line = {"Key": key, "VersionId": stored.version_id, "LastModified": stored.modified}
                    line["IsLatest"] = stored is bucket.versions(key)[-1]
                    size = {"ETag": f'"{stored.etag}"', "Size": len(stored.body)}
                    (markers if stored.is_marker else versions).append(line if stored.is_marker else line | size)
        return {"Versions": versions, "DeleteMarkers": markers, "IsTruncated": False}

    def get_object_tagging(self, *, Bucket: str, Key: str, VersionId: str | None = None) -> dict[str, Any]:
        stored = self._readable("GetObjectTagging", Bucket, Key, VersionId)
        return {"TagSet": [{"Key": name, "Value": value} for name, value in stored.tags.items()]}

    def put_object_tagging(
        self,
        *,
        Bucket: str,
        Key: str,
        Tagging: Mapping[str, Any],
        VersionId: str | None = None,
    ) -> dict[str, Any]:
        if len(Tagging["TagSet"]) > MOST_TAGS:
            raise aws_error("BadRequest", 400, "PutObjectTagging", "Object tags cannot be greater than 10")
        stored = self._readable("PutObjectTagging", Bucket, Key, VersionId)
        stored.tags = {tag["Key"]: tag["Value"] for tag in Tagging["TagSet"]}
        return {}

    def get_paginator(self, operation: str) -> PageReader:
        return PageReader(getattr(self, operation))

    def expire(self, bucket_name: str, key: str) -> None:
        """Apply a lifecycle expiration rule to the key. The effect is a delete with another event name."""
        bucket = self.bucket(bucket_name)
        if bucket.current(key) is not None:
            self._deleted(bucket, key, "LifecycleExpiration")

    def expire_noncurrent(self, bucket_name: str, key: str, version_id: str) -> None:
        """Apply a NoncurrentVersionExpiration rule to an old version. S3 sends a LifecycleExpiration:Delete event."""
        bucket = self.bucket(bucket_name)
        versions = bucket.versions(key)
        if versions and versions[-1].version_id != version_id:
            removed = bucket.remove_version(key, version_id)
            if removed is not None:
                self._send_event(bucket, "LifecycleExpiration:Delete", removed)

    def _deleted(self, bucket: FakeBucket, key: str, family: str) -> dict[str, Any]:
        marker, removed = bucket.delete(key, self._now())
        if marker is not None:
            self._send_event(bucket, f"{family}:DeleteMarkerCreated", marker)
            return {"DeleteMarker": True, "VersionId": marker.version_id}
        if removed is not None:
            self._send_event(bucket, f"{family}:Delete", removed)
        return {}

    def _send_event(self, bucket: FakeBucket, name: str, stored: StoredVersion) -> None:
        if self._on_event is not None:
            self._on_event(bucket.name, event_record(bucket, name, stored, self._now()))

    def _readable(self, operation: str, bucket_name: str, key: str, version_id: str | None) -> StoredVersion:
        bucket = self.bucket(bucket_name)
        stored = bucket.version(key, version_id) if version_id else bucket.current(key)
        if stored is None and operation == "HeadObject":
            raise aws_error("404", 404, operation, "Not Found")
        if stored is None:
            raise aws_error("NoSuchVersion" if version_id else "NoSuchKey", 404, operation)
        if stored.is_marker:
            raise aws_error("405" if operation == "HeadObject" else "MethodNotAllowed", 405, operation)
        return stored

    def _description(self, stored: StoredVersion, bucket: FakeBucket) -> dict[str, Any]:
        answer: dict[str, Any] = {
            "ETag": f'"{stored.etag}"',
            "ContentLength": len(stored.body),
            "ContentType": stored.content_type,
            "LastModified": stored.modified,
            "Metadata": dict(stored.metadata),
        } | s3_archives.headers(stored, self._now())
        if stored.crc32:
            answer["ChecksumCRC32"] = stored.crc32
        else:
            answer["ChecksumSHA256"] = base64.b64encode(hashlib.sha256(stored.body).digest()).decode()
        return answer | ({"VersionId": stored.version_id} if bucket.versioning else {})

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._clock(), UTC)


class _Body:
    """A StreamingBody over bytes in memory."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def read(self) -> bytes:
        content, self._content = self._content, b""
        return content

    def iter_chunks(self, size: int = 1024) -> Iterator[bytes]:
        while self._content:
            chunk, self._content = self._content[:size], self._content[size:]
            yield chunk

    def close(self) -> None:
        self._content = b""


def _breaks_xml(key: str) -> bool:
    """Whether XML 1.0 cannot represent the key: most control characters (XML 1.0, section 2.2)."""
    return any(character < " " and character not in "\t\n\r" for character in key)


__all__ = ["NULL", "FakeS3"]


def _check_conditions(operation: str, present: Any, options: Mapping[str, Any]) -> None:
    """As S3 user guide, "How to prevent object overwrites with conditional writes": If-None-Match takes `*` alone."""
    if (none_match := options.get("IfNoneMatch")) is not None:
        if none_match != "*":
            raise aws_error("NotImplemented", 501, operation)
        if present is not None:
            raise aws_error("PreconditionFailed", 412, operation)
    if (match := options.get("IfMatch")) is not None:
        if present is None:
            raise aws_error("NoSuchKey", 404, operation)
        if match.strip('"') != present.etag:
            raise aws_error("PreconditionFailed", 412, operation)
