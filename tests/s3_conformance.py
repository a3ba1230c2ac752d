"""The S3 behaviour that pixelfleet needs. The suite runs on the fake, on moto and on the embedded cloud."""

import uuid
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from pixelfleet.aws.checksums import crc32_base64, crc32_of_parts
from pixelfleet.aws.errors import error_code

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


def code_of(call: Any, **request: Any) -> str:
    """The error code of a call that is refused."""
    with pytest.raises(ClientError) as refused:
        call(**request)
    return error_code(refused.value)


class S3Conformance:
    @pytest.fixture
    def bucket(self, s3: "S3Client") -> str:
        name = f"b-{uuid.uuid4()}"
        s3.create_bucket(Bucket=name)
        return name

    @pytest.fixture
    def versioned(self, s3: "S3Client", bucket: str) -> str:
        s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
        return bucket

    def test_an_object_comes_back_as_it_was_put(self, s3: "S3Client", bucket: str) -> None:
        put = s3.put_object(
            Bucket=bucket, Key="a b+c.jpg", Body=b"bytes", ContentType="image/jpeg", Metadata={"n": "1"}
        )
        got = s3.get_object(Bucket=bucket, Key="a b+c.jpg")
        head = s3.head_object(Bucket=bucket, Key="a b+c.jpg")
        assert got["Body"].read() == b"bytes"
        assert got["ETag"] == head["ETag"] == put["ETag"]
        assert (head["ContentLength"], head["ContentType"], head["Metadata"]) == (5, "image/jpeg", {"n": "1"})

    def test_equal_bytes_have_equal_etags(self, s3: "S3Client", bucket: str) -> None:
        etags = {s3.put_object(Bucket=bucket, Key=key, Body=b"same")["ETag"] for key in "ab"}
        assert len(etags) == 1

    def test_what_is_not_there_is_named_as_such(self, s3: "S3Client", bucket: str) -> None:
        assert code_of(s3.get_object, Bucket=bucket, Key="none") == "NoSuchKey"
        assert code_of(s3.head_object, Bucket=bucket, Key="none") == "404"

    def test_another_etag_than_the_pinned_one_is_refused(self, s3: "S3Client", bucket: str) -> None:
        old = s3.put_object(Bucket=bucket, Key="a", Body=b"old")["ETag"]
        s3.put_object(Bucket=bucket, Key="a", Body=b"new")
        assert code_of(s3.get_object, Bucket=bucket, Key="a", IfMatch=old) in {"PreconditionFailed", "412"}

    def test_a_conditional_delete_leaves_another_object(self, s3: "S3Client", versioned: str) -> None:
        """Amazon S3 user guide, "How to perform conditional deletes"."""
        old = s3.put_object(Bucket=versioned, Key="a", Body=b"old")["ETag"]
        new = s3.put_object(Bucket=versioned, Key="a", Body=b"new")["ETag"]
        deleted: Any = {"Bucket": versioned, "Key": "a"}
        assert code_of(s3.delete_object, **deleted, IfMatch=old) in {"PreconditionFailed", "412"}
        assert s3.head_object(Bucket=versioned, Key="a")["ETag"] == new
        assert s3.delete_object(**deleted, IfMatch=new)["DeleteMarker"] is True
        assert code_of(s3.delete_object, **deleted, IfMatch=new) in {"NoSuchKey", "404"}

    def test_a_copy_keeps_its_conditions_on_the_key_that_it_writes(self, s3: "S3Client", bucket: str) -> None:
        for key in ("new", "theirs"):
            s3.put_object(Bucket=bucket, Key=key, Body=key.encode())
        to: dict[str, Any] = {"Bucket": bucket, "CopySource": {"Bucket": bucket, "Key": "new"}}
        assert code_of(s3.copy_object, **to, Key="theirs", IfNoneMatch="*") == "PreconditionFailed"
        other = s3.head_object(Bucket=bucket, Key="new")["ETag"]
        assert code_of(s3.copy_object, **to, Key="theirs", IfMatch=other) == "PreconditionFailed"
        assert code_of(s3.copy_object, **to, Key="none", IfMatch=other) == "NoSuchKey"
        assert s3.get_object(Bucket=bucket, Key="theirs")["Body"].read() == b"theirs"
        s3.copy_object(**to, Key="free", IfNoneMatch="*")
        present = s3.head_object(Bucket=bucket, Key="theirs")["ETag"]
        s3.copy_object(**to, Key="theirs", IfMatch=present)
        assert {s3.get_object(Bucket=bucket, Key=key)["Body"].read() for key in ("free", "theirs")} == {b"new"}

    def test_an_unversioned_delete_removes_for_good(self, s3: "S3Client", bucket: str) -> None:
        s3.put_object(Bucket=bucket, Key="a", Body=b"x")
        s3.delete_object(Bucket=bucket, Key="a")
        s3.delete_object(Bucket=bucket, Key="a")
        assert "Contents" not in s3.list_objects_v2(Bucket=bucket)

    def test_each_put_makes_a_version_that_can_be_read(self, s3: "S3Client", versioned: str) -> None:
        first = s3.put_object(Bucket=versioned, Key="a", Body=b"one")["VersionId"]
        second = s3.put_object(Bucket=versioned, Key="a", Body=b"two")["VersionId"]
        assert first != second
        assert s3.get_object(Bucket=versioned, Key="a", VersionId=first)["Body"].read() == b"one"
        assert s3.head_object(Bucket=versioned, Key="a")["VersionId"] == second

    def test_a_versioned_delete_leaves_a_marker_and_the_versions(self, s3: "S3Client", versioned: str) -> None:
        version = s3.put_object(Bucket=versioned, Key="a", Body=b"one")["VersionId"]
        deleted = s3.delete_object(Bucket=versioned, Key="a")
        assert deleted["DeleteMarker"] is True
        assert code_of(s3.head_object, Bucket=versioned, Key="a") == "404"
        assert s3.get_object(Bucket=versioned, Key="a", VersionId=version)["Body"].read() == b"one"
        marker = deleted["VersionId"]
        assert code_of(s3.get_object, Bucket=versioned, Key="a", VersionId=marker) in {"MethodNotAllowed", "405"}

    def test_removing_the_marker_brings_the_object_back(self, s3: "S3Client", versioned: str) -> None:
        s3.put_object(Bucket=versioned, Key="a", Body=b"one")
        marker = s3.delete_object(Bucket=versioned, Key="a")["VersionId"]
        s3.delete_object(Bucket=versioned, Key="a", VersionId=marker)
        assert s3.get_object(Bucket=versioned, Key="a")["Body"].read() == b"one"

    def test_a_copy_of_an_old_version_is_the_newest_version_of_its_key(self, s3: "S3Client", versioned: str) -> None:
        old = s3.put_object(Bucket=versioned, Key="k", Body=b"old")["VersionId"]
        s3.delete_object(Bucket=versioned, Key="k")
        source: Any = {"Bucket": versioned, "Key": "k", "VersionId": old}
        # A key with a delete marker has no object (S3 user guide, "How to prevent object overwrites ...").
        copy = s3.copy_object(Bucket=versioned, Key="k", CopySource=source, IfNoneMatch="*")["VersionId"]
        taken = code_of(s3.copy_object, Bucket=versioned, Key="k", CopySource=source, IfNoneMatch="*")
        assert taken == "PreconditionFailed"
        assert (copy != old, s3.head_object(Bucket=versioned, Key="k")["VersionId"]) == (True, copy)
        assert s3.get_object(Bucket=versioned, Key="k")["Body"].read() == b"old"
        nothing: Any = {"Bucket": versioned, "Key": "nothing"}
        assert code_of(s3.copy_object, Bucket=versioned, Key="k", CopySource=nothing) == "NoSuchKey"

    def test_removing_the_newest_version_makes_the_one_before_current(self, s3: "S3Client", versioned: str) -> None:
        first = s3.put_object(Bucket=versioned, Key="a", Body=b"one")["VersionId"]
        second = s3.put_object(Bucket=versioned, Key="a", Body=b"two")["VersionId"]
        s3.delete_object(Bucket=versioned, Key="a", VersionId=second)
        assert s3.head_object(Bucket=versioned, Key="a")["VersionId"] == first

    def test_a_suspended_bucket_replaces_the_null_version_alone(self, s3: "S3Client", versioned: str) -> None:
        kept = s3.put_object(Bucket=versioned, Key="a", Body=b"kept")["VersionId"]
        s3.put_bucket_versioning(Bucket=versioned, VersioningConfiguration={"Status": "Suspended"})
        for body in (b"one", b"two"):
            s3.put_object(Bucket=versioned, Key="a", Body=body)
        versions = s3.list_object_versions(Bucket=versioned)["Versions"]
        assert sorted(version["VersionId"] for version in versions) == sorted([kept, "null"])
        assert s3.get_object(Bucket=versioned, Key="a")["Body"].read() == b"two"

    def test_a_listing_is_in_the_order_of_keys_and_goes_on_after_one(self, s3: "S3Client", bucket: str) -> None:
        for key in ("b/2", "a/1", "b/1", "c"):
            s3.put_object(Bucket=bucket, Key=key, Body=key.encode())
        assert [e["Key"] for e in s3.list_objects_v2(Bucket=bucket, Prefix="b/")["Contents"]] == ["b/1", "b/2"]
        assert [e["Key"] for e in s3.list_objects_v2(Bucket=bucket, StartAfter="b/1")["Contents"]] == ["b/2", "c"]
        pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, PaginationConfig={"PageSize": 1000})
        assert [e["Key"] for page in pages for e in page["Contents"]] == ["a/1", "b/1", "b/2", "c"]

    def test_many_objects_are_deleted_in_one_call(self, s3: "S3Client", bucket: str) -> None:
        for key in "abc":
            s3.put_object(Bucket=bucket, Key=key, Body=b"x")
        s3.delete_objects(
            Bucket=bucket, Delete={"Objects": [{"Key": "a"}, {"Key": "b"}, {"Key": "none"}], "Quiet": True}
        )
        assert [e["Key"] for e in s3.list_objects_v2(Bucket=bucket)["Contents"]] == ["c"]

    def test_many_conditional_deletes_leave_other_objects(self, s3: "S3Client", versioned: str) -> None:
        """Amazon S3 user guide, "How to perform conditional deletes"."""
        old = s3.put_object(Bucket=versioned, Key="a", Body=b"old")["ETag"]
        new = s3.put_object(Bucket=versioned, Key="a", Body=b"new")["ETag"]
        s3.put_object(Bucket=versioned, Key="b", Body=b"new")
        keys: list[Any] = [{"Key": "a", "ETag": old}, {"Key": "b", "ETag": new}, {"Key": "none", "ETag": new}]
        answer = s3.delete_objects(Bucket=versioned, Delete={"Objects": keys, "Quiet": True})
        codes = {error["Key"]: error["Code"] for error in answer["Errors"]}
        assert codes == {"a": "PreconditionFailed", "none": "NoSuchKey"}
        assert [e["Key"] for e in s3.list_objects_v2(Bucket=versioned)["Contents"]] == ["a"]

    def test_tags_are_read_back(self, s3: "S3Client", bucket: str) -> None:
        s3.put_object(Bucket=bucket, Key="a", Body=b"x", Tagging="own=1")
        assert s3.get_object_tagging(Bucket=bucket, Key="a")["TagSet"] == [{"Key": "own", "Value": "1"}]
        s3.put_object_tagging(Bucket=bucket, Key="a", Tagging={"TagSet": [{"Key": "other", "Value": "2"}]})
        assert s3.get_object_tagging(Bucket=bucket, Key="a")["TagSet"] == [{"Key": "other", "Value": "2"}]

    def test_a_copy_has_the_bytes_and_the_attributes_that_it_is_given(self, s3: "S3Client", bucket: str) -> None:
        s3.put_object(Bucket=bucket, Key="a", Body=b"pixels", ContentType="image/png", Metadata={"of": "a"})
        source: Any = {"Bucket": bucket, "Key": "a"}
        s3.copy_object(Bucket=bucket, Key="same", CopySource=source)
        s3.copy_object(
            Bucket=bucket,
            Key="other",
            CopySource=source,
            MetadataDirective="REPLACE",
            Metadata={"of": "other"},
            ContentType="image/x",
            TaggingDirective="REPLACE",
        )
        same, other = s3.head_object(Bucket=bucket, Key="same"), s3.head_object(Bucket=bucket, Key="other")
        assert (same["ContentType"], same["Metadata"], same["ContentLength"]) == ("image/png", {"of": "a"}, 6)
        assert (other["ContentType"], other["Metadata"], other["ETag"]) == ("image/x", {"of": "other"}, same["ETag"])
        missing: Any = {"Bucket": bucket, "Key": "no"}
        assert code_of(s3.copy_object, Bucket=bucket, Key="b", CopySource=missing) == "NoSuchKey"
        assert code_of(s3.copy_object, Bucket=f"no-{bucket}", Key="b", CopySource=source) == "NoSuchBucket"

    def test_a_checksum_that_does_not_match_is_refused(self, s3: "S3Client", bucket: str) -> None:
        wrong = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
        assert code_of(s3.put_object, Bucket=bucket, Key="a", Body=b"x", ChecksumSHA256=wrong) in {
            "BadDigest",
            "InvalidRequest",
            "XAmzContentSHA256Mismatch",
            "XAmzContentChecksumMismatch",
        }

    def test_parts_become_one_object_with_the_checksum_of_its_parts(self, s3: "S3Client", bucket: str) -> None:
        parts = [b"a" * (5 << 20), b"b"]
        upload: Any = self._begun(s3, bucket)
        put = [self._put(s3, upload, number, part) for number, part in enumerate(parts, 1)]
        listed = s3.list_parts(**upload)["Parts"]
        assert [(part["PartNumber"], part["Size"]) for part in listed] == [(1, 5 << 20), (2, 1)]
        assert [part["ETag"] for part in listed] == [part["ETag"] for part in put]
        whole = s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": put})
        head = s3.head_object(Bucket=bucket, Key="a", ChecksumMode="ENABLED")
        assert (head["ContentLength"], head["ETag"]) == ((5 << 20) + 1, whole["ETag"])
        assert whole["ETag"].strip('"').endswith("-2")
        assert head["ChecksumCRC32"] == crc32_of_parts(map(crc32_base64, parts))

    def test_an_upload_that_was_aborted_or_completed_takes_no_part(self, s3: "S3Client", bucket: str) -> None:
        aborted, completed = self._begun(s3, bucket), self._begun(s3, bucket)
        s3.abort_multipart_upload(**aborted)
        part = self._put(s3, completed, 1, b"x")
        s3.complete_multipart_upload(**completed, MultipartUpload={"Parts": [part]})
        for upload in (aborted, completed):
            assert code_of(self._put, s3=s3, upload=upload, number=2, body=b"y") == "NoSuchUpload"
            assert code_of(s3.list_parts, **upload) == "NoSuchUpload"

    def test_a_part_that_was_not_put_is_refused(self, s3: "S3Client", bucket: str) -> None:
        upload = self._begun(s3, bucket)
        wrong: Any = {"Parts": [{"PartNumber": 1, "ETag": '"0"', "ChecksumCRC32": "AAAAAA=="}]}
        assert code_of(s3.complete_multipart_upload, **upload, MultipartUpload=wrong) == "InvalidPart"

    def _begun(self, s3: "S3Client", bucket: str) -> Any:
        upload = s3.create_multipart_upload(Bucket=bucket, Key="a", ChecksumAlgorithm="CRC32", ChecksumType="COMPOSITE")
        return {"Bucket": bucket, "Key": "a", "UploadId": upload["UploadId"]}

    def _put(self, s3: "S3Client", upload: Any, number: int, body: bytes) -> Any:
        checksum = crc32_base64(body)
        put = s3.upload_part(**upload, PartNumber=number, Body=body, ChecksumCRC32=checksum)
        return {"PartNumber": number, "ETag": put["ETag"], "ChecksumCRC32": checksum}
