"""A TIFF tile that cannot be decoded is an error and is never shown black."""

import io
import struct
from collections.abc import Callable
from pathlib import Path

import pytest
import pyvips
from PIL import Image

from pixelfleet.errors import Cause, PermanentError
from pixelfleet.images.pipeline import Rendition
from tests.colour.quarters import QUARTERS, picture
from tests.colour.tiff_files import quarters_page, tiff

Run = Callable[..., Rendition]
_TILE_OFFSETS, _TILE_BYTES = 324, 325


def tiled(compression: str = "deflate") -> tuple[bytearray, list[int], list[int]]:
    """The quarters in twelve tiles, and the offsets and sizes of the tiles."""
    raw = pyvips.Image.new_from_memory(picture().tobytes(), 64, 48, 3, "uchar").copy(interpretation="srgb")
    whole = raw.tiffsave_buffer(compression=compression, tile=True, tile_width=16, tile_height=16)
    with Image.open(io.BytesIO(whole)) as opened:
        tags = opened.tag_v2  # type: ignore[attr-defined]
        return bytearray(whole), list(tags[_TILE_OFFSETS]), list(tags[_TILE_BYTES])


def refusal(tmp_path: Path, rendered: Run, content: bytes) -> PermanentError:
    (tmp_path / "a").write_bytes(content)
    with pytest.raises(PermanentError) as caught:
        rendered(tmp_path / "a", {"format": "png"})
    return caught.value


@pytest.mark.parametrize("compression", ["deflate", "lzw", "jpeg"])
def test_a_damaged_tile_is_unreadable(tmp_path: Path, rendered: Run, compression: str) -> None:
    content, offsets, sizes = tiled(compression)
    content[offsets[5] : offsets[5] + sizes[5]] = b"\x55" * sizes[5]
    assert refusal(tmp_path, rendered, bytes(content)).cause is Cause.UNREADABLE


def test_a_tile_beyond_the_end_of_the_file_is_refused(tmp_path: Path, rendered: Run) -> None:
    content, offsets, _ = tiled()
    moved = [*offsets[:5], 1 << 20, *offsets[6:]]
    changed = bytes(content).replace(struct.pack("<12I", *offsets), struct.pack("<12I", *moved))
    assert refusal(tmp_path, rendered, changed).cause in (Cause.UNREADABLE, Cause.TRUNCATED)


def test_a_tile_that_a_sparse_raster_leaves_out_is_black(tmp_path: Path, rendered: Run) -> None:
    """GDAL, "Sparse files": offset and length are 0, and so are the samples."""
    page = quarters_page(QUARTERS)
    page.tags = {322: (4, [64]), 323: (4, [48]), 325: (4, [0]), 324: (4, [0])}
    (tmp_path / "a").write_bytes(tiff(page))
    with Image.open(rendered(tmp_path / "a", {"format": "png"}).variants[0].path) as opened:
        assert opened.getextrema() == ((0, 0),) * 3


@pytest.mark.parametrize("compression", [34712, 34887, 34933, 50002])
def test_tiles_in_a_compression_without_a_decoder_are_refused(tmp_path: Path, rendered: Run, compression: int) -> None:
    """JPEG 2000, LERC, PNG, JPEG XL: libvips shows such tiles black."""
    page = quarters_page(QUARTERS)
    page.tags = {
        259: (3, [compression]), 322: (4, [64]), 323: (4, [48]), 325: (4, [64 * 48 * 3]), 324: (4, [8])
    }  # fmt: skip
    error = refusal(tmp_path, rendered, tiff(page))
    assert error.cause is Cause.UNSUPPORTED_FORMAT
    assert str(compression) in error.message


def test_zstandard_is_read(tmp_path: Path, rendered: Run) -> None:
    """Pillow reads the file, because libvips has no decoder for Zstandard."""
    picture().save(tmp_path / "a", "TIFF", compression="zstd")
    with Image.open(rendered(tmp_path / "a", {"format": "png"}).variants[0].path) as opened:
        assert opened.getpixel((16, 12)) == QUARTERS[0]


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("CIELab", {"photometric": 8, "tags": {284: (3, [2])}}),
        ("floats of 16 bits", {"bits": 16, "sample_format": 3, "tags": {284: (3, [2])}}),
        ("premultiplied", {"bits": 32, "extra": (1,)}),
    ],
)
def test_a_kind_of_tiff_that_the_decoders_show_wrong_is_refused(
    tmp_path: Path, rendered: Run, kind: str, fields: dict[str, object]
) -> None:
    values = tuple((*colour, 255) for colour in QUARTERS) if "extra" in fields else QUARTERS
    error = refusal(tmp_path, rendered, tiff(quarters_page(values, **fields)))
    assert error.cause is Cause.UNSUPPORTED_FORMAT
    assert kind in error.message


def planes_in_tiles(extra: tuple[int, ...]) -> bytes:
    """RGB and one more sample, one tile for each plane."""
    values = tuple((*colour, alpha) for colour, alpha in zip(QUARTERS, (255, 128, 64, 0), strict=True))
    page, each = quarters_page(values, extra=extra), 64 * 48
    samples = page.samples()
    page.packed = b"".join(samples[band::4] for band in range(4))
    starts = [8 + band * each for band in range(4)]
    page.tags = {322: (4, [64]), 323: (4, [48]), 325: (4, [each] * 4), 284: (3, [2]), 324: (4, starts)}
    return tiff(page)


@pytest.mark.parametrize("extra", [(), (0,)])
def test_a_sample_of_no_declared_meaning_in_tiles_of_planes_is_refused(
    tmp_path: Path, rendered: Run, extra: tuple[int, ...]
) -> None:
    """Pillow divides the colours by a sample without ExtraSamples and drops a sample declared as unspecified."""
    error = refusal(tmp_path, rendered, planes_in_tiles(extra))
    assert error.cause is Cause.UNSUPPORTED_FORMAT
    assert "no declared meaning" in error.message


def test_a_declared_alpha_in_tiles_of_planes_is_read(tmp_path: Path, rendered: Run) -> None:
    (tmp_path / "a").write_bytes(planes_in_tiles((2,)))
    with Image.open(rendered(tmp_path / "a", {"format": "png"}).variants[0].path) as opened:
        assert opened.getpixel((48, 12)) == (*QUARTERS[1], 128)
