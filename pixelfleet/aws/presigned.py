"""Presigned S3: forms by which a browser uploads, links by which it downloads. Signed here, without a call.

A link lives no longer than the credentials that signed it (Amazon S3 user guide, "Working with presigned URLs"):
those of an ECS task's role some hours, whatever `seconds` says.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, urlsplit

from pixelfleet.domain.records import Image

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

#: Seven days, the most that signature version 4 allows.
LONGEST_SECONDS: Final = 7 * 86_400


@dataclass(frozen=True, slots=True)
class Form:
    """Where to post a file, and the fields to post before it."""

    url: str
    fields: dict[str, str]


class Links:
    def __init__(self, client: "S3Client", uploads_bucket: str, results_bucket: str, *, on_aws: bool) -> None:
        self._client = client
        self._uploads = uploads_bucket
        self._results = results_bucket
        self._on_aws = on_aws

    def upload_form(self, key: str, content_type: str, most_bytes: int, seconds: int) -> Form:
        """A form for exactly this key and type, and 1 to `most_bytes` bytes.

        Raises:
            ValueError: the key holds `${`, for which S3 would put in what the browser says.
        """
        if "${" in key:
            raise ValueError(f"a form cannot name the key {key!r}")
        conditions: list[Any] = [["content-length-range", 1, most_bytes], {"Content-Type": content_type}]
        made = self._client.generate_presigned_post(
            self._uploads,
            key,
            Fields={"Content-Type": content_type},
            Conditions=conditions,
            ExpiresIn=seconds,
        )
        return Form(made["url"], dict(made["fields"]))

    def upload_part(self, key: str, upload_id: str, number: int, size: int, seconds: int) -> str:
        """An address to put one part of an upload to, of exactly `size` bytes."""
        asked: dict[str, Any] = {
            "Bucket": self._uploads,
            "Key": key,
            "UploadId": upload_id,
            "PartNumber": number,
            "ContentLength": size,
        }
        return self._client.generate_presigned_url("upload_part", Params=asked, ExpiresIn=seconds)

    def uploads_origin(self) -> str:
        """Scheme and host that forms and links of originals lead to, for a Content-Security-Policy."""
        parts = urlsplit(self._client.meta.endpoint_url)
        # As `Deployment` configures the client: the bucket's name is in the host on AWS, in the path elsewhere.
        host = f"{self._uploads}.{parts.netloc}" if self._on_aws else parts.netloc
        return f"{parts.scheme}://{host}"

    def original_origin(self, image: Image) -> str:
        """Scheme and host of the links of an original. A bucket whose name has dots has no host of its own."""
        parts = urlsplit(self.original(image, 1))
        return f"{parts.scheme}://{parts.netloc}"

    def original(self, image: Image, seconds: int, *, show_as: str | None = None) -> str:
        """The original's present version, to be saved under its name, or shown as the given content type."""
        asked: dict[str, Any] = {"Bucket": image.bucket, "Key": image.key}
        if image.version_id:
            asked["VersionId"] = image.version_id
        if show_as is None:
            asked["ResponseContentDisposition"] = attachment(image)
            asked["ResponseContentType"] = "application/octet-stream"
        else:
            asked["ResponseContentType"] = show_as
        return self._client.generate_presigned_url("get_object", Params=asked, ExpiresIn=seconds)

    def result(self, key: str, seconds: int) -> str:
        return self._client.generate_presigned_url(
            "get_object", Params={"Bucket": self._results, "Key": key}, ExpiresIn=seconds
        )


def attachment(image: Image) -> str:
    """A Content-Disposition by which the original is saved under its name (RFC 6266, RFC 8187)."""
    name = image.path.rpartition("/")[2]
    return f"attachment; filename*=UTF-8''{quote(name, safe='')}"
