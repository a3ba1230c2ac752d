"""What must hold of any text at all: each reader reads it, or refuses it with its own error."""

import base64
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pixelfleet.domain.jobs import Job, JobKind, Lane, decode_message, encode_message
from pixelfleet.domain.s3_events import parse_message
from pixelfleet.errors import EventError, JobError, ProcessingError, RecipeError, SetupError
from pixelfleet.images.containers.svg_text import is_svg, may_be_svg
from pixelfleet.images.limits import Limits
from pixelfleet.images.probe import probe
from pixelfleet.localcloud.claims import claim_of
from pixelfleet.localcloud.forms import FormParts
from pixelfleet.localcloud.journal import CloudJournal, read
from pixelfleet.localcloud.request_head import DeniedError, RequestHead
from pixelfleet.localcloud.state import StateError
from pixelfleet.operations.list_cursors import decode_cursor, encode_cursor
from pixelfleet.operations.reconcile.listing import InventoryListing
from pixelfleet.recipes import parse

_EVENTS = Path(__file__).parents[1] / "events"


@dataclass(frozen=True)
class Target:
    """`read` raises one of `refuses` or nothing."""

    read: Callable[[bytes], object]
    refuses: tuple[type[Exception], ...]
    seeds: tuple[bytes, ...]

    def check(self, content: bytes) -> None:
        """Raises anything but a refusal: that is a find."""
        try:
            self.read(content)
        except self.refuses:
            return


def _text(content: bytes) -> str:
    return content.decode("utf-8", "surrogateescape")


def _file(content: bytes, use: Callable[[Path], object]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "file"
        path.write_bytes(content)
        use(path)


def _recipe(content: bytes) -> None:
    parse(content.decode("utf-8", "replace"), "recipe")


def _cursor(content: bytes) -> None:
    place = decode_cursor(content.decode("latin-1"))
    if place and decode_cursor(encode_cursor(place)) != place:
        raise AssertionError("a cursor that does not lead back to its place")


def _manifest(content: bytes) -> None:
    nothing: Any = None
    _file(content, lambda path: InventoryListing(nothing, str(path), "bucket", ""))


def _svg(content: bytes) -> None:
    limits = Limits(max_bytes=1_000_000, max_pixels=250_000, max_frames=20)
    is_svg(lambda start, size: content[start : start + size]) if may_be_svg(content[:4096]) else None
    _file(content, lambda path: probe(path, limits, allow_svg=True))


def _journal(content: bytes) -> None:
    def use(path: Path) -> None:
        writes = list(read(path))
        CloudJournal(path).close()
        if list(read(path)) != writes:
            raise AssertionError("opening a journal changed what is in it")

    _file(content, use)


def _head(content: bytes) -> None:
    authorization, _, query = content.partition(b"\n")
    scope = {
        "method": "GET",
        "raw_path": b"/bucket/key",
        "query_string": query,
        "headers": [(b"authorization", authorization)] if authorization else [],
    }
    claim_of(RequestHead.from_scope(scope))


def _form(content: bytes) -> None:
    """A form is the same, whatever pieces it arrives in."""

    def parsed(piece: int) -> tuple[bytes, bytes, dict[str, str], bool]:
        file = bytearray()
        form = FormParts("multipart/form-data; boundary=b", file.extend)
        for start in range(0, len(content), piece):
            form.feed(content[start : start + piece])
        return bytes(form.head), bytes(file), form.fields, form.whole

    if parsed(max(1, len(content))) != parsed(3):
        raise AssertionError("a form in pieces is another form")


_RECIPE = b'name = "x"\n[[variants]]\nname = "a"\nbox = 8\nformat = "webp"\n[variants.watermark]\ntext = "mine"\n'
_JOB = encode_message(Job(JobKind.PROCESS, "bucket", "uploads/a/b/c.jpg"), Lane.BULK).encode()
_SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8"><rect width="8" height="8" fill="red"/></svg>'
_MANIFEST = (
    b'{"fileSchema": "Bucket, Key, Size, LastModifiedDate, ETag", "fileFormat": "CSV", "sourceBucket": "bucket", '
    b'"destinationBucket": "arn:aws:s3:::reports", "files": [{"key": "a.csv.gz"}]}'
)
_FORM = (
    b'--b\r\nContent-Disposition: form-data; name="key"\r\n\r\na/b\r\n'
    b'--b\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\npixels\r\n--b--\r\n'
)
_CREDENTIAL = b"AWS4-HMAC-SHA256 Credential=AB/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature="

TARGETS: dict[str, Target] = {
    "recipe": Target(_recipe, (RecipeError,), (_RECIPE,)),
    "event": Target(
        lambda content: parse_message(_text(content)),
        (EventError,),
        tuple(path.read_bytes() for path in sorted(_EVENTS.glob("*.json"))),
    ),
    "job": Target(lambda content: decode_message(_text(content)), (JobError,), (_JOB,)),
    "cursor": Target(_cursor, (SetupError,), (base64.urlsafe_b64encode(b"2026-01-01T00:00:00Z#a"),)),
    "manifest": Target(
        _manifest, (SetupError,), (_MANIFEST, _MANIFEST.replace(b"key", b"kez"), _MANIFEST.replace(b'{"key', b'[{"key'))
    ),
    "svg": Target(_svg, (ProcessingError,), (_SVG,)),
    "journal": Target(_journal, (StateError,), (bytes(12), bytes(40))),
    "form": Target(_form, (DeniedError,), (_FORM,)),
    "head": Target(_head, (DeniedError,), (_CREDENTIAL + b"0" * 64, b"\nX-Amz-Algorithm=AWS4-HMAC-SHA256")),
}
