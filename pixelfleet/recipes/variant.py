"""The fields of a variant. `docs/reference/recipes.md` and error messages show the description of every field."""

from typing import Annotated, Final, Literal, Self

from pydantic import BeforeValidator, ConfigDict, Field, field_validator, model_validator

from pixelfleet.recipes.choices import (
    CameraRaw,
    Fit,
    Gravity,
    Hdr,
    JpegEncoder,
    Metadata,
    OutputFormat,
    Profile,
    Redaction,
    RedactionStyle,
)
from pixelfleet.recipes.custom_step import MAX_STEPS, CustomStep
from pixelfleet.recipes.part import Box, Colour, Name, Part
from pixelfleet.recipes.quality_target import Quality, QualityTarget
from pixelfleet.recipes.watermark import Watermark

_HDR_FORMATS: Final = frozenset({OutputFormat.AUTO, OutputFormat.JPEG, OutputFormat.AVIF})
#: Formats with a setting of quality. `auto` becomes one of them.
_LOSSY: Final = frozenset(
    {OutputFormat.AUTO, OutputFormat.JPEG, OutputFormat.WEBP, OutputFormat.AVIF, OutputFormat.JXL}
)
#: Formats of which the coded picture of an original can be put into the variant's file.
_NEVER_LARGER: Final = frozenset({OutputFormat.AUTO, OutputFormat.JPEG, OutputFormat.PNG, OutputFormat.WEBP})
_DEEP_FORMATS: Final = frozenset({OutputFormat.PNG, OutputFormat.TIFF, OutputFormat.AVIF})
#: Steps that count from 0 to 255.
_ON_EIGHT_BITS: Final = frozenset(
    {
        *("sharpen", "levels", "white_balance", "denoise", "saturation", "blur", "steps", "background", "pad"),
        *("watermark", "redact"),
    }
)


def _several(value: object) -> object:
    """`format = "jpeg"` is short for `format = ["jpeg"]`."""
    return value if isinstance(value, list | tuple) else (value,)


Formats = Annotated[tuple[OutputFormat, ...], BeforeValidator(_several), Field(min_length=1)]
Redactions = Annotated[tuple[Redaction, ...], BeforeValidator(_several), Field(max_length=1)]


class Tiles(Part):
    """A Deep Zoom pyramid: an entry file `<variant>.dzi` and a folder of tiles beside it."""

    size: int = Field(254, ge=64, le=4096, description="side of a tile in pixels, without its overlap")
    overlap: int = Field(1, ge=0, le=64, description="pixels that neighbouring tiles share on each side")


