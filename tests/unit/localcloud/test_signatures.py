"""Signatures of botocore's own signers pass; requests with changed, doubled, foreign, old or missing parts fail."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest
from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials

from pixelfleet.localcloud.claims import claim_of, is_hash, payload_hash_of
from pixelfleet.localcloud.request_head import DeniedError, RequestHead
from pixelfleet.localcloud.signatures import SignatureVerifier, hash_of

KEY, SECRET = "PXFLABCDEFGHIJKLMNOP", "secret/of+the+cloud"
HOST = "127.0.0.1:4566"
VERIFIER = SignatureVerifier(KEY, SECRET)
Headers = list[tuple[bytes, bytes]]


def _signed(
    method: str = "GET",
    path: str = "/bucket/key",
    body: bytes = b"",
    *,
    service: str = "s3",
    secret: str = SECRET,
    key: str = KEY,
    **headers: str,
) -> dict[str, Any]:
    request = AWSRequest(method, f"http://{HOST}{path}", data=body)
    request.headers["Host"] = HOST
    for name, value in headers.items():
        request.headers[name.replace("_", "-")] = value
    kind = S3SigV4Auth if service == "s3" else SigV4Auth
    kind(Credentials(key, secret), service, "us-east-1").add_auth(request)
    return _scope(method, path, [(name.encode(), value.encode()) for name, value in request.headers.items()])


def _presigned(path: str = "/bucket/key", seconds: int = 60) -> dict[str, Any]:
    request = AWSRequest("GET", f"http://{HOST}{path}")
    S3SigV4QueryAuth(Credentials(KEY, SECRET), "s3", "us-east-1", expires=seconds).add_auth(request)
    parts = urlsplit(request.url)
    return _scope("GET", str(parts.path) + "?" + str(parts.query), [(b"Host", HOST.encode())])


def _scope(method: str, target: str, headers: Headers) -> dict[str, Any]:
    path, _, query = target.partition("?")
    return {
        "type": "http",
        "method": method,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "headers": headers,
    }


def _verify(scope: dict[str, Any], body: bytes = b"", later: timedelta = timedelta(0)) -> None:
    head = RequestHead.from_scope(scope)
    claim = claim_of(head)
    assert claim is not None
    named = payload_hash_of(head, claim)
    if named is not None and is_hash(named):
        assert named == hash_of(body)
    VERIFIER.verify(head, claim, named or hash_of(body), datetime.now(UTC) + later)


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/bucket/key",
        "/bucket/a%20b%2Bc/%C3%A4.jpg",
        "/bucket//double/../slash",
        "/bucket?list-type=2&prefix=a%2Fb&delimiter=%2F",
        "/bucket/key?versionId=abc&partNumber=1&uploads",
    ],
)
def test_a_request_that_is_signed_with_the_keys_passes(path: str) -> None:
    _verify(_signed(path=path))


def test_a_key_that_a_client_did_not_encode_counts_as_encoded() -> None:
    scope = _signed(path="/bucket/a%21%28b%29.jpg")
    scope["raw_path"] = b"/bucket/a!(b).jpg"
    _verify(scope)


def test_the_order_of_headers_and_of_parameters_does_not_matter() -> None:
    scope = _signed(path="/bucket?a=1&b=2", x_amz_meta_colour="red")
    scope["headers"].reverse()
    scope["query_string"] = b"b=2&a=1"
    _verify(scope)


@pytest.mark.parametrize("service", ["sqs", "sns", "dynamodb", "sts"])
def test_other_services_sign_the_body_itself(service: str) -> None:
    scope = _signed("POST", "/", b'{"TableName": "t"}', service=service)
    _verify(scope, b'{"TableName": "t"}')
    with pytest.raises(DeniedError, match="does not match"):
        _verify(scope, b'{"TableName": "u"}')


def test_a_presigned_query_passes_until_it_expires() -> None:
    _verify(_presigned(seconds=60), later=timedelta(seconds=55))
    with pytest.raises(DeniedError, match="expired"):
        _verify(_presigned(seconds=60), later=timedelta(seconds=65))


@pytest.mark.parametrize("later", [timedelta(minutes=14), timedelta(minutes=-14)])
def test_a_clock_may_differ_by_up_to_15_minutes(later: timedelta) -> None:
    _verify(_signed(), later=later)


@pytest.mark.parametrize("later", [timedelta(minutes=16), timedelta(minutes=-16), timedelta(days=1)])
def test_a_clock_may_not_differ_by_more_than_15_minutes(later: timedelta) -> None:
    with pytest.raises(DeniedError) as refused:
        _verify(_signed(), later=later)
    assert refused.value.code == "RequestTimeTooSkewed"


def _with(name: bytes, value: bytes) -> Callable[[dict[str, Any]], object]:
    return lambda scope: scope["headers"].append((name, value))


def _instead(name: bytes, change: Callable[[bytes], bytes]) -> Callable[[dict[str, Any]], object]:
    def replace(scope: dict[str, Any]) -> None:
        scope["headers"][:] = [
            (header, change(value) if header.lower() == name else value) for header, value in scope["headers"]
        ]

    return replace


TAMPERED: dict[str, Callable[[dict[str, Any]], object]] = {
    "another method": lambda scope: scope.update(method="DELETE"),
    "another path": lambda scope: scope.update(raw_path=b"/bucket/other"),
    "another query": lambda scope: scope.update(query_string=b"acl"),
    "another host": _instead(b"host", lambda _: b"evil.example"),
    "another date": _instead(b"x-amz-date", lambda value: value[:-2] + (b"0Z" if value[-2:] != b"0Z" else b"1Z")),
    "another body": _instead(b"x-amz-content-sha256", lambda _: b"UNSIGNED-PAYLOAD"),
    "an unknown word for the body": _instead(b"x-amz-content-sha256", lambda _: b"anything"),
    "a header that is not signed": _with(b"x-amz-acl", b"public-read"),
    "the target of another service": _with(b"x-amz-target", b"DynamoDB_20120810.Scan"),
    "a second Authorization": _with(b"authorization", b"x"),
    "a second date": _with(b"x-amz-date", b"20200101T000000Z"),
    "a presigned query as well": lambda scope: scope.update(query_string=b"X-Amz-Signature=" + b"0" * 64),
    "another signature": _instead(b"authorization", lambda value: value[:-1] + (b"0" if value[-1:] != b"0" else b"1")),
    "no signature": _instead(b"authorization", lambda value: value.rpartition(b",")[0]),
    "more after the signature": _instead(b"authorization", lambda value: value + b", x"),
    "another service": _instead(b"authorization", lambda value: value.replace(b"/s3/", b"/sqs/")),
    "a service that is not served": _instead(b"authorization", lambda value: value.replace(b"/s3/", b"/iam/")),
    "version 2": _instead(b"authorization", lambda _: b"AWS " + KEY.encode() + b":c2lnbmF0dXJl"),
    "an empty Authorization": _instead(b"authorization", lambda _: b""),
    "a word": _instead(b"authorization", lambda _: b"x"),
    "host left out of what is signed": _instead(b"authorization", lambda value: value.replace(b"host;", b"")),
}


@pytest.mark.parametrize("change", TAMPERED.values(), ids=TAMPERED.keys())
def test_a_changed_request_is_refused(change: Callable[[dict[str, Any]], object]) -> None:
    scope = _signed()
    change(scope)
    with pytest.raises(DeniedError):
        _verify(scope)


PRESIGNED: dict[str, Callable[[dict[str, Any]], object]] = {
    "another key": lambda scope: scope.update(raw_path=b"/bucket/other"),
    "another parameter": lambda scope: scope.update(query_string=scope["query_string"] + b"&versionId=1"),
    "a longer life": lambda scope: scope.update(
        query_string=scope["query_string"].replace(b"Expires=60", b"Expires=600")
    ),
    "a life of more than a week": lambda scope: scope.update(
        query_string=scope["query_string"].replace(b"Expires=60", b"Expires=604801")
    ),
    "a target": _with(b"x-amz-target", b"DynamoDB_20120810.Scan"),
    "a copy source": _with(b"x-amz-copy-source", b"/pixelfleet-results/secret"),
    "a signature twice": lambda scope: scope.update(
        query_string=scope["query_string"] + b"&x-amz-signature=" + b"0" * 64
    ),
    "a signature of version 2": lambda scope: scope.update(
        query_string=b"AWSAccessKeyId=" + KEY.encode() + b"&Signature=x&Expires=9999999999"
    ),
}


@pytest.mark.parametrize("change", PRESIGNED.values(), ids=PRESIGNED.keys())
def test_a_presigned_query_is_valid_only_for_the_signed_request(change: Callable[[dict[str, Any]], object]) -> None:
    scope = _presigned()
    change(scope)
    with pytest.raises(DeniedError):
        _verify(scope)


@pytest.mark.parametrize("content_type", ["application/x-www-form-urlencoded", "Application/X-WWW-Form-URLencoded; x"])
def test_a_presigned_query_cannot_become_a_call_of_another_service(content_type: str) -> None:
    """ministack takes the service of a request without an `Authorization` header from the `Action` in its form."""
    scope = _presigned()
    scope["headers"].append((b"content-type", content_type.encode()))
    with pytest.raises(DeniedError):
        _verify(scope)


@pytest.mark.parametrize("key", ["test", "000000000000", "AKIAIOSFODNN7EXAMPLE"])
def test_a_foreign_key_is_refused(key: str) -> None:
    with pytest.raises(DeniedError) as refused:
        _verify(_signed(key=key))
    assert refused.value.code == "InvalidAccessKeyId"


def test_a_wrong_secret_is_refused() -> None:
    with pytest.raises(DeniedError) as refused:
        _verify(_signed(secret="wrong"))
    assert refused.value.code == "SignatureDoesNotMatch"


def _form(key: str = KEY, secret: str = SECRET) -> dict[str, str]:
    v4 = Config(signature_version="s3v4")
    s3 = boto3.client("s3", "us-east-1", aws_access_key_id=key, aws_secret_access_key=secret, config=v4)
    made = s3.generate_presigned_post("bucket", "key", Conditions=[["content-length-range", 1, 10]], ExpiresIn=60)
    return {name.lower(): value for name, value in made["fields"].items()}


def test_a_signed_form_passes_until_it_expires() -> None:
    now = datetime.now(UTC)
    assert ["content-length-range", 1, 10] in VERIFIER.verify_form(_form(), now)["conditions"]
    with pytest.raises(DeniedError, match="expired"):
        VERIFIER.verify_form(_form(), now + timedelta(seconds=70))


@pytest.mark.parametrize("left_out", ["policy", "x-amz-signature", "x-amz-credential", "x-amz-date", "x-amz-algorithm"])
def test_a_form_without_one_of_its_fields_is_refused(left_out: str) -> None:
    fields = _form()
    del fields[left_out]
    with pytest.raises(DeniedError):
        VERIFIER.verify_form(fields, datetime.now(UTC))


@pytest.mark.parametrize("fields", [_form("test"), _form(secret="wrong"), {}, _form() | {"policy": "e30="}])
def test_a_form_of_foreign_keys_or_with_another_policy_is_refused(fields: dict[str, str]) -> None:
    with pytest.raises(DeniedError):
        VERIFIER.verify_form(fields, datetime.now(UTC))
