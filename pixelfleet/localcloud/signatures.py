"""Verifies AWS signature version 4: the `Authorization` header, the presigned query, the policy of a form.

botocore computes the expected signatures; this module reads the request strictly, and compares.
Rules: AWS General Reference, "Authenticating Requests (AWS Signature Version 4)"; Amazon S3 API reference, the same
title. Stricter than AWS in three points: one access key, no signature version 2, and no doubled header that counts.
"""

import hmac
import json
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any, Final
from urllib.parse import quote, unquote_to_bytes, urlencode

from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest, HTTPHeaders
from botocore.credentials import Credentials

from pixelfleet.localcloud.claims import ALGORITHM, CREDENTIAL, HEX, SERVICES, Claim
from pixelfleet.localcloud.request_head import DeniedError, RequestHead

#: The largest difference between the clocks of signer and verifier.
MOST_SKEW: Final = timedelta(minutes=15)

#: Forms of this type hold the `Action` of SQS, SNS and STS; ministack reads it where no header names a service.
_ACTIONS: Final = "application/x-www-form-urlencoded"
_TARGETS: Final = {"dynamodb": "DynamoDB_20120810.", "sqs": "AmazonSQS."}


@dataclass(frozen=True, slots=True)
class SignatureVerifier:
    """Compares signatures with those of one pair of keys."""

    access_key: str
    secret_key: str = field(repr=False)

    def verify(self, head: RequestHead, claim: Claim, payload_hash: str, now: datetime) -> None:
        """Raises DeniedError unless the keys signed this head for this moment and this hash of the body."""
        self.check_key(claim)
        _check_time(claim, now)
        _check_coverage(head, claim)
        request = AWSRequest(head.method, f"http://embedded{_canonical_path(head.raw_path)}?{_signed_query(head)}")
        request.context["timestamp"] = claim.timestamp
        signer = _signer(claim, Credentials(self.access_key, self.secret_key), head, payload_hash)
        expected = signer.signature(signer.string_to_sign(request, signer.canonical_request(request)), request)
        if not hmac.compare_digest(expected, claim.signature):
            raise DeniedError("SignatureDoesNotMatch", "The request signature does not match the request and the key.")

    def verify_form(self, fields: Mapping[str, str], now: datetime) -> Mapping[str, Any]:
        """The policy of a form upload that these keys signed and that has not expired.

        Args:
            fields: the form's fields before the file, under lower-case names.

        Raises:
            DeniedError: the policy is missing, malformed, expired, or not signed by these keys.
        """
        credential = CREDENTIAL.fullmatch(fields.get("x-amz-credential", ""))
        signature, encoded = fields.get("x-amz-signature", ""), fields.get("policy", "")
        if credential is None or not HEX.fullmatch(signature) or fields.get("x-amz-algorithm") != ALGORITHM:
            raise DeniedError("AccessDenied", "The form is not signed.")
        claim = Claim(
            credential["key"], credential["date"], credential["region"], credential["service"], (), signature,
            fields.get("x-amz-date", ""),
        )  # fmt: skip
        self.check_key(claim)
        request = AWSRequest("POST", "http://embedded/")
        request.context["timestamp"] = _moment(claim).strftime("%Y%m%dT%H%M%SZ")
        signer = SigV4Auth(Credentials(self.access_key, self.secret_key), "s3", claim.region)
        if claim.service != "s3" or not hmac.compare_digest(signer.signature(encoded, request), signature):
            raise DeniedError("SignatureDoesNotMatch", "The form's signature does not match its policy and the key.")
        policy = _policy(encoded)
        if now >= policy["expiration"]:
            raise DeniedError("AccessDenied", "The form's policy has expired.")
        return policy

    def check_key(self, claim: Claim) -> None:
        """Raises DeniedError for another access key or a service that is not served."""
        if not hmac.compare_digest(claim.access_key, self.access_key):
            raise DeniedError("InvalidAccessKeyId", "The access key is not one of this embedded cloud.")
        if claim.service not in SERVICES:
            raise DeniedError("AccessDenied", f"The embedded cloud does not serve {claim.service}.")


