"""The filters of a list of images, and the test whether a record fits. Pages, the API and commands share them."""

import re
from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from functools import lru_cache
from typing import Annotated, Any, Final, Protocol, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from pixelfleet.domain.areas import parse_area
from pixelfleet.domain.colours import Colour, colour_of
from pixelfleet.domain.records import Status
from pixelfleet.errors import Cause

#: The name for all owners. Only operators use it.
EVERYBODY: Final = "*"
#: The formats, by the worker's names, that people know by another name.
_FORMATS: Final[Mapping[str, str]] = {"jpg": "jpeg", "tif": "tiff"}
#: A picture whose longer side is at most this many times its shorter side is square; from the other on, a panorama.
_SQUARE: Final = 1.02
_PANORAMA: Final = 2.0

#: A year, a month, a day, or nothing, in ASCII digits.
_DAY_OR_LONGER: Final = r"^([0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?)?$"


class ImageOrder(StrEnum):
    """Of a batch, an index has the names; else the time of upload. See `image_pages` for the other orders."""

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


class Shape(StrEnum):
    """A panorama is `landscape` or `portrait` too."""

    LANDSCAPE = "landscape"
    PORTRAIT = "portrait"
    SQUARE = "square"
    PANORAMA = "panorama"

    def fits(self, width: int | None, height: int | None) -> bool:
        """Whether a picture of these pixels has the shape; False for unknown pixels."""
        if not width or not height:
            return False
        ratio = max(width, height) / min(width, height)
        if self is Shape.SQUARE or self is Shape.PANORAMA:
            return ratio <= _SQUARE if self is Shape.SQUARE else ratio >= _PANORAMA
        return ratio > _SQUARE and (width > height) == (self is Shape.LANDSCAPE)


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
    def format(self) -> str | None: ...
    @property
    def width(self) -> int | None: ...
    @property
    def height(self) -> int | None: ...
    @property
    def dominant_colour(self) -> str | None: ...
    @property
    def bytes(self) -> int | None: ...
    @property
    def tags(self) -> tuple[str, ...]: ...


def _format(text: str) -> str:
    name = text.strip().removeprefix(".").casefold()
    return _FORMATS.get(name, name)


def _area(text: str) -> str:
    if text.strip():
        parse_area(text)
    return text.strip()


#: Each record of a list is compared with the same area.
_known_area = lru_cache(maxsize=64)(parse_area)


def _none_for_empty(value: Any) -> Any:
    return value or None


def _day_or_longer(text: str) -> str:
    if not re.fullmatch(_DAY_OR_LONGER, text):
        raise ValueError("a year, month or day is 2026, 2026-07 or 2026-07-01")
    return text


class ImageFilters(BaseModel):
    """Filters without an owner. `since` and `until` are whole days, both included."""

    model_config = ConfigDict(frozen=True)

    batch: Annotated[str | None, BeforeValidator(_none_for_empty)] = Field(
        None, max_length=128, description="Only images of the batch with this name.", examples=["summer"]
    )
    status: Status | None = Field(
        None, description="In this state; deleted images are listed only if asked for.", examples=["failed"]
    )
    cause: Cause | None = Field(None, description="Only images that failed with this cause.", examples=[None])
    name: str = Field("", max_length=200, description="A part of the name, in upper or lower case.", examples=["IMG_"])
    since: date | None = Field(None, description="Uploaded on this day or later: 2026-11-20, in UTC.", examples=[None])
    until: date | None = Field(None, description="Uploaded on this day or earlier.", examples=[None])
    camera: str = Field(
        "", max_length=100, description="Only images whose camera's name contains this text.", examples=[""]
    )
    lens: str = Field("", max_length=100, description="A part of the lens' name.", examples=[""])
    taken: Annotated[str, AfterValidator(_day_or_longer)] = Field(
        "",
        json_schema_extra={"pattern": _DAY_OR_LONGER},
        description="Taken in this year, month or on this day, by the camera's clock: 2026, 2026-07 or 2026-07-01.",
        examples=[""],
    )
    near: Annotated[str, AfterValidator(_area)] = Field(
        "",
        max_length=60,
        description="Taken near this place: latitude,longitude in degrees, within 25 km, or as many as follow a second "
        "comma. Images have a place if their recipe keeps it (`keep_gps`).",
        examples=[""],
    )
    format: Annotated[str, AfterValidator(_format)] = Field(
        "", max_length=20, description="The original's format, such as `jpeg`, `png`, `tiff`, `heif`.", examples=[""]
    )
    shape: Shape | None = Field(None, description="A panorama is at least twice as long as high.", examples=[None])
    colour: Colour | None = Field(None, description="Only images with this main colour.", examples=[None])
    size: FileSize | None = Field(
        None, description="Of the original: under 1 MB, 1 to 10, 10 to 100, over 100 MB.", examples=[None]
    )
    tag: Annotated[str, AfterValidator(lambda text: text.strip().casefold())] = Field(
        "", max_length=50, description="Only images with this tag.", examples=[""]
    )

    @classmethod
    def lenient(cls, values: Mapping[str, str], **trusted: Any) -> Self:
        """From an address that a form made or a person typed: values that are empty or not valid are left out."""
        given = {name: value for name, value in values.items() if name in cls.model_fields and value}
        try:
            return cls.model_validate(given | trusted)
        except ValidationError as error:
            wrong = {detail["loc"][0] for detail in error.errors()}
            return cls.model_validate({name: value for name, value in given.items() if name not in wrong} | trusted)

    @property
    def contents(self) -> dict[str, Any]:
        """The filters that no index answers, by name, as far as they are set."""
        names = ("camera", "lens", "taken", "near", "format", "shape", "colour", "size", "tag")
        return {name: value for name in names if (value := getattr(self, name))}