class Variant(Part):
    """One output: its size, the steps that change its pixels, and its encoding."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, validate_by_alias=True)

    name: Name = Field(description="lower-case letters, digits and hyphens; names the file")
    copies: bool = Field(default=False, alias="copy", description="carry the original's bytes unchanged")
    box: Box | None = Field(
        None, description="width and height in pixels, or one number for a square; none keeps the size"
    )
    fit: Fit = Field(Fit.INSIDE, description="inside (keeps all), cover (fills and crops) or exact (stretches)")
    gravity: Gravity = Field(
        Gravity.CENTRE, description="the part that cover keeps: a side, a corner, centre, attention, entropy or face"
    )
    enlarge: bool = Field(default=False, description="allow more pixels than the source has")
    pad: bool = Field(default=False, description="fill the box up with the background around an image that fits inside")
    formats: Formats = Field(
        (OutputFormat.AUTO,),
        alias="format",
        description="auto, jpeg, png, webp, avif, jxl, tiff; or a list without auto: one file each of the same pixels",
    )
    quality: Quality | None = Field(
        None, description="1 to 100, or a table with the score to reach; default JPEG 80, WebP 80, AVIF 60, JPEG XL 80"
    )
    never_larger: bool = Field(
        default=False,
        description="if larger than a JPEG, PNG or WebP original with the same pixels: those pixels, without metadata",
    )
    effort: int | None = Field(
        None, ge=0, le=9, strict=True, description="0 (fast) to 9 (small); default chosen by measurement"
    )
    lossless: bool = Field(default=False, description="WebP, AVIF and JPEG XL without loss")
    encoder: JpegEncoder = Field(
        JpegEncoder.LIBJPEG,
        description="of JPEG: libjpeg, or jpegli: fewer bytes for an equal look; needs the extra `jpegli`",
    )
    progressive: bool = Field(default=True, description="JPEG that appears coarse first; a few per cent smaller")
    sharpen: float = Field(0.0, ge=0, le=10, description="0 (none) to 10; 1 suits photographs")
    levels: bool = Field(default=False, description="stretch the tones to the full range")
    white_balance: bool = Field(default=False, description="remove a colour cast")
    denoise: int = Field(0, ge=0, le=5, strict=True, description="0 (none) to 5: radius of a median filter")
    saturation: float = Field(1.0, ge=0, le=4, description="0 (grey) to 4; 1 leaves colours as they are")
    blur: float = Field(0.0, ge=0, le=100, description="radius of a Gaussian blur in output pixels; 0 is none")
    steps: tuple[CustomStep, ...] = Field(
        (), max_length=MAX_STEPS, description="steps of other packages, each with its name and its options"
    )
    redact: Redactions = Field((), description='what is made unrecognisable: ["face"]; needs the extra `faces`')
    redact_style: RedactionStyle = Field(
        RedactionStyle.BLUR, description="blur or pixelate; a redacted part keeps at most 4 x 4 colours in either style"
    )
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
    hdr: Hdr = Field(
        Hdr.STRIP,
        description="strip: for ordinary screens; keep: a JPEG keeps its Ultra HDR gain map, AVIF keeps PQ and HLG",
    )
    raw: CameraRaw = Field(
        CameraRaw.PREVIEW, description="a camera raw's embedded preview if it is large enough, or always develop"
    )
    page: int | None = Field(None, ge=1, le=100_000, strict=True, description="page or frame to take, from 1")
    tiles: Tiles | None = Field(None, description="write a Deep Zoom pyramid instead of one file")
    lazy: bool = Field(
        default=False, description="not made at the upload, but at the first request to its stable address (/v/...)"
    )

    @property
    def format(self) -> OutputFormat:
        """The format, of an encoding; of a variant with several, the first."""
        return self.formats[0]

    @property
    def quality_target(self) -> QualityTarget | None:
        """The score that the encoding is to reach, if the recipe has a score and no fixed setting."""
        return self.quality if isinstance(self.quality, QualityTarget) else None

    @property
    def encodings(self) -> tuple["Variant", ...]:
        """The variant once for each of its formats, with that format alone."""
        return tuple(self.in_formats(one) for one in self.formats)

    def in_formats(self, *formats: OutputFormat) -> "Variant":
        """The variant with these formats instead of its own."""
        return self if formats == self.formats else self.model_copy(update={"formats": formats})

    def with_setting(self, setting: int) -> "Variant":
        """The variant with this setting of the encoder as its quality."""
        return self.model_copy(update={"quality": setting})

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
        if self.tiles and self.lazy:
            raise ValueError("tiles have no stable address, so nothing would ask for them: remove lazy")
        if self.tiles and len(self.formats) > 1:
            raise ValueError("tiles have one format")
        if self.tiles and self.format not in (
            OutputFormat.AUTO,
            OutputFormat.JPEG,
            OutputFormat.PNG,
            OutputFormat.WEBP,
        ):
            raise ValueError("tiles are jpeg, png or webp")
        if self.steps and self.icc is Profile.KEEP:
            raise ValueError("steps of other packages change sRGB: remove icc = 'keep'")
        self._check_redaction()
        self._check_depth()
        self._check_hdr()
        self._check_encoder()
        self._check_target()
        return self

    def _check_target(self) -> None:
        if self.tiles and self.never_larger:
            raise ValueError("never_larger compares one file with the original: remove never_larger or tiles")
        if self.never_larger and not _NEVER_LARGER.intersection(self.formats):
            named = ", ".join(self.formats)
            raise ValueError(f"never_larger has no effect on {named}, only on jpeg, png and webp: remove never_larger")
        if self.quality_target is None:
            return
        if not _LOSSY.issuperset(self.formats):
            raise ValueError("a quality with a target needs format auto, jpeg, webp, avif or jxl")
        unfit = [name for name, used in (("tiles", self.tiles), ("lossless", self.lossless)) if used]
        if unfit:
            raise ValueError(f"a quality with a target has no meaning with {unfit[0]}: give a number, or none")
        if self.depth > 8 or self.hdr is Hdr.KEEP:
            raise ValueError("a quality with a target is measured on 8 bits: remove depth and hdr, or give a number")

    def _check_encoder(self) -> None:
        if OutputFormat.JXL in self.formats and self.icc is Profile.KEEP:
            raise ValueError("JPEG XL is written in sRGB alone: remove icc = 'keep', or jxl from format")
        if self.encoder is JpegEncoder.LIBJPEG:
            return
        if not {OutputFormat.AUTO, OutputFormat.JPEG}.intersection(self.formats):
            raise ValueError("encoder = 'jpegli' needs format auto or jpeg")
        if self.tiles:
            raise ValueError("tiles are written by libjpeg: remove encoder")
        if self.hdr is Hdr.KEEP:
            raise ValueError("a gain map is written with libjpeg: remove encoder or hdr")

    def _check_redaction(self) -> None:
        if "redact_style" in self.model_fields_set and not self.redact:
            raise ValueError('redact_style has no meaning without redact: add redact = ["face"]')
        if self.redact and self.icc is Profile.KEEP:
            raise ValueError("redact works on sRGB: remove icc")

    @property
    def searches_faces(self) -> bool:
        """Whether the variant depends on the faces in the image."""
        return self.gravity is Gravity.FACE or Redaction.FACE in self.redact

    def _check_depth(self) -> None:
        if self.depth == 8:
            return
        if self.tiles or not _DEEP_FORMATS.issuperset(self.formats):
            raise ValueError("depth = 16 needs format png, tiff or avif, without tiles")
        changing = sorted(self.model_fields_set & _ON_EIGHT_BITS)
        if changing:
            raise ValueError(f"depth = 16 leaves colours as they are: remove {', '.join(changing)}")

    def _check_hdr(self) -> None:
        if self.hdr is Hdr.STRIP:
            return
        if self.tiles or not _HDR_FORMATS.intersection(self.formats):
            raise ValueError("hdr = 'keep' needs format jpeg or avif, without tiles")
        if self.lossless or self.depth > 8:
            raise ValueError("hdr = 'keep' writes AVIF of 10 bits: remove lossless and depth")
        changing = sorted(self.model_fields_set & _ON_EIGHT_BITS)
        if changing:
            raise ValueError(f"hdr = 'keep' leaves colours as they are: remove {', '.join(changing)}")
