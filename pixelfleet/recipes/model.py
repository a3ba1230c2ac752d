"""The fields of a recipe. `docs/reference/recipes.md` and error messages show the description of every field."""

import base64
import binascii
import hashlib
import json
from enum import StrEnum
from functools import cached_property
from typing import Annotated, Any, Final, Literal, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    field_validator,
    model_validator,
)

from pixelfleet.recipes.glyphs import composed, without_glyph
from pixelfleet.recipes.writer import to_toml

MAX_VARIANTS: Final = 32
#: Files of all variants together, where variants are written in several formats.
MAX_FILES: Final = 96
#: The limit of WebP. Larger outputs are written as tiles.
MAX_SIDE: Final = 16_383
#: A recipe's text lies in one catalog item of at most 400 KB.
MAX_WATERMARK_BYTES: Final = 64 * 1024
#: Pixels to an inch of a PDF's pages, as in poppler's pdftoppm.
DEFAULT_DPI: Final = 150
DATA_URI: Final = "data:image/png;base64,"


class OutputFormat(StrEnum):
    """`auto` is WebP where the source has alpha or is animated, else JPEG."""

    AUTO = "auto"
    JPEG = "jpeg"
    PNG = "png"
    WEBP = "webp"
    AVIF = "avif"
    TIFF = "tiff"


class Fit(StrEnum):
    """`inside` keeps all of the image, `cover` fills the box and crops, `exact` stretches to the box."""

    INSIDE = "inside"
    COVER = "cover"
    EXACT = "exact"


class Gravity(StrEnum):
    """The part of the image that `cover` keeps, and the position of a watermark."""

    CENTRE = "centre"
    NORTH = "north"
    NORTH_EAST = "north-east"
    EAST = "east"
    SOUTH_EAST = "south-east"
    SOUTH = "south"
    SOUTH_WEST = "south-west"
    WEST = "west"
    NORTH_WEST = "north-west"
    ATTENTION = "attention"
    ENTROPY = "entropy"


class Metadata(StrEnum):
    """What a variant keeps of EXIF, XMP and IPTC: nothing, maker and owner, or all that is true of the variant."""

    STRIP = "strip"
    COPYRIGHT = "copyright"
    KEEP = "keep"


class Profile(StrEnum):
    """The colour profile: colours are converted to sRGB, or are left as they are with their profile."""

    STRIP = "strip"
    KEEP = "keep"


class CameraRaw(StrEnum):
    """`preview` takes the picture that the camera embedded, if it is at least as large as the variant."""

    PREVIEW = "preview"
    DEVELOP = "develop"


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


def _square(value: object) -> object:
    """`box = 320` is short for `box = [320, 320]`."""
    return [value, value] if isinstance(value, int) and not isinstance(value, bool) else value


def _several(value: object) -> object:
    """`format = "jpeg"` is short for `format = ["jpeg"]`."""
    return value if isinstance(value, list | tuple) else (value,)


Side = Annotated[int, Field(ge=1, le=MAX_SIDE, strict=True)]
Box = Annotated[tuple[Side, Side], BeforeValidator(_square)]
Formats = Annotated[tuple[OutputFormat, ...], BeforeValidator(_several), Field(min_length=1)]
Colour = Annotated[str, Field(pattern=r"^#[0-9a-fA-F]{6}$")]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,63}$")]


class Tiles(_Part):
    """A Deep Zoom pyramid: an entry file `<variant>.dzi` and a folder of tiles beside it."""

    size: int = Field(254, ge=64, le=4096, description="side of a tile in pixels, without its overlap")
    overlap: int = Field(1, ge=0, le=64, description="pixels that neighbouring tiles share on each side")


