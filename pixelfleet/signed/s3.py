"""S3's puts and gets over signed requests (S3 API reference: PutObject, UploadPart, GetObject).

S3 holds what arrives against the checksum that goes along, which is signed and stored with the object: of a whole body
its SHA-256, which the signature covers too; of a part its CRC-32.
"""

import base64
import hashlib
import ipaddress
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from html import unescape
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, urlencode, urlsplit

from botocore.awsrequest import AWSResponse
from botocore.exceptions import ClientError
from botocore.response import StreamingBody

from pixelfleet.signed.http import Request, SignedHttp

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

Buffer = bytes | memoryview

#: What a signature says of a body that it does not cover (S3 API reference, "Signature calculations").
UNSIGNED: Final = "UNSIGNED-PAYLOAD"
_CHECKSUM: Final = "x-amz-checksum-sha256"
_FIELD: Final = re.compile(r"<(Code|Message|Region)>([^<]*)</")
_SUCCESS: Final = frozenset({HTTPStatus.OK, HTTPStatus.PARTIAL_CONTENT})


@dataclass(frozen=True, slots=True)
class Sha256:
    """One digest in the two spellings that S3 wants."""

    hex: str
    base64: str

    @classmethod
    def of(cls, body: Buffer) -> "Sha256":
        return cls.from_digest(hashlib.sha256(body).digest())

    @classmethod
    def from_digest(cls, digest: bytes) -> "Sha256":
        return cls(digest.hex(), base64.b64encode(digest).decode())


@dataclass(frozen=True, slots=True)
class Crc32:
    """Of a part."""

    base64: str

    @classmethod
    def of(cls, body: Buffer) -> "Crc32":
        return cls(base64.b64encode(zlib.crc32(body).to_bytes(4)).decode())

    @classmethod
    def of_parts(cls, parts: list["Crc32"]) -> str:
        """As S3 tells that of a whole object: the CRC-32 of its parts' (S3 user guide, "Composite checksums")."""
        whole = cls.of(b"".join(base64.b64decode(part.base64) for part in parts))
        return f"{whole.base64}-{len(parts)}"


@dataclass(frozen=True, slots=True)
class Got:
    """A GET's answer: header names in small letters; `body` must be read to its end or closed."""

    headers: Mapping[str, str]
    body: StreamingBody

    @property
    def size(self) -> int:
        """Bytes."""
        return int(self.headers["content-length"])

    @property
    def sha256(self) -> str | None:
        """In hex, where S3 keeps one of the whole object: that of a multipart upload is one of its parts' digests."""
        stated = self.headers.get(_CHECKSUM)
        return base64.b64decode(stated).hex() if stated and "-" not in stated else None


class SignedS3:
    """Raises what a client would raise. Safe for as many threads as `http` has connections."""

    def __init__(self, client: "S3Client", http: SignedHttp) -> None:
        self._client = client
        self._http = http
        self._bases: dict[str, str] = {}

    def put(self, bucket: str, key: str, body: Buffer, digest: Sha256, headers: Mapping[str, str]) -> str:
        """Put an object; returns its ETag."""
        sent = {**headers, _CHECKSUM: digest.base64}
        answer = self._http.send(Request("PutObject", "PUT", self._url(bucket, key), sent, body, digest.hex))
        return str(answer.headers["ETag"])

    def put_part(self, bucket: str, key: str, body: Buffer, checksum: Crc32, part: Mapping[str, str]) -> str:
        """Put a part of an object: `part` holds its partNumber and uploadId. Returns its ETag."""
        url = f"{self._url(bucket, key)}?{urlencode(part)}"
        digest = None if is_open(url) else UNSIGNED
        sent = {"x-amz-checksum-crc32": checksum.base64}
        answer = self._http.send(Request("UploadPart", "PUT", url, sent, body, digest))
        return str(answer.headers["ETag"])

    def get(self, bucket: str, key: str, version_id: str | None = None, etag: str | None = None) -> Got:
        """An object as it streams in: one version of it, or only if its ETag (without quotes) is that."""
        headers = {"x-amz-checksum-mode": "ENABLED"}
        if etag is not None:
            headers["If-Match"] = f'"{etag}"'
        url = self._url(bucket, key)
        if version_id is not None:
            url += "?" + urlencode({"versionId": version_id})
        answer = self._http.send(Request("GetObject", "GET", url, headers, streams=True))
        told = {name.lower(): value for name, value in answer.headers.items()}
        return Got(told, StreamingBody(answer.raw, int(told["content-length"])))

    def _url(self, bucket: str, key: str) -> str:
        base = self._bases.get(bucket)
        if base is None:
            # By all the rules that the client knows.
            signed = self._client.generate_presigned_url("put_object", Params={"Bucket": bucket, "Key": "x"})
            base = self._bases[bucket] = signed.partition("?")[0].removesuffix("x")
        return base + quote(key, safe="/~")


def is_open(address: str) -> bool:
    """Whether a body on its way there can be changed by others: then the signature must cover it."""
    found = urlsplit(address)
    if found.scheme == "https" or found.hostname == "localhost":
        return False
    try:
        return not ipaddress.ip_address(found.hostname or "").is_loopback
    except ValueError:
        return True


def judge(request: Request, answer: AWSResponse) -> None:
    """Raise what the client would raise (S3 API reference, "Error responses")."""
    status = answer.status_code
    if status in _SUCCESS:
        return
    fields = {name: unescape(text) for name, text in _FIELD.findall(answer.text)}
    message = fields.get("Message", "")
    if region := fields.get("Region"):
        message += f" (the bucket is in {region}: set AWS_REGION)"
    response: Any = {
        "Error": {"Code": fields.get("Code", str(status)), "Message": message},
        "ResponseMetadata": {"HTTPStatusCode": status},
    }
    raise ClientError(response, request.operation)
