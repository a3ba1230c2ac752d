"""JPEG 2000: Pillow (OpenJPEG) decodes the pixels; JP2 boxes hold profile and metadata (ITU-T T.800, annex I)."""

import io
from pathlib import Path
from typing import Any, Final

from PIL import Image as PillowImage

from pixelfleet.errors import Cause, PermanentError
from pixelfleet.images.colour_space import PROFILE, Space, mark
from pixelfleet.images.containers.iso_boxes import boxes, top_box
from pixelfleet.images.containers.jp2_channels import (
    Codestream,
    LabRanges,
    codestream,
    colour_order,
    is_sycc,
    lab_ranges,
    palette,
    unknown_space,
)
from pixelfleet.images.containers.jp2_contrast import CODESTREAM, half_contrast
from pixelfleet.images.fields import with_blobs
from pixelfleet.images.formats import Format
from pixelfleet.images.readers import pillow
from pixelfleet.images.readers.contract import Header, Reading
from pixelfleet.images.readers.file import Read, reader_at
from pixelfleet.images.vips import Image

_MAX_BOXES: Final = 1000
#: Red, green, blue and alpha, or four inks.
_MOST_COMPONENTS: Final = 4
#: With half the contrast, black is 64 and white is 192.
_MIDDLE, _DIM_WHITE = 128, 192
_INDEXED: Final = ("L", "LA", "P", "PA")
_MAX_BLOB: Final = 4_000_000
#: `uuid` boxes: XMP (XMP specification, part 3), EXIF and IPTC (ExifTool's list of JPEG 2000 tags).
_UUIDS: Final = {
    bytes.fromhex("be7acfcb97a942e89c71999491e3afac"): "xmp",
    b"JpgTiffExif->JP2": "exif",
    bytes.fromhex("0537cdab9d0c4431a72afa561f2a113e"): "exif",
    bytes.fromhex("33c7a4d2b81d4723a0baf1a3e097ad38"): "iptc",
    bytes.fromhex("09a14e97c0b442e0bebf36df6f0ce36f"): "iptc",
}


def read_header(path: Path, row: Format, reading: Reading) -> Header:
    with reader_at(path) as read:
        _check(read)
        exif = _blobs(read).get("exif", b"")
    header = pillow.read_header(path, row, reading)
    return Header(header.width, header.height, 1, 1, header.colour_space, header.has_alpha, exif, held=True)


def decode(path: Path, row: Format, reading: Reading) -> Image:
    """
    Raises:
        PermanentError: `unsupported_format`, Pillow decodes this kind of JPEG 2000 wrong.
    """
    with reader_at(path) as read:
        layout = _check(read)
        profile, blobs = _profile(read), _blobs(read)
        colours, order = palette(read), colour_order(read)
        in_ycbcr = is_sycc(read)
        lab = lab_ranges(read, layout.bits if layout else 8)
    with pillow.stumbling(), pillow.tolerating(reading.accept_truncated):
        picture = pillow.open_picture(path, row)
        if colours and picture.mode in _INDEXED:
            # Pillow merges equal colours of a palette into one entry, which moves all later entries.
            picture = _indexed(picture, colours, layout)
        image = pillow.as_vips(pillow.plain(picture), picture.info)
        if not colours and layout:
            image = _whole_range(image, layout)
        if layout and layout.bits > 8 and layout.components > 1:
            image = _with_white(image, path, row, in_ycbcr=in_ycbcr)
    if not colours and image.interpretation == "srgb" and order != (0, 1, 2):
        image = _ordered(image, order)
    if lab and not profile and image.interpretation == "srgb":
        image = _from_lab(image, lab, layout)
    if profile and not image.get_typeof(PROFILE):
        image = mark(image, Space(profile))
    return with_blobs(image, **blobs)


def _check(read: Read) -> Codestream | None:
    """Rejects files that Pillow decodes to wrong pixels (Jpeg2KDecode.c of Pillow 13).

    Pillow assumes that rows of subsampled components have width // step samples. The assumption is wrong if the step
    does not divide the width.
    """
    layout = codestream(read)
    if layout and layout.components > _MOST_COMPONENTS:
        raise _unsupported(f"of {layout.components:,} components", "their meaning is not known")
    if layout and layout.components > 1 and layout.uneven:
        raise _unsupported("with subsampled colours and odd sizes", "its decoder mixes up the rows")
    if (space := unknown_space(read)) is not None and _profile(read) is None:
        raise _unsupported(f"in the colour space {space}", "it is not known here")
    if is_sycc(read) and colour_order(read) != (0, 1, 2):
        raise _unsupported("in YCbCr of another order", "its decoder takes the channels as they come")
    return layout