class Watermark(_Part):
    """A picture or a line of text over the variant, as the last step."""

    image: str | None = Field(
        None, description="a PNG file beside the recipe, at most 64 KB; kept in the recipe as a data: URI"
    )
    text: str | None = Field(None, min_length=1, max_length=200, description="one line of text")
    position: Gravity = Field(Gravity.SOUTH_EAST, description="centre, a side or a corner")
    opacity: float = Field(0.5, gt=0, le=1, description="0 (invisible) to 1 (solid)")
    width: float = Field(0.25, gt=0, le=1, description="share of the variant's width that the mark takes")
    margin: float = Field(0.02, ge=0, le=0.5, description="distance from the edge as a share of the shorter side")
    colour: Colour = Field("#ffffff", description="colour of the text")

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        if (self.image is None) == (self.text is None):
            raise ValueError("a watermark is either image or text: give exactly one of them")
        if self.position in (Gravity.ATTENTION, Gravity.ENTROPY):
            raise ValueError(f"position {self.position.value!r} is not a position: use centre, a side or a corner")
        return self

    @field_validator("text")
    @classmethod
    def _set(cls, text: str | None) -> str | None:
        if text is None:
            return None
        text = composed(text)
        if missing := without_glyph(text):
            characters = " ".join(
                character if character.isprintable() else f"U+{ord(character):04X}" for character in missing[:10]
            )
            raise ValueError(
                f"the font has no {characters}: text is Latin, Greek, Cyrillic, Armenian or Georgian; "
                "use a picture for other scripts"
            )
        return text

    @field_validator("image")
    @classmethod
    def _inlined(cls, image: str | None) -> str | None:
        if image is None:
            return None
        if not image.startswith(DATA_URI):
            raise ValueError("should be a PNG file beside a recipe read from a file, or a data:image/png;base64, URI")
        try:
            size = len(base64.b64decode(image.removeprefix(DATA_URI), validate=True))
        except binascii.Error:
            raise ValueError("the data: URI is not valid base64") from None
        if size > MAX_WATERMARK_BYTES:
            raise ValueError(f"the picture has {size:,} bytes, more than the {MAX_WATERMARK_BYTES:,} that are allowed")
        return image

    @property
    def image_bytes(self) -> bytes:
        """The PNG file of an image watermark; empty for text."""
        return base64.b64decode((self.image or "").removeprefix(DATA_URI))


