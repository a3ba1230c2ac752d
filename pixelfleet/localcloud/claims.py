"""The signature of a request to the embedded cloud, read strictly: malformed or repeated signatures are refused.

The forms: Amazon S3 API reference, "Authenticating Requests (AWS Signature Version 4)". Signature version 2 is refused.
"""

import re
from dataclasses import dataclass
from typing import Final

from pixelfleet.localcloud.request_head import DeniedError, RequestHead

ALGORITHM: Final = "AWS4-HMAC-SHA256"
UNSIGNED: Final = "UNSIGNED-PAYLOAD"
#: Services of the embedded cloud that pixelfleet and its users call.
SERVICES: Final = frozenset({"s3", "sqs", "sns", "dynamodb", "sts"})
#: The longest life of a presigned query, in seconds.
LONGEST: Final = 7 * 86_400

_STREAMED: Final = frozenset(
    {
        "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
        "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
        "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER",
    }
)
_SCOPE: Final = r"(?P<key>[A-Za-z0-9]{1,128})/(?P<date>\d{8})/(?P<region>[a-z0-9-]{1,40})/(?P<service>[a-z0-9-]{1,40})"
CREDENTIAL: Final = re.compile(rf"{_SCOPE}/aws4_request", re.ASCII)
_HEADER: Final = re.compile(
    rf"{ALGORITHM} Credential=(?P<credential>{_SCOPE}/aws4_request), ?"
    r"SignedHeaders=(?P<signed>[a-z0-9._;-]{1,2000}), ?Signature=(?P<signature>[0-9a-f]{64})",
    re.ASCII,
)
_PRESIGNED: Final = ("Algorithm", "Credential", "Date", "Expires", "SignedHeaders", "Signature")
HEX: Final = re.compile(r"[0-9a-f]{64}", re.ASCII)
_DIGITS: Final = re.compile(r"\d{1,6}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Claim:
    """The signature of a request, and what it covers."""

    access_key: str
    date: str
    region: str
    service: str
    signed_headers: tuple[str, ...]
    signature: str
    timestamp: str
    #: Seconds for which a presigned query is good; None for a signed header.
    expires: int | None = None


def claim_of(head: RequestHead) -> Claim | None:
    """The signature of the request; None for a request without one.

    Raises:
        DeniedError: the signature is malformed, repeated, of another version, or in two places.
    """
    authorization = head.single("authorization")
    names = {name.lower() for name, _ in head.query}
    presigned = bool(names & {"x-amz-signature", "x-amz-algorithm", "x-amz-credential", "signature", "awsaccesskeyid"})
    if authorization is not None and presigned:
        raise DeniedError("InvalidArgument", "Only one way of authorisation is allowed: a header or a query.")
    if authorization is not None:
        return _header_claim(head, authorization)
    return _query_claim(head) if presigned else None


def payload_hash_of(head: RequestHead, claim: Claim) -> str | None:
    """The signed hash of the body, or the word in its place; None where the body itself has to be hashed.

    Raises:
        DeniedError: the word is unknown, or a request to S3 has neither hash nor word.
    """
    if claim.expires is not None:
        return UNSIGNED
    named = head.single("x-amz-content-sha256")
    if named is None and claim.service == "s3":
        raise DeniedError("InvalidRequest", "Missing required header for this request: x-amz-content-sha256")
    if named is None or HEX.fullmatch(named):
        return named
    if claim.service == "s3" and (named == UNSIGNED or named in _STREAMED):
        return named
    raise DeniedError("InvalidArgument", "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-... or a SHA-256.")


def is_hash(payload_hash: str) -> bool:
    return HEX.fullmatch(payload_hash) is not None


def _header_claim(head: RequestHead, authorization: str) -> Claim:
    parts = _HEADER.fullmatch(authorization)
    timestamp = head.single("x-amz-date")
    if parts is None or timestamp is None:
        raise DeniedError("AccessDenied", "The Authorization header is not an AWS signature of version 4.")
    signed = tuple(parts["signed"].split(";"))
    return Claim(parts["key"], parts["date"], parts["region"], parts["service"], signed, parts["signature"], timestamp)


def _query_claim(head: RequestHead) -> Claim:
    given: dict[str, str] = {}
    for name, value in head.query:
        if name.lower().startswith("x-amz-"):
            if name.lower() in given:
                raise DeniedError("AuthorizationQueryParametersError", f"The request has {name} twice.")
            given[name.lower()] = value if name.removeprefix("X-Amz-") in _PRESIGNED else given.get(name.lower(), "")
    if "x-amz-signature" not in given:
        raise DeniedError("AccessDenied", "A presigned query needs signature version 4 (signature_version s3v4).")
    values = {name: given.get(f"x-amz-{name.lower()}", "") for name in _PRESIGNED}
    credential = CREDENTIAL.fullmatch(values["Credential"])
    if (
        values["Algorithm"] != ALGORITHM
        or credential is None
        or credential["service"] != "s3"
        or not HEX.fullmatch(values["Signature"])
        or not _DIGITS.fullmatch(values["Expires"])
        or not 1 <= int(values["Expires"]) <= LONGEST
    ):
        raise DeniedError("AuthorizationQueryParametersError", "The query is not an AWS signature of version 4.")
    signed = tuple(values["SignedHeaders"].split(";"))
    return Claim(
        credential["key"], credential["date"], credential["region"], "s3", signed, values["Signature"],
        values["Date"], int(values["Expires"]),
    )  # fmt: skip
