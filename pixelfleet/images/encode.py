"""Writing a variant: format, options, and the file's name and content type."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from pixelfleet.errors import Cause, PermanentError
from pixelfleet.images import jpegli, jpegxl_output
from pixelfleet.images.colour_space import CODE_POINTS, SRGB, space_of
from pixelfleet.images.containers.avif_colours import with_code_points
from pixelfleet.images.fields import without_metadata
from pixelfleet.images.gain_map import GainMap, written_with
from pixelfleet.images.metadata.choice import Blocks
from pixelfleet.images.metadata.density import with_density
from pixelfleet.images.metadata.output import attach, finish
from pixelfleet.images.vips import Image, pyvips
from pixelfleet.recipes import JpegEncoder, OutputFormat, Profile, Variant

#: Measured: docs/decisions/encoder-presets.md.
_WEBP_EFFORT: Final = 4
_AVIF_EFFORT: Final = 0
_PNG_COMPRESSION: Final = 6
#: Well below the 4 GiB of classic TIFF, counted as 16-bit samples.
_CLASSIC_BYTES: Final = 2_000_000_000
#: Bits a sample of PQ and HLG (ITU-R BT.2100, table 9: 10 or 12).
_HDR_BITS: Final = 10
_QUALITY: Final = {OutputFormat.JPEG: 80, OutputFormat.WEBP: 80, OutputFormat.AVIF: 60, OutputFormat.JXL: 80}


@dataclass(frozen=True, slots=True)
class Encoding:
    """How a format is written. `saver` is libvips' operation, empty where another library writes the format; `options`
    returns libvips' options for a variant."""

    saver: str
    extension: str
    content_type: str
    options: Callable[[Variant], dict[str, Any]]
    max_side: int
    alpha: bool = True
    animates: bool = False
    #: Options for 16-bit pixels.
    deep: Mapping[str, Any] = field(default_factory=dict)
    #: Options that encode the same pixels faster, into more bytes.
    hasty: Mapping[str, Any] = field(default_factory=dict)


def encoding_of(variant: Variant) -> Encoding:
    """The encoding of a variant. The variant's format must be settled, so not `auto`."""
    return _ENCODINGS[variant.format]


def keeps_alpha(variant: Variant) -> bool:
    return encoding_of(variant).alpha


def settle_format(variant: Variant, *, alpha: bool, moves: bool) -> Variant:
    """`auto` becomes WebP for an image that has alpha or is animated, else JPEG. Every other format stays."""
    if variant.format is not OutputFormat.AUTO:
        return variant
    # A variant with a background or tiles keeps no alpha, so the variant does not need WebP.
    transparent = alpha and variant.background is None
    chosen = OutputFormat.WEBP if (transparent or moves) and variant.tiles is None else OutputFormat.JPEG
    return variant.in_formats(chosen)


def can_move(variant: Variant) -> bool:
    """Whether the variant of an animation may be animated. `auto` then becomes a format with animation."""
    moving = variant.format is OutputFormat.AUTO or encoding_of(variant).animates
    return moving and variant.page is None and variant.tiles is None


def write(image: Image, variant: Variant, path: Path, blocks: Blocks, gain_map: GainMap | None = None) -> str | None:
    """Encode into `path`, with these blocks of metadata. The same pixels, variant and blocks give the same bytes.

    Returns:
        The kind of high dynamic range of the file, as in `RenderedVariant`; None for an ordinary file.

    Raises:
        PermanentError: `recipe_unfit`, the image is larger than its format allows.
    """
    encoding = encoding_of(variant)
    if max(image.width, image.get("page-height") if _moves(image) else image.height) > encoding.max_side:
        raise PermanentError(
            Cause.RECIPE_UNFIT,
            f"variant {variant.name!r} would be {image.width:,} x {image.height:,}; {variant.format.value} has at most "
            f"{encoding.max_side:,} pixels a side: give it a box, tiles or another format",
        )
    if (
        gain_map is not None
        and variant.format is OutputFormat.JPEG
        and _with_gain_map(image, variant, path, blocks, gain_map)
    ):
        return "gain-map"
    space = space_of(image) if variant.format is OutputFormat.AVIF else SRGB
    image, kept = attach(with_density(image), blocks, variant.format)
    profile = "icc" if variant.icc is Profile.KEEP else ""
    keep = "|".join(filter(None, (kept, profile))) or "none"
    if (content := _by_another_library(image, variant, blocks, keep)) is not None:
        path.write_bytes(content)
        return None
    options = _options(image, variant) | {"keep": keep}
    if space.transfer:
        options["bitdepth"] = _HDR_BITS
    getattr(image, encoding.saver)(str(path), **options)
    if space.transfer:
        path.write_bytes(with_code_points(path.read_bytes(), space.primaries, CODE_POINTS[space.transfer]))
        return space.transfer.value
    finish(path, blocks, variant.format)
    return None