class Variant(_Part):
    """One output: its size, the steps that change its pixels, and its encoding."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, validate_by_alias=True)

    name: Name = Field(description="lower-case letters, digits and hyphens; names the file")
    copies: bool = Field(default=False, alias="copy", description="carry the original's bytes unchanged")
    box: Box | None = Field(
        None, description="width and height in pixels, or one number for a square; none keeps the size"
    )
    fit: Fit = Field(Fit.INSIDE, description="inside (keeps all), cover (fills and crops) or exact (stretches)")
    gravity: Gravity = Field(
        Gravity.CENTRE, description="the part that cover keeps: a side, a corner, centre, attention or entropy"
    )
    enlarge: bool = Field(default=False, description="allow more pixels than the source has")
    pad: bool = Field(default=False, description="fill the box up with the background around an image that fits inside")
    formats: Formats = Field(
        (OutputFormat.AUTO,),
        alias="format",
        description="auto, jpeg, png, webp, avif or tiff; or a list without auto: one file each, from the same pixels",
    )
    quality: int | None = Field(
        None, ge=1, le=100, strict=True, description="1 to 100; default JPEG 80, WebP 80, AVIF 60"
    )
    effort: int | None = Field(
        None, ge=0, le=9, strict=True, description="0 (fast) to 9 (small); default chosen by measurement"
    )
    lossless: bool = Field(default=False, description="WebP and AVIF without loss")
    progressive: bool = Field(default=True, description="JPEG that appears coarse first; a few per cent smaller")
    sharpen: float = Field(0.0, ge=0, le=10, description="0 (none) to 10; 1 suits photographs")
    levels: bool = Field(default=False, description="stretch the tones to the full range")
    white_balance: bool = Field(default=False, description="remove a colour cast")
    denoise: int = Field(0, ge=0, le=5, strict=True, description="0 (none) to 5: radius of a median filter")
    saturation: float = Field(1.0, ge=0, le=4, description="0 (grey) to 4; 1 leaves colours as they are")
    blur: float = Field(0.0, ge=0, le=100, description="radius of a Gaussian blur in output pixels; 0 is none")
    background: Colour | None = Field(None, description="#rrggbb under transparent parts and around padding")
    watermark: Watermark | None = Field(None, description="a picture or text laid over the variant")
    metadata: Metadata = Field(
        Metadata.STRIP,
        description="EXIF, XMP, IPTC: strip, copyright (maker and rights alone) or keep; no GPS without keep_gps",
    )
    icc: Profile = Field(
        Profile.STRIP, description="strip: convert colours to sRGB; keep: leave colours and profile as they are"
    )
    depth: Literal[8, 16] = Field(
        8, description="bits a colour: with 16, PNG and TIFF keep all 16 bits of a source, AVIF keeps 12"
    )
    raw: CameraRaw = Field(
        CameraRaw.PREVIEW, description="a camera raw's embedded preview if it is large enough, or always develop"
    )
    page: int | None = Field(None, ge=1, le=100_000, strict=True, description="page or frame to take, from 1")
    tiles: Tiles | None = Field(None, description="write a Deep Zoom pyramid instead of one file")

    @property
    def format(self) -> OutputFormat:
        """The format, of an encoding; of a variant with several, the first."""
        return self.formats[0]

    @property
    def encodings(self) -> tuple["Variant", ...]:
        """The variant once for each of its formats, with that format alone."""
        return tuple(self.in_formats(one) for one in self.formats)

    def in_formats(self, *formats: OutputFormat) -> "Variant":
        """The variant with these formats instead of its own."""
        return self if formats == self.formats else self.model_copy(update={"formats": formats})

    @field_validator("formats")
    @classmethod
    def _differ(cls, formats: tuple[OutputFormat, ...]) -> tuple[OutputFormat, ...]:
        twice = next((one for one in formats if formats.count(one) > 1), None)
        if twice is not None:
            raise ValueError(f"{twice.value} is named twice")
        if len(formats) > 1 and OutputFormat.AUTO in formats:
            raise ValueError("auto stands alone: name the formats of the list")
        return formats

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        said = {info.alias or name for name, info in type(self).model_fields.items() if name in self.model_fields_set}
        said -= {"name", "copy"}
        if self.copies and said:
            raise ValueError(f"copy carries the original unchanged: remove {', '.join(sorted(said))}")
        needs_box = [name for name in ("fit", "gravity", "enlarge", "pad") if name in said]
        if self.box is None and needs_box:
            raise ValueError(f"{', '.join(needs_box)} has no meaning without box: add box = [width, height]")
        if self.pad and self.fit is not Fit.INSIDE:
            raise ValueError("pad needs fit = 'inside': the other fits fill the box already")
        if self.tiles and len(self.formats) > 1:
            raise ValueError("tiles have one format")
        if self.tiles and self.format not in (
            OutputFormat.AUTO,
            OutputFormat.JPEG,
            OutputFormat.PNG,
            OutputFormat.WEBP,
        ):
            raise ValueError("tiles are jpeg, png or webp")
        self._check_depth()
        return self

    def _check_depth(self) -> None:
        if self.depth == 8:
            return
        if self.tiles or not _DEEP_FORMATS.issuperset(self.formats):
            raise ValueError("depth = 16 needs format png, tiff or avif, without tiles")
        changing = sorted(self.model_fields_set & _ON_EIGHT_BITS)
        if changing:
            raise ValueError(f"depth = 16 leaves colours as they are: remove {', '.join(changing)}")


_DEEP_FORMATS: Final = frozenset({OutputFormat.PNG, OutputFormat.TIFF, OutputFormat.AVIF})
#: Steps that count from 0 to 255.
_ON_EIGHT_BITS: Final = frozenset(
    {"sharpen", "levels", "white_balance", "denoise", "saturation", "blur", "background", "pad", "watermark"}
)


class Recipe(_Part):
    """A named list of variants."""

    name: Name = Field(description="lower-case letters, digits and hyphens")
    description: str = Field("", max_length=500, description="one line for people")
    accept_truncated: bool = Field(
        default=False, description="use the part that is there of a truncated image, instead of refusing the image"
    )
    allow_svg: bool = Field(default=False, description="render SVG; nothing outside the file is ever loaded")
    dpi: int = Field(
        DEFAULT_DPI, ge=18, le=1200, strict=True, description="pixels to an inch at which the pages of a PDF are drawn"
    )
    keep_gps: bool = Field(default=False, description="record the place and leave it in metadata that is kept")
    variants: tuple[Variant, ...] = Field(
        min_length=1, max_length=MAX_VARIANTS, description="one [[variants]] table for each output"
    )

    @model_validator(mode="after")
    def _names_differ(self) -> Self:
        names = [variant.name for variant in self.variants]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"two variants are called {twice[0]!r}: each needs a name of its own")
        files = sum(len(variant.formats) for variant in self.variants)
        if files > MAX_FILES:
            raise ValueError(
                f"{files} files of an image, more than the {MAX_FILES} that are allowed: name fewer formats"
            )
        return self

    @cached_property
    def digest(self) -> str:
        """64 hex digits of the meaning of the recipe: formatting and written-out defaults do not change them."""
        canonical = json.dumps(self._said(), sort_keys=True, separators=(",", ":"), ensure_ascii=True)
        return hashlib.sha256(canonical.encode()).hexdigest()

    def to_text(self) -> str:
        """TOML that `parse` reads back to an equal recipe. The text names no file, so that the catalog can hold it."""
        return to_toml(self._said())

    def _said(self) -> dict[str, Any]:
        # Without defaults, so that a field that is added later does not change older digests.
        said: dict[str, Any] = self.model_dump(mode="json", by_alias=True, exclude_defaults=True)
        for variant in said["variants"]:
            # A single format is text, as before there were lists: digests of older recipes stay. A serializer of the
            # field could do the same, but pydantic then writes the default out.
            if len(variant.get("format", ())) == 1:
                [variant["format"]] = variant["format"]
        return said
