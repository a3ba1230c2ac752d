"""The run report: the outcome of every file."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Literal, Protocol, Self

from pixelfleet.domain.scores import Score
from pixelfleet.files.destination import replacing
from pixelfleet.recipes import Metric

Status = Literal["ready", "failed"]


class Output(Protocol):
    """A variant, as records and the engine describe it."""

    @property
    def name(self) -> str: ...
    @property
    def format(self) -> str: ...
    @property
    def width(self) -> int: ...
    @property
    def height(self) -> int: ...
    @property
    def bytes(self) -> int: ...
    @property
    def quality(self) -> int | None: ...


@dataclass(frozen=True, slots=True)
class ReportVariant:
    """`file` is relative to the folder of results, with forward slashes; `bytes` counts all of a variant's files.

    `quality` is the setting of the encoder that a target chose; `ssim` or `ssimulacra2` is its score. All are None for
    other variants; `quality` also where the original's pixels are used.
    """

    name: str
    file: str
    format: str
    width: int
    height: int
    bytes: int
    quality: int | None = None
    ssim: float | None = None
    ssimulacra2: float | None = None

    @classmethod
    def of(cls, output: Output, file: str, score: Score | None = None) -> Self:
        values = {score.metric: score.value} if score is not None else {}
        scores = output.quality, values.get(Metric.SSIM), values.get(Metric.SSIMULACRA2)
        size = output.width, output.height, output.bytes
        return cls(output.name, file, output.format, *size, *scores)

    @property
    def score(self) -> Score | None:
        if self.ssim is not None:
            return Score(Metric.SSIM, self.ssim)
        return None if self.ssimulacra2 is None else Score(Metric.SSIMULACRA2, self.ssimulacra2)


@dataclass(frozen=True, slots=True)
class ReportImage:
    """One source: a path, or an s3:// address.

    `key` and `image_id` are None without a cloud; `cause` and `message` for a ready image; `bytes` where
    the file itself shows the size of the original.
    """

    source: str
    key: str | None
    image_id: str | None
    status: Status
    cause: str | None = None
    message: str | None = None
    format: str | None = None
    width: int | None = None
    height: int | None = None
    attempts: int = 1
    seconds: float = 0.0
    variants: tuple[ReportVariant, ...] = ()
    bytes: int | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """`seconds` of wall time for the whole run."""

    images: tuple[ReportImage, ...] = field(default=())
    seconds: float = 0.0

    @property
    def ready(self) -> int:
        return sum(image.status == "ready" for image in self.images)

    @property
    def failed(self) -> int:
        return len(self.images) - self.ready

    @property
    def images_per_second(self) -> float:
        return len(self.images) / self.seconds if self.seconds > 0 else 0.0

    def causes(self) -> dict[str, int]:
        """The number of failures of each cause, the most frequent cause first."""
        counts: dict[str, int] = {}
        for image in self.images:
            if image.status == "failed":
                cause = image.cause or "internal"
                counts[cause] = counts.get(cause, 0) + 1
        return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))

    def to_json(self) -> str:
        fields = asdict(self) | {"ready": self.ready, "failed": self.failed, "seconds": round(self.seconds, 3)}
        fields["images_per_second"] = round(self.images_per_second, 2)
        # A file name need not be valid Unicode; escapes keep it readable by every JSON reader.
        return json.dumps(fields, indent=1, ensure_ascii=True)


def write_report(report: Report, path: Path) -> None:
    """Write the JSON, whole or not at all.

    Raises:
        OSError: the folder cannot be written to.
    """
    with replacing(path) as file:
        file.write(report.to_json() + "\n")
