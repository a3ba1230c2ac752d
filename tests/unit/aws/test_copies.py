"""A copy to a new key never overwrites an object, in one call or in parts."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import boto3
import pytest
from moto import mock_aws

from pixelfleet.aws import copies as module
from pixelfleet.aws.copies import Copies, KeyTakenError
from pixelfleet.aws.objects import ObjectGoneError
from tests.fakes.moto_s3 import check_copies

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

BUCKET = "uploads"
BODY = b"a picture" * 800_000


@pytest.fixture
def s3() -> "Iterator[S3Client]":
    with mock_aws(config={"core": {"mock_credentials": True, "reset_boto3_session": True}}):
        check_copies()
        client = boto3.client("s3", region_name="us-east-1")
        client.create_bucket(Bucket=BUCKET)
        client.put_object(Bucket=BUCKET, Key="a", Body=BODY, ContentType="image/x", Metadata={"n": "1"})
        yield client


@pytest.fixture(params=["in one call", "in parts"])
def copies(request: pytest.FixtureRequest, s3: "S3Client", monkeypatch: pytest.MonkeyPatch) -> Copies:
    if request.param == "in parts":
        monkeypatch.setattr(module, "IN_ONE_CALL", 1_000)
        monkeypatch.setattr(module, "PART_BYTES", 6 * 1024**2)
    return Copies(s3)


def test_a_copy_to_a_free_key_has_bytes_type_and_metadata(s3: "S3Client", copies: Copies) -> None:
    copies.copy_to_new_key(BUCKET, "a", None, "b")
    copy = s3.get_object(Bucket=BUCKET, Key="b")
    assert (copy["Body"].read(), copy["ContentType"], copy["Metadata"]) == (BODY, "image/x", {"n": "1"})


def test_an_object_of_somebody_else_stays_and_no_upload_is_left_over(s3: "S3Client", copies: Copies) -> None:
    s3.put_object(Bucket=BUCKET, Key="b", Body=b"theirs")
    with pytest.raises(KeyTakenError):
        copies.copy_to_new_key(BUCKET, "a", None, "b")
    assert s3.get_object(Bucket=BUCKET, Key="b")["Body"].read() == b"theirs"
    assert "Uploads" not in s3.list_multipart_uploads(Bucket=BUCKET)


def test_a_source_that_is_gone_is_named_so(copies: Copies) -> None:
    with pytest.raises(ObjectGoneError):
        copies.copy_to_new_key(BUCKET, "none", None, "b")
