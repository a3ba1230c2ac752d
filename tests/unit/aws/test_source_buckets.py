"""The refusals of S3 for a bucket that pixelfleet does not own, with the answers that S3 sends over HTTP.

Answers: S3 API reference, "Error responses"; S3 user guide, "Making requests using the REST API" (redirects); IAM user
guide, "Troubleshoot access denied error messages".
"""

from typing import Any

import boto3
import pytest

from pixelfleet.aws.clients import Clients
from pixelfleet.aws.listing import Listings
from pixelfleet.aws.source_buckets import SourceBuckets
from pixelfleet.domain.archives import RestoreTier
from pixelfleet.errors import SetupError
from tests.fakes.answers import Answer, Answers

LISTED = Answer(200, "<ListBucketResult><KeyCount>0</KeyCount></ListBucketResult>")


def refusal(status: int, code: str, message: str = "no", fields: str = "", region: str = "") -> Answer:
    text = f"<Error><Code>{code}</Code><Message>{message}</Message>{fields}</Error>"
    return Answer(status, text, {"x-amz-bucket-region": region} if region else {})


def not_authorized(action: str, why: str = "because no identity-based policy allows the action") -> Answer:
    message = f"User: arn:aws:iam::123456789012:user/ana is not authorized to perform: {action} on resource: x {why}"
    return refusal(403, "AccessDenied", message)


@pytest.fixture
def client(server: Answers, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    return Clients("us-east-1", server.url).client("s3", s3={"addressing_style": "path"})


ELSEWHERE = "masters is in eu-south-1, and was asked for in us-east-1: set AWS_REGION=eu-south-1"
LIST = "S3 refuses access to masters: these credentials need s3:ListBucket on masters"
#: The answers of S3 to the first requests, and the message.
LISTS: list[tuple[list[Answer], str]] = [
    ([refusal(404, "NoSuchBucket")], "there is no bucket masters: compare the name with `aws s3 ls`"),
    ([refusal(403, "AccessDenied")], LIST),
    ([refusal(403, "AllAccessDisabled")], LIST),
    ([not_authorized("s3:ListBucket")], LIST),
    (
        [not_authorized("s3:ListBucket", "with an explicit deny in a VPC endpoint policy")],
        f"{LIST}. A policy denies it explicitly",
    ),
    ([refusal(403, "AccessDenied", region="eu-south-1")], ELSEWHERE),
    # The first answer is followed; the second answer is that of the other region.
    ([refusal(301, "PermanentRedirect", region="eu-south-1")], ELSEWHERE),
    (
        [refusal(400, "AuthorizationHeaderMalformed", fields="<Region>eu-south-1</Region>")],
        ELSEWHERE,
    ),
    (
        [refusal(400, "AuthorizationHeaderMalformed", "the region 'us-east-1' is wrong; expecting 'eu-south-1'")],
        ELSEWHERE,
    ),
    (
        [
            refusal(
                400,
                "IllegalLocationConstraintException",
                "The eu-south-1 location constraint is incompatible for the region specific endpoint this request was "
                "sent to.",
                region="eu-south-1",
            )
        ],
        ELSEWHERE,
    ),
]


@pytest.mark.parametrize(("answers", "message"), LISTS)
def test_a_bucket_that_cannot_be_listed_has_a_message_with_its_name_and_what_to_do(
    server: Answers, client: Any, answers: list[Answer], message: str
) -> None:
    server.answers = answers
    for check in (SourceBuckets(client).check_readable, SourceBuckets(client).check_listable):
        with pytest.raises(SetupError) as caught:
            check("masters", "scans/")
        assert str(caught.value).startswith(message)


def test_a_bucket_of_another_region_may_be_tried_out_and_not_adopted(server: Answers, client: Any) -> None:
    buckets = SourceBuckets(client)
    server.answers = [refusal(301, "PermanentRedirect", region="eu-south-1"), LISTED]
    buckets.check_listable("masters")
    server.answers = [LISTED, Answer(200, headers={"x-amz-bucket-region": "eu-south-1"})]
    with pytest.raises(SetupError, match="masters is in eu-south-1, and the deployment in us-east-1") as caught:
        buckets.check_readable("masters")
    assert "Adopt the bucket by a deployment in eu-south-1" in str(caught.value)


KMS = (
    "S3 refuses access to masters: its objects are encrypted by a key of KMS, and these credentials need kms:Decrypt "
    "on the key, which `aws s3api get-bucket-encryption --bucket masters` shows"
)
#: The answer of S3 for one object, and the reason.
OBJECTS = [
    (
        refusal(403, "AccessDenied"),
        "S3 refuses access to masters: these credentials need s3:GetObject on the objects of masters",
    ),
    (
        not_authorized("kms:Decrypt"),
        KMS,
    ),
    (refusal(404, "NoSuchKey"), "there is no such object; compare the key with `aws s3 ls`"),
    (
        refusal(403, "InvalidObjectState"),
        "it is archived: restore it first, as with `pixelfleet adopt --restore`",
    ),
]


@pytest.mark.parametrize(("answer", "reason"), OBJECTS)
def test_an_object_that_cannot_be_read_has_a_reason_with_what_to_do(
    server: Answers, client: Any, answer: Answer, reason: str, tmp_path: Any
) -> None:
    server.answers = [answer]
    for read in (
        lambda: SourceBuckets(client).first_bytes("masters", "a.tif", 9),
        lambda: SourceBuckets(client).download("masters", "a.tif", tmp_path / "a.tif"),
        lambda: Listings(client).open("masters", "a.tif"),
    ):
        with pytest.raises(SetupError) as caught:
            read()
        assert str(caught.value) == f"s3://masters/a.tif cannot be read: {reason}"


def test_a_restore_without_the_right_names_the_right(server: Answers, client: Any) -> None:
    server.answers = [Answer(200), refusal(403, "AccessDenied")]
    with pytest.raises(SetupError, match="need s3:RestoreObject on the objects of masters"):
        SourceBuckets(client).restore("masters", "a.tif", RestoreTier.BULK, 3)
