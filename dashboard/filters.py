"""The filters of a list of images, and the test whether a record fits."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final, Protocol

from pixelfleet.domain.colours import Colour, colour_of
from pixelfleet.domain.records import Status
from pixelfleet.errors import Cause

#: The name for all owners. Only operators use it.
EVERYBODY: Final = "*"


class Order(StrEnum):
    """Of a batch, an index has the names; else the time of upload. See `gallery` for the other orders."""

    NEWEST = "new"
    OLDEST = "old"
    NAME = "name"
    NAME_REVERSED = "-name"
    LARGEST = "-size"
    SMALLEST = "size"


class FileSize(StrEnum):
    """Bytes of the original."""

    SMALL = "small"
    MEDIUM = "medium"
    LARGE = "large"
    HUGE = "huge"


#: The first size in bytes, and the upper limit.
SIZES: Final[Mapping[FileSize, tuple[int, float]]] = {
    FileSize.SMALL: (0, 1_000_000),
    FileSize.MEDIUM: (1_000_000, 10_000_000),
    FileSize.LARGE: (10_000_000, 100_000_000),
    FileSize.HUGE: (100_000_000, float("inf")),
}


class Filterable(Protocol):
    """A record, or the part of a record that filters read."""

    @property
    def status(self) -> Status: ...
    @property
    def cause(self) -> Cause | None: ...
    @property
    def path(self) -> str: ...
    @property
    def uploaded_at(self) -> str: ...
    @property
    def exif(self) -> Mapping[str, str]: ...
    @property
    def dominant_colour(self) -> str | None: ...
    @property
    def bytes(self) -> int | None: ...
    @property
    def tags(self) -> tuple[str, ...]: ...


@dataclass(frozen=True, slots=True)
class Filters:
    """`since` and `until` are whole days, both included. `name` and `camera` are parts, in upper or lower case."""

    owner: str
    batch: str | None = None
    status: Status | None = None
    cause: Cause | None = None
    name: str = ""
    since: date | None = None
    until: date | None = None
    order: Order | None = None
    camera: str = ""
    colour: Colour | None = None
    size: FileSize | None = None
    tag: str = ""

    @property
    def failures_of_all(self) -> bool:
        """Whether the index of failures answers."""
        asks = self.status is Status.FAILED or (self.cause is not None and self.status is None)
        return self.owner == EVERYBODY and asks

    @property
    def sorts(self) -> bool:
        """Whether no index has the images in this order."""
        indexed = (Order.NAME, Order.NAME_REVERSED) if self.batch else (Order.NEWEST, Order.OLDEST)
        return self.order is not None and self.order not in indexed

    @property
    def narrowing(self) -> bool:
        """Whether records must be read to apply the filters."""
        if self.camera or self.colour or self.size or self.tag:
            return True
        if self.failures_of_all:
            return bool(self.name or self.since or self.until)
        if self.batch is not None or self.owner == EVERYBODY:
            return bool(self.cause or self.since or self.until)
        return bool(self.status or self.cause or self.name)

    def take(self, image: Filterable) -> bool:
        """Whether a record, read later than its index, fits (still)."""
        if image.status is not (self.status or image.status) or image.cause is not (self.cause or image.cause):
            return False
        hidden = image.status is Status.DELETED and self.status is None
        fits = self.takes_name(image.path) and self._takes_day(image.uploaded_at[:10])
        return not hidden and fits and self._takes_contents(image)

    def takes_name(self, path: str) -> bool:
        return self.name.casefold() in path.casefold()

    def _takes_day(self, day: str) -> bool:
        return str(self.since or "") <= day and (self.until is None or day <= str(self.until))

    def _takes_contents(self, image: Filterable) -> bool:
        if self.camera and self.camera.casefold() not in image.exif.get("camera", "").casefold():
            return False
        if self.colour and colour_of(image.dominant_colour) is not self.colour:
            return False
        if self.size:
            least, most = SIZES[self.size]
            if not least <= (image.bytes or 0) < most:
                return False
        return not self.tag or self.tag in image.tags