def _indexed(picture: Any, colours: bytes, layout: Codestream | None) -> Any:
    """The picture with the palette `colours`. Pillow shifts up indices of fewer than 8 bits, as if they were greys."""
    picture.load()
    shift = max(8 - layout.depths[0], 0) if layout else 0
    if shift:
        index = picture.getchannel(0).tobytes().translate(bytes(value >> shift for value in range(256)))
        plane = PillowImage.frombytes("P", picture.size, index)
        if len(picture.getbands()) > 1:
            raise _unsupported("with a palette of few colours and alpha", "its decoder mixes them up")
        picture = plane
    picture.putpalette(colours, "RGB")
    return picture


def _whole_range(image: Image, layout: Codestream) -> Image:
    """The image scaled to the full range. Pillow shifts up samples of fewer than 8 bits, so that they do not reach
    white."""
    if min(layout.depths) >= 8 or image.bands != len(layout.depths) or image.format != "uchar":
        return image
    factors = [255 / (255 & ~(255 >> min(depth, 8))) for depth in layout.depths]
    return (image * factors).rint().cast("uchar").copy(interpretation=image.interpretation)


def _with_white(image: Image, path: Path, row: Format, *, in_ycbcr: bool) -> Image:
    """Restores the white of samples of more than 8 bits. Pillow rounds white up to 256 and keeps the lowest 8 bits,
    which are 0. With half the contrast, no sample is rounded beyond 255, so that a second decoding separates white from
    black.

    Raises:
        PermanentError: `unsupported_format`, a second decoding is not possible, or cannot correct converted YCbCr.
    """
    if not in_ycbcr and image.min() > 0:
        return image
    with reader_at(path) as read:
        whole = read(0, path.stat().st_size)
        codestream = half_contrast(whole if whole.startswith(CODESTREAM) else top_box(read, b"jp2c", len(whole)))
    if codestream is None:
        raise _unsupported("of more than 8 bits with black or white in it", "its decoder shows white as black")
    picture = pillow.open_picture(io.BytesIO(codestream), row)
    dim = pillow.as_vips(pillow.plain(picture), {})
    if (dim.width, dim.height, dim.bands) != (image.width, image.height, image.bands):
        raise _unsupported("of more than 8 bits with black or white in it", "its decoder shows white as black")
    if not in_ycbcr:
        return ((image == 0) & (dim >= _MIDDLE)).ifthenelse(255, image).copy(interpretation=image.interpretation)
    if dim.max() >= _DIM_WHITE:
        raise _unsupported("in YCbCr of more than 8 bits with white in it", "its decoder shows white as black")
    return image


def _unsupported(kind: str, reason: str) -> PermanentError:
    return PermanentError(
        Cause.UNSUPPORTED_FORMAT, f"a JPEG 2000 {kind} is not supported, because {reason}; save it as TIFF or PNG"
    )


def _from_lab(image: Image, lab: LabRanges, layout: Codestream | None) -> Image:
    """Float Lab (T.801, M.11.7.4): the sample less the sample of zero, times the range, over the highest sample."""
    highest = (1 << (layout.bits if layout else 8)) - 1
    zeros = [zero * 255 / highest for zero in lab.zeros]
    colours = (image.extract_band(0, n=3) - zeros) * [value / 255 for value in lab.ranges]
    if image.bands > 3:
        colours = colours.bandjoin(image.extract_band(3))
    return colours.cast("float").copy(interpretation="lab")


def _ordered(image: Image, order: tuple[int, ...]) -> Image:
    bands = [image.extract_band(channel) for channel in order]
    if image.bands > len(order):
        bands.append(image.extract_band(image.bands - 1))
    return bands[0].bandjoin(bands[1:]).copy(interpretation="srgb")


def _profile(read: Read) -> bytes | None:
    """The profile in the first `colr` box with a profile: restricted (method 2, T.800 I.5.3.3) or any (method 3,
    T.801)."""
    header = top_box(read, b"jp2h")
    for kind, start, end in boxes(header):
        if kind == b"colr" and header[start : start + 1] in (b"\x02", b"\x03"):
            return header[start + 3 : end]
    return None


def _blobs(read: Read) -> dict[str, bytes]:
    blobs: dict[str, bytes] = {}
    at = 0
    for _ in range(_MAX_BOXES):
        head = read(at, 16)
        if len(head) < 8:
            break
        size, body = int.from_bytes(head[:4], "big"), 8
        if size == 1:
            size, body = int.from_bytes(head[8:16], "big"), 16
        if head[4:8] == b"uuid":
            name = _UUIDS.get(read(at + body, 16))
            length = min(size - body - 16, _MAX_BLOB) if size else _MAX_BLOB
            if name and length > 0:
                blobs.setdefault(name, read(at + body + 16, length))
        if size < body:
            break
        at += size
    return blobs
