"""Large files from a browser: in parts, each put straight to S3 by a link of its own, and put together at the end.

The name of a file leads to a key of the caller's own, so nobody reaches another's upload by its id. A link is good for
exactly the size of its part. What is larger than the fleet takes is refused before it is put together.

The id of an upload begins with a mark that its object has in the metadata. S3 forgets an upload that is complete. By
the mark, a client that got no answer to its completion learns that the file is there, and does not send it again.
"""

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from dashboard.callers import Caller
from dashboard.problem import Problem
from dashboard.site import Site
from dashboard.upload_names import bad_name
from pixelfleet.aws.upload_bucket import PutPart, UploadGoneError
from pixelfleet.uploads import batch_prefix

#: The most parts that S3 takes (Amazon S3 user guide, "multipart upload limits").
MOST_PARTS: Final = 10_000
#: Seconds in which a part must begin.
LINK_SECONDS: Final = 3600
_MARK_BYTES: Final = 8
_MARKED: Final = re.compile(r"(?P<mark>pf[0-9a-f]{16})\.(?P<s3_id>.+)")


@dataclass(frozen=True, slots=True)
class PartSizes:
    """The parts of a file of `whole` bytes, each of `least` bytes, or more where there would be too many parts."""

    whole: int
    least: int

    @property
    def bytes(self) -> int:
        """Of each part but the last."""
        return max(self.least, -(-self.whole // MOST_PARTS))

    @property
    def count(self) -> int:
        return max(1, -(-self.whole // self.bytes))

    def of(self, number: int) -> int:
        """Of the part of this number, from 1; the last one is the rest."""
        return min(self.bytes, self.whole - (number - 1) * self.bytes)


@dataclass(frozen=True, slots=True)
class PartsUpload:
    """One file on its way in parts; `bytes` is its whole size."""

    batch: str
    name: str
    upload_id: str
    bytes: int

    @property
    def mark(self) -> str:
        """The mark of the object; empty for an upload that a release without marks began."""
        match = _MARKED.fullmatch(self.upload_id)
        return match["mark"] if match else ""

    @property
    def s3_id(self) -> str:
        """S3's id of the upload."""
        match = _MARKED.fullmatch(self.upload_id)
        return match["s3_id"] if match else self.upload_id


def sizes(site: Site, whole: int) -> PartSizes:
    """The parts of a file of `whole` bytes at this site."""
    return PartSizes(whole, site.settings.part_bytes)


def begin(site: Site, key: str, content_type: str) -> str:
    """The id of a new upload in parts."""
    mark = f"pf{secrets.token_hex(_MARK_BYTES)}"
    return f"{mark}.{site.deployment.upload_bucket.begin(key, content_type, checksummed=False, mark=mark)}"


def links(site: Site, caller: Caller, one: PartsUpload, numbers: Sequence[int]) -> dict[int, str]:
    """Where to put these parts, numbered from 1."""
    key, sized = _key(caller, one), sizes(site, one.bytes)

    def link(number: int) -> str:
        return site.deployment.links.upload_part(key, one.s3_id, number, sized.of(number), LINK_SECONDS)

    return {number: link(number) for number in numbers if 1 <= number <= sized.count}


def stored(site: Site, caller: Caller, one: PartsUpload) -> list[int]:
    """The parts that are there as they should be; all of an upload that is complete.

    Raises:
        Problem: 404, the upload was given up, or its object was replaced.
    """
    key, sized = _key(caller, one), sizes(site, one.bytes)
    parts = site.deployment.upload_bucket.parts(key, one.s3_id)
    if parts is None:
        _check_complete(site, key, one)
        return list(range(1, sized.count + 1))
    return sorted(number for number, part in parts.items() if part.bytes == sized.of(number))


def complete(site: Site, caller: Caller, one: PartsUpload) -> None:
    """Put the parts together. An upload that is complete stays so.

    Raises:
        Problem: 404, the upload is gone; 409, parts are missing; 422, there is more than the fleet takes.
    """
    key, sized, upload_id = _key(caller, one), sizes(site, one.bytes), one.s3_id
    parts = site.deployment.upload_bucket.parts(key, upload_id)
    if parts is None:
        _check_complete(site, key, one)
        return
    if sum(part.bytes for part in parts.values()) > site.settings.heavy_max_bytes:
        site.deployment.upload_bucket.abort(key, upload_id)
        raise Problem(422, f"it is larger than {site.settings.heavy_max_bytes:,} bytes")
    missing = [n for n in range(1, sized.count + 1) if n not in parts or parts[n].bytes != sized.of(n)]
    if missing or len(parts) != sized.count:
        raise Problem(409, f"{len(missing):,} of {sized.count:,} parts are missing; put them and repeat this")
    listed = [PutPart(number, part.etag, part.checksum) for number, part in sorted(parts.items())]
    try:
        site.deployment.upload_bucket.complete(key, upload_id, listed)
    except UploadGoneError:
        _check_complete(site, key, one)


def give_up(site: Site, caller: Caller, one: PartsUpload) -> None:
    """Delete the parts."""
    site.deployment.upload_bucket.abort(_key(caller, one), one.s3_id)


_GONE: Final = "this upload is gone: it was given up, or another file has its name by now; ask for a new one"


def _key(caller: Caller, one: PartsUpload) -> str:
    """Raises Problem 422 for a name that no form is given for either."""
    key = batch_prefix(caller.name, one.batch) + one.name
    if refused := bad_name(key, one.name):
        raise Problem(422, refused)
    return key


def _check_complete(site: Site, key: str, one: PartsUpload) -> None:
    """Raises Problem 404 unless the object of this upload is there."""
    if not one.mark or not site.deployment.upload_bucket.has_mark(key, one.mark):
        raise Problem(404, _GONE)
