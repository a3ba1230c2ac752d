"""An image of the catalog as a row of the report of a run or of a download."""

from dataclasses import dataclass
from pathlib import Path

from pixelfleet.domain.records import Image, Status
from pixelfleet.errors import Cause, TransientError
from pixelfleet.files.destination import DestinationError
from pixelfleet.operations.result_files import ResultFiles
from pixelfleet.report import ReportImage, ReportVariant


@dataclass(frozen=True, slots=True)
class ReportSource:
    """The source of a row: a path or an s3:// address, its key and image; `bytes` where no file shows its size."""

    name: str
    key: str
    image_id: str
    bytes: int | None = None

    @classmethod
    def in_bucket(cls, image: Image) -> "ReportSource":
        return cls(f"s3://{image.bucket}/{image.key}", image.key, image.image_id, image.bytes)


def ready_row(source: ReportSource, image: Image, variants: tuple[ReportVariant, ...]) -> ReportImage:
    """The row of an image whose variants are saved."""
    return _row(source, image, variants=variants)


def failed_row(source: ReportSource, cause: Cause, message: str, image: Image | None = None) -> ReportImage:
    """The row of an image without results; `image` is its record, where there is one."""
    return _row(source, image, cause=cause, message=message)


def fetched_row(files: ResultFiles, source: ReportSource, image: Image, folder: str, dest: Path) -> ReportImage:
    """Fetch the results of a ready image, and return its row; for another image, the row says why it has no results.

    Raises:
        DestinationError: `dest` has no room, or cannot be written.
    """
    if image.status is not Status.READY:
        return failed_row(source, image.cause or Cause.INTERNAL, image.message or f"it is {image.status}", image)
    try:
        return ready_row(source, image, files.fetch(image, folder))
    except OSError as error:
        if refused := DestinationError.of(dest, error):
            raise refused from None
        return failed_row(source, Cause.INTERNAL, f"the results cannot be saved: {error.strerror}", image)
    except TransientError as error:
        return failed_row(source, error.cause, error.message, image)


def _row(
    source: ReportSource,
    image: Image | None,
    *,
    variants: tuple[ReportVariant, ...] = (),
    cause: Cause | None = None,
    message: str | None = None,
) -> ReportImage:
    return ReportImage(
        source=source.name,
        key=source.key,
        image_id=source.image_id,
        status="failed" if cause else "ready",
        cause=cause.value if cause else None,
        message=message,
        format=image.format if image else None,
        width=image.width if image else None,
        height=image.height if image else None,
        attempts=image.attempts if image else 0,
        seconds=sum(image.timings_ms.values()) / 1000 if image else 0.0,
        variants=variants,
        bytes=source.bytes,
    )
