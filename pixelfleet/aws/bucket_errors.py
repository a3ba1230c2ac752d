"""S3's refusals that concern a whole bucket, in words: which bucket, which right or region is wrong, and what to do.

Forms: S3 API reference, "Error responses". The answer to a HEAD has no body; every answer of S3 about a bucket has its
region in the header `x-amz-bucket-region`.
"""

import re
from typing import Final

from botocore.exceptions import ClientError

from pixelfleet.aws.errors import error_code
from pixelfleet.errors import SetupError

_REFUSED: Final = frozenset({"403", "AccessDenied", "AllAccessDisabled"})
_ABSENT: Final = frozenset({"NoSuchBucket"})
_ELSEWHERE: Final = frozenset({
    "301", "307", "PermanentRedirect", "TemporaryRedirect", "AuthorizationHeaderMalformed",
    "IllegalLocationConstraintException",
})  # fmt: skip
_OF_OBJECTS: Final = {
    "NoSuchKey": "there is no such object; compare the key with `aws s3 ls`",
    "InvalidObjectState": "it is archived: restore it first, as with `pixelfleet adopt --restore`",
}
#: IAM user guide, "Troubleshoot access denied error messages": the answer names the action, and the KMS key.
_ACTION: Final = re.compile(r"not authorized to perform: (?P<action>[a-z0-9-]+:[A-Za-z]+)")
#: Where the message of an answer has the region of the bucket. `unspecified` is the oldest region.
_REGION: Final = re.compile(r"The (?P<given>[a-z0-9-]+) location constraint|expecting '(?P<signed>[a-z0-9-]+)'")
_FIRST_REGION: Final = "us-east-1"


def bucket_error(error: ClientError, bucket: str, region: str, right: str) -> SetupError | None:
    """The refusal in words; None for every other error.

    `region` is the client's, `right` the action that was needed, such as `s3:GetObject`.
    """
    code = error_code(error)
    if code in _ABSENT:
        return SetupError(f"there is no bucket {bucket}: compare the name with `aws s3 ls`")
    actual = _region_of(error)
    if code in _ELSEWHERE or (code in _REFUSED | {"400"} and actual not in (None, region)):
        where = f"AWS_REGION={actual}" if actual else "AWS_REGION to its region, which `aws s3api head-bucket` shows"
        return SetupError(
            f"{bucket} is in {actual or 'another region'}, and was asked for in {region}: set {where}. A deployment "
            "adopts buckets of its own region only"
        )
    if code in _REFUSED:
        return _refused(error, bucket, right)
    return None


def unreadable(error: ClientError, bucket: str, key: str, region: str) -> SetupError:
    """The refusal of one object, in words."""
    reason: object = bucket_error(error, bucket, region, "s3:GetObject")
    return SetupError(f"s3://{bucket}/{key} cannot be read: {reason or _OF_OBJECTS.get(error_code(error), error)}")


def _refused(error: ClientError, bucket: str, right: str) -> SetupError:
    message = str(error.response.get("Error", {}).get("Message", ""))
    named = _ACTION.search(message)
    needed = named["action"] if named else right
    if needed.startswith("kms:"):
        return SetupError(
            f"S3 refuses access to {bucket}: its objects are encrypted by a key of KMS, and these credentials need "
            f"{needed} on the key, which `aws s3api get-bucket-encryption --bucket {bucket}` shows"
        )
    denied = ". A policy denies it explicitly" if "explicit deny" in message else ""
    where = bucket if needed == "s3:ListBucket" else f"the objects of {bucket}"
    return SetupError(f"S3 refuses access to {bucket}: these credentials need {needed} on {where}{denied}")


def _region_of(error: ClientError) -> str | None:
    """The region of the bucket, as far as the answer names the region."""
    answer = error.response
    header = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("x-amz-bucket-region")
    fields: dict[str, str] = dict(answer.get("Error", {}))  # type: ignore[arg-type]
    if header or fields.get("Region"):
        return header or fields["Region"]
    named = _REGION.search(fields.get("Message", ""))
    region = (named["given"] or named["signed"]) if named else None
    return _FIRST_REGION if region == "unspecified" else region
