"""How S3 treats archived objects. The suite runs on the fake and on moto; the embedded cloud has no archives."""

import uuid
from typing import TYPE_CHECKING, Any

import pytest

from tests.s3_conformance import code_of

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

BULK: Any = {"Days": 2, "GlacierJobParameters": {"Tier": "Bulk"}}


class S3ArchiveConformance:
    @pytest.fixture
    def bucket(self, s3: "S3Client") -> str:
        name = f"b-{uuid.uuid4()}"
        s3.create_bucket(Bucket=name)
        for storage_class in ("STANDARD", "GLACIER", "DEEP_ARCHIVE", "GLACIER_IR"):
            body: Any = {"Body": b"bytes", "StorageClass": storage_class}
            s3.put_object(Bucket=name, Key=storage_class.lower(), **body)
        return name

    def finish(self, s3: Any, bucket: str, key: str) -> None:
        """End the restore of an object, as S3 does after some hours."""
        raise NotImplementedError

    @pytest.mark.parametrize("key", ["glacier", "deep_archive"])
    def test_an_archived_object_is_listed_and_described_and_not_read(
        self, s3: "S3Client", bucket: str, key: str
    ) -> None:
        assert code_of(s3.get_object, Bucket=bucket, Key=key) == "InvalidObjectState"
        assert s3.head_object(Bucket=bucket, Key=key)["StorageClass"] == key.upper()
        listed = {each["Key"]: each["StorageClass"] for each in s3.list_objects_v2(Bucket=bucket)["Contents"]}
        assert listed[key] == key.upper()

    def test_instant_retrieval_is_no_archive(self, s3: "S3Client", bucket: str) -> None:
        assert s3.get_object(Bucket=bucket, Key="glacier_ir")["Body"].read() == b"bytes"

    def test_a_restored_object_is_read_and_keeps_its_class_and_its_etag(self, s3: "S3Client", bucket: str) -> None:
        etag = s3.head_object(Bucket=bucket, Key="glacier")["ETag"]
        answer = s3.restore_object(Bucket=bucket, Key="glacier", RestoreRequest=BULK)
        assert answer["ResponseMetadata"]["HTTPStatusCode"] == 202
        self.finish(s3, bucket, "glacier")
        got = s3.get_object(Bucket=bucket, Key="glacier")
        assert (got["Body"].read(), got["ETag"], got["StorageClass"]) == (b"bytes", etag, "GLACIER")
        assert 'ongoing-request="false"' in got["Restore"]
        again = s3.restore_object(Bucket=bucket, Key="glacier", RestoreRequest=BULK)
        assert again["ResponseMetadata"]["HTTPStatusCode"] == 200

    def test_an_object_that_is_not_archived_is_not_restored(self, s3: "S3Client", bucket: str) -> None:
        refused = code_of(s3.restore_object, Bucket=bucket, Key="standard", RestoreRequest=BULK)
        assert refused == "InvalidObjectState"