def hash_of(body: bytes) -> str:
    return sha256(body).hexdigest()


class _Recomputed(SigV4Auth):
    """botocore's signer over the headers that the request names, not the headers that botocore would choose."""

    def __init__(self, claim: Claim, credentials: Credentials, head: RequestHead, payload_hash: str) -> None:
        super().__init__(credentials, claim.service, claim.region)
        self._headers = HTTPHeaders()
        self._payload_hash = payload_hash
        for name in claim.signed_headers:
            self._headers[name] = head.single(name) or ""

    def headers_to_sign(self, _request: AWSRequest) -> HTTPHeaders:
        return self._headers

    def payload(self, _request: AWSRequest) -> str:
        return self._payload_hash


class _RecomputedS3(_Recomputed, S3SigV4Auth):
    """The signer for S3, which signs the path as it is."""


def _signer(claim: Claim, credentials: Credentials, head: RequestHead, payload_hash: str) -> SigV4Auth:
    kind = _RecomputedS3 if claim.service == "s3" else _Recomputed
    return kind(claim, credentials, head, payload_hash)


def _check_time(claim: Claim, now: datetime) -> None:
    moment = _moment(claim)
    life = MOST_SKEW if claim.expires is None else timedelta(seconds=claim.expires)
    if moment > now + MOST_SKEW or now > moment + life:
        code = "RequestTimeTooSkewed" if claim.expires is None else "AccessDenied"
        raise DeniedError(code, "The request has expired, or the clock of its signer is wrong.")


def _moment(claim: Claim) -> datetime:
    try:
        moment = datetime.strptime(claim.timestamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        raise DeniedError("AccessDenied", "The date of the signature is not valid.") from None
    if moment.strftime("%Y%m%d") != claim.date:
        raise DeniedError("SignatureDoesNotMatch", "The date of the credential is not that of the request.")
    return moment


def _check_coverage(head: RequestHead, claim: Claim) -> None:
    """Host and every x-amz header must be signed: else a presigned query could be turned into another call."""
    signed = set(claim.signed_headers)
    present = {name for name, _ in head.headers}
    needed = {"host"} | {name for name in present if name.startswith("x-amz-")}
    if not needed <= signed or not signed <= present or len(signed) != len(claim.signed_headers):
        raise DeniedError("AccessDenied", "There were headers present in the request which were not signed.")
    content_type = (head.single("content-type") or "").lower()
    if claim.expires is not None and content_type.startswith(_ACTIONS) and "content-type" not in signed:
        raise DeniedError("AccessDenied", "A presigned query is for S3 alone, and S3 takes no such form.")
    target, prefix = head.single("x-amz-target"), _TARGETS.get(claim.service)
    if target is not None and (prefix is None or not target.startswith(prefix)):
        raise DeniedError("AccessDenied", f"The request was signed for {claim.service}, not for {target}.")


def _canonical_path(raw_path: str) -> str:
    return quote(unquote_to_bytes(raw_path), safe="/~")


def _signed_query(head: RequestHead) -> str:
    pairs = [(name, value) for name, value in head.query if name != "X-Amz-Signature"]
    return urlencode(pairs, quote_via=quote, safe="-_.~")


def _policy(encoded: str) -> dict[str, Any]:
    try:
        policy: dict[str, Any] = json.loads(b64decode(encoded, validate=True))
        expiration = datetime.fromisoformat(policy["expiration"])
        valid = expiration.tzinfo is not None and isinstance(policy["conditions"], list)
    except (ValueError, KeyError, TypeError, RecursionError):
        valid = False
    if not valid:
        raise DeniedError("InvalidPolicyDocument", "The form's policy is not valid.")
    return policy | {"expiration": expiration}