class OrderedFilters(ImageFilters):
    """Filters, and the order of the list."""

    order: ImageOrder | None = Field(
        None,
        description="`new` or `old` by upload, `name` or `-name`, `size` or `-size` (largest first). Without it, a "
        "batch is in order of `name`, other lists are `new`. At most 5,000 images are put in order of size, of a "
        "batch in order of upload, or of an owner in order of name.",
        examples=[None],
    )


#: The attributes of a record that a filter compares. The status is always compared: deleted images are hidden.
_COMPARED: Final[Mapping[str, tuple[str, ...]]] = {
    "cause": ("cause",),
    "name": ("key",),
    "since": ("uploaded_at",),
    "until": ("uploaded_at",),
    "camera": ("exif",),
    "lens": ("exif",),
    "taken": ("exif",),
    "near": ("exif",),
    "format": ("format",),
    "shape": ("width", "height"),
    "colour": ("dominant_colour",),
    "size": ("bytes",),
    "tag": ("tags",),
}
#: The filters that no record fits which lacks their attribute.
_ABSENT_IS_FALSE: Final = ("cause", "camera", "lens", "taken", "near", "format", "colour", "tag")


class Filters(OrderedFilters):
    """Filters of the images of one owner, or of `EVERYBODY`. Whoever makes them has checked the caller's right."""

    owner: str

    @classmethod
    def of(cls, owner: str, asked: ImageFilters, **fields: Any) -> Self:
        """The filters that a caller asked for, of an owner to whose images the caller has the right.

        A batch's name alone does not name a batch of everybody, so it is left out there.
        """
        names = [name for name in type(asked).model_fields if name in cls.model_fields and name != "owner"]
        values = {name: getattr(asked, name) for name in names} | ({"batch": None} if owner == EVERYBODY else {})
        return cls(owner=owner, **(values | fields))

    def changed(self, **fields: Any) -> Self:
        """These filters with other values, which must be valid."""
        return self.model_copy(update=fields)

    @property
    def failures_of_all(self) -> bool:
        """Whether the index of failures answers."""
        asks = self.status is Status.FAILED or (self.cause is not None and self.status is None)
        return self.owner == EVERYBODY and asks

    @property
    def sorts(self) -> bool:
        """Whether no index has the images in this order."""
        by_name, by_time = (ImageOrder.NAME, ImageOrder.NAME_REVERSED), (ImageOrder.NEWEST, ImageOrder.OLDEST)
        return self.order is not None and self.order not in (by_name if self.batch else by_time)

    @property
    def narrowing(self) -> bool:
        """Whether records must be read to apply the filters."""
        if self.contents:
            return True
        if self.failures_of_all:
            return bool(self.name or self.since or self.until)
        if self.batch is not None or self.owner == EVERYBODY:
            return bool(self.cause or self.since or self.until)
        return bool(self.status or self.cause or self.name)

    @property
    def attributes(self) -> frozenset[str]:
        """The attributes of a record that `take` compares."""
        asked = (attributes for name, attributes in _COMPARED.items() if getattr(self, name))
        return frozenset({"status"}.union(*asked))

    @property
    def needed(self) -> frozenset[str]:
        """The attributes without which `take` is false, so that such records are left out unread."""
        return frozenset(_COMPARED[name][0] for name in _ABSENT_IS_FALSE if getattr(self, name))

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
        if self.format and image.format != self.format:
            return False
        if self.shape and not self.shape.fits(image.width, image.height):
            return False
        if self.colour and colour_of(image.dominant_colour) is not self.colour:
            return False
        if self.size:
            least, most = SIZES[self.size]
            if not least <= (image.bytes or 0) < most:
                return False
        return (not self.tag or self.tag in image.tags) and self._takes_exif(image.exif)

    def _takes_exif(self, exif: Mapping[str, str]) -> bool:
        for part, field in ((self.camera, "camera"), (self.lens, "lens")):
            if part and part.casefold() not in exif.get(field, "").casefold():
                return False
        if self.taken and not exif.get("taken_at", "").startswith(self.taken):
            return False
        return not self.near or _known_area(self.near).has(exif.get("gps", ""))