def _by_another_library(image: Image, variant: Variant, blocks: Blocks, keep: str) -> bytes | None:
    """The file of a variant that libvips does not write; None for every other variant."""
    if _is_jpegli(variant):
        return jpegli.file_of(image, variant, quality_of(variant), blocks, keep)
    if variant.format is OutputFormat.JXL:
        return jpegxl_output.file_of(image, variant, quality_of(variant), blocks)
    return None


def _options(image: Image, variant: Variant) -> dict[str, Any]:
    """libvips' options for the pixels of a variant."""
    encoding = encoding_of(variant)
    options = encoding.options(variant)
    if image.format == "ushort":
        options |= encoding.deep
    if variant.format is OutputFormat.TIFF:
        # Many programs cannot read BigTIFF. Classic TIFF has offsets of 32 bits, and deflate may not reduce the size.
        options["bigtiff"] = image.width * image.height * image.bands * 2 > _CLASSIC_BYTES
    if encoding.animates and _moves(image):
        options["page_height"] = image.get("page-height")
    return options


def _with_gain_map(image: Image, variant: Variant, path: Path, blocks: Blocks, gain_map: GainMap) -> bool:
    """Write an Ultra HDR JPEG: baseline, with the picture's own profile, and with the map. Returns False if
    libultrahdr refuses the map."""
    image, kept = attach(without_metadata(with_density(image)), blocks, variant.format)
    keep = "|".join(filter(None, (kept, "icc", "gainmap")))
    with_map = gain_map.attached_to(image)
    return written_with(lambda: with_map.uhdrsave(str(path), Q=quality_of(variant), keep=keep))


def decoded_again(image: Image, variant: Variant) -> Image:
    """The pixels, in memory, that remain of one still 8-bit image in memory after it is encoded and decoded."""
    encoding = encoding_of(variant)
    if variant.format is OutputFormat.JXL:
        return jpegxl_output.decoded(jpegxl_output.encoded(image, variant, quality_of(variant)))
    if _is_jpegli(variant):
        content = jpegli.encoded(image, quality_of(variant), progressive=False)
    else:
        options = {**encoding.options(variant), **encoding.hasty, "keep": "none"}
        content = getattr(image, f"{encoding.saver}_buffer")(**options)
    return pyvips.Image.new_from_buffer(content, "").copy_memory()


def _is_jpegli(variant: Variant) -> bool:
    return variant.format is OutputFormat.JPEG and variant.encoder is JpegEncoder.JPEGLI


def _moves(image: Image) -> bool:
    return bool(image.get_typeof("page-height"))


def quality_of(variant: Variant) -> int:
    """The setting of the encoder. Of a variant with a target, it is settled before the encode."""
    return variant.quality if isinstance(variant.quality, int) else _QUALITY[variant.format]


def _jpeg(variant: Variant) -> dict[str, Any]:
    return {"Q": quality_of(variant), "interlace": variant.progressive, "optimize_coding": True}


def _webp(variant: Variant) -> dict[str, Any]:
    effort = _WEBP_EFFORT if variant.effort is None else min(variant.effort, 6)
    return {"Q": quality_of(variant), "effort": effort, "lossless": variant.lossless}


def _avif(variant: Variant) -> dict[str, Any]:
    effort = _AVIF_EFFORT if variant.effort is None else variant.effort
    return {
        "Q": quality_of(variant),
        "effort": effort,
        "lossless": variant.lossless,
        "compression": "av1",
        "bitdepth": 8,
    }


def _png(variant: Variant) -> dict[str, Any]:
    return {"compression": _PNG_COMPRESSION if variant.effort is None else variant.effort}


def _jxl(_variant: Variant) -> dict[str, Any]:
    """None: `jpegxl_output` writes the file, and not libvips."""
    return {}


def _tiff(_variant: Variant) -> dict[str, Any]:
    return {"compression": "deflate", "predictor": "horizontal", "tile": True}


_ENCODINGS: Final[dict[OutputFormat, Encoding]] = {
    OutputFormat.JPEG: Encoding(
        "jpegsave",
        ".jpg",
        "image/jpeg",
        _jpeg,
        65_500,
        alpha=False,
        hasty={"interlace": False, "optimize_coding": False},
    ),
    OutputFormat.PNG: Encoding("pngsave", ".png", "image/png", _png, 2**31 - 1),
    OutputFormat.WEBP: Encoding("webpsave", ".webp", "image/webp", _webp, 16_383, animates=True),
    OutputFormat.AVIF: Encoding("heifsave", ".avif", "image/avif", _avif, 16_384, deep={"bitdepth": 12}),
    OutputFormat.JXL: Encoding("", ".jxl", "image/jxl", _jxl, 2**30 - 1),
    OutputFormat.TIFF: Encoding("tiffsave", ".tif", "image/tiff", _tiff, 2**31 - 1),
}
