"""`never_larger`: the pixels of the original in the place of a larger file, without anything else of the original."""

import io
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageChops, ImageCms

from pixelfleet.images.containers import jpeg_segments, png_picture, webp_chunks
from pixelfleet.images.pipeline import RenderedVariant, Rendition
from pixelfleet.samples.profile import wide_profile
from pixelfleet.samples.scene import scene

Save = Callable[..., Path]
Run = Callable[..., Rendition]

#: Of each format: low enough that quality 95 needs more bytes.
LOW: dict[str, dict[str, Any]] = {"JPEG": {"quality": 40}, "WEBP": {"quality": 40}}
SECRET = b"a secret of the photographer"


@pytest.fixture(scope="module")
def photo() -> Image.Image:
    return scene((160, 120), "forest", "larger")


def exif(orientation: int = 1) -> Image.Exif:
    made = Image.Exif()
    made[0x0112] = orientation
    made[0x010F] = SECRET.decode()
    made[0x8298] = "(c) Ana"
    made.get_ifd(0x8825)[1] = "N"
    made.get_ifd(0x8825)[2] = (48.0, 8.0, 0.0)
    return made


def asked(code: str, **more: Any) -> dict[str, Any]:
    return {"format": code.lower(), "quality": 95, "never_larger": True} | more


def pixels(content: Path | bytes) -> bytes:
    with Image.open(io.BytesIO(content) if isinstance(content, bytes) else content) as picture:
        return picture.convert("RGBA").tobytes()


def half_clear(size: tuple[int, int]) -> Image.Image:
    """An alpha with an invisible upper half."""
    return Image.linear_gradient("L").resize(size).point(lambda value: value if value > 127 else 0)


def has_original_pixels(variant: RenderedVariant, source: Path) -> bool:
    return pixels(variant.path) == pixels(source)


@pytest.mark.parametrize("code", ["JPEG", "WEBP"])
@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_a_variant_that_would_be_larger_has_the_pixels_of_the_original_and_nothing_else_of_it(
    save: Save, rendered: Run, photo: Image.Image, code: str, mode: str
) -> None:
    source = save(photo.convert(mode), code, exif=exif(), **LOW[code])
    source.write_bytes(source.read_bytes() + SECRET)
    larger, kept = rendered(source, asked(code, never_larger=False), asked(code)).variants
    assert has_original_pixels(kept, source)
    assert not has_original_pixels(larger, source)
    assert kept.bytes == kept.path.stat().st_size < larger.bytes
    assert (kept.width, kept.height, kept.format) == (*photo.size, code.lower())
    content = kept.path.read_bytes()
    assert SECRET not in content
    assert b"GPS" not in content
    with Image.open(kept.path) as picture:
        assert not dict(picture.getexif())


@pytest.mark.parametrize("code", ["JPEG", "WEBP"])
def test_the_metadata_is_what_the_variant_asks_for(save: Save, rendered: Run, photo: Image.Image, code: str) -> None:
    source = save(photo, code, exif=exif(), **LOW[code])
    [kept] = rendered(source, asked(code, metadata="copyright")).variants
    assert has_original_pixels(kept, source)
    with Image.open(kept.path) as picture:
        assert picture.getexif()[0x8298] == "(c) Ana"
        assert 0x010F not in picture.getexif()
        assert not picture.getexif().get_ifd(0x8825)


@pytest.mark.parametrize("code", ["JPEG", "WEBP"])
def test_a_profile_stays_where_colours_are_kept(save: Save, rendered: Run, photo: Image.Image, code: str) -> None:
    source = save(photo, code, icc_profile=wide_profile(), **LOW[code])
    converted, kept = rendered(source, asked(code), asked(code, icc="keep")).variants
    assert has_original_pixels(kept, source)
    with Image.open(kept.path) as picture:
        assert picture.info["icc_profile"] == wide_profile()
    # To sRGB: other numbers, so that the pixels of the original would be wrong.
    assert not has_original_pixels(converted, source)


@pytest.mark.parametrize("code", ["JPEG", "WEBP"])
def test_a_profile_that_is_srgb_goes(save: Save, rendered: Run, photo: Image.Image, code: str) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    source = save(photo, code, icc_profile=profile, **LOW[code])
    [kept] = rendered(source, asked(code)).variants
    assert has_original_pixels(kept, source)
    with Image.open(kept.path) as picture:
        assert "icc_profile" not in picture.info


@pytest.mark.parametrize("options", [{"quality": 40}, {"lossless": True, "exact": True}], ids=str)
def test_colours_below_transparent_parts_do_not_get_out(
    save: Save, rendered: Run, photo: Image.Image, options: dict[str, Any]
) -> None:
    clear = photo.convert("RGBA")
    clear.putalpha(half_clear(clear.size))
    source = save(clear, "WEBP", **options)
    with_rule, without = rendered(
        source, asked("WEBP", quality=100), asked("WEBP", quality=100, never_larger=False)
    ).variants
    assert with_rule.path.read_bytes() == without.path.read_bytes()


def visible(picture: Image.Image) -> Image.Image:
    """The picture with an alpha that is low but nowhere 0."""
    clear = picture.convert("RGBA" if picture.mode == "RGB" else "LA")
    clear.putalpha(Image.linear_gradient("L").resize(clear.size).point(lambda value: max(value, 1)))
    return clear


def cut_out(picture: Image.Image) -> Image.Image:
    """The picture with an invisible half, in which every pixel is black."""
    clear = visible(picture)
    clear.paste((0,) * len(clear.getbands()), (0, 0, clear.width // 2, clear.height))
    return clear


@pytest.mark.parametrize("made", [visible, cut_out])
@pytest.mark.parametrize("metadata", ["strip", "copyright"])
@pytest.mark.parametrize("lossless", [True, False])
def test_a_webp_whose_transparent_parts_hide_nothing_has_the_pixels_of_the_original(
    save: Save,
    rendered: Run,
    photo: Image.Image,
    made: Callable[[Image.Image], Image.Image],
    metadata: str,
    *,
    lossless: bool,
) -> None:
    flat = photo.quantize(8).convert("RGB") if lossless else photo
    source = save(made(flat), "WEBP", lossless=lossless, exact=True, quality=40, method=6, exif=exif())
    source.write_bytes(source.read_bytes() + SECRET)
    [kept] = rendered(source, asked("WEBP", quality=100, metadata=metadata)).variants
    # A lossy encode leaves no single colour below invisible parts.
    assert has_original_pixels(kept, source) == (lossless or made is visible)
    content = kept.path.read_bytes()
    assert SECRET not in content
    assert (b"(c) Ana" in content) == (metadata == "copyright")


def test_a_lossless_original_stays_lossless(save: Save, rendered: Run, photo: Image.Image) -> None:
    flat = photo.quantize(8).convert("RGB")
    source = save(flat, "WEBP", lossless=True, method=6, exif=exif())
    [kept] = rendered(source, asked("WEBP", metadata="copyright")).variants
    assert has_original_pixels(kept, source)
    with Image.open(kept.path) as picture:
        assert picture.getexif()[0x8298] == "(c) Ana"


@pytest.mark.parametrize(
    "change",
    [
        {"box": 100},
        {"box": [160, 100], "fit": "cover"},
        {"box": [200, 200], "pad": True},
        {"box": 200, "enlarge": True},
        {"sharpen": 0.1},
        {"levels": True},
        {"white_balance": True},
        {"denoise": 1},
        {"saturation": 1.1},
        {"blur": 0.5},
        {"background": "#ffffff"},
        {"watermark": {"text": "mine", "opacity": 0.01}},
        {"page": 1},
        {"hdr": "keep"},
        {"format": "webp"},
    ],
    ids=str,
)
def test_with_any_step_that_may_change_a_pixel_the_encode_stays(
    save: Save, rendered: Run, photo: Image.Image, change: dict[str, Any]
) -> None:
    source = save(photo, "JPEG", **LOW["JPEG"])
    with_rule, without = rendered(
        source, asked("JPEG", **change), asked("JPEG", **change) | {"never_larger": False}
    ).variants
    assert with_rule.path.read_bytes() == without.path.read_bytes()


@pytest.mark.parametrize("orientation", [2, 3, 6, 8])
def test_a_turned_original_is_turned_by_the_encode(
    save: Save, rendered: Run, photo: Image.Image, orientation: int
) -> None:
    source = save(photo, "JPEG", exif=exif(orientation), **LOW["JPEG"])
    with_rule, without = rendered(source, asked("JPEG"), asked("JPEG", never_larger=False)).variants
    assert with_rule.path.read_bytes() == without.path.read_bytes()


def test_an_encode_that_is_smaller_stays(save: Save, rendered: Run, photo: Image.Image) -> None:
    source = save(photo, "JPEG", quality=98)
    [variant] = rendered(source, asked("JPEG", quality=50)).variants
    assert not has_original_pixels(variant, source)


def test_ink_and_animations_are_encoded(save: Save, rendered: Run, photo: Image.Image) -> None:
    ink = save(photo.convert("CMYK"), "JPEG", **LOW["JPEG"])
    [printed] = rendered(ink, asked("JPEG")).variants
    with Image.open(printed.path) as picture:
        assert picture.mode == "RGB"
    moving = save(photo, "WEBP", save_all=True, append_images=[ImageChops.invert(photo)], **LOW["WEBP"])
    [variant] = rendered(moving, asked("WEBP")).variants
    assert variant.frames == 2


def test_a_score_of_the_original_itself_is_one(save: Save, rendered: Run, photo: Image.Image) -> None:
    quality = {"target": 0.98, "min": 95, "max": 100}
    [variant] = rendered(save(photo, "JPEG", **LOW["JPEG"]), asked("JPEG", quality=quality)).variants
    assert (variant.quality, variant.ssim) == (None, 1.0)


@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize("subsampling", [0, 2])
def test_a_jpeg_without_its_metadata_has_the_same_pixels(
    photo: Image.Image, progressive: bool, subsampling: int
) -> None:
    file = io.BytesIO()
    photo.save(file, "JPEG", progressive=progressive, subsampling=subsampling, restart_marker_rows=1, comment=SECRET)
    plain = file.getvalue()
    bare = jpeg_segments.under_metadata_of(plain, plain)
    assert bare is not None
    assert SECRET not in bare
    assert pixels(bare) == pixels(plain)


def test_a_jpeg_of_rgb_keeps_the_segment_that_says_so(photo: Image.Image) -> None:
    file = io.BytesIO()
    photo.save(file, "JPEG", keep_rgb=True)
    rgb = file.getvalue()
    file = io.BytesIO()
    photo.save(file, "JPEG")
    bare = jpeg_segments.under_metadata_of(rgb, file.getvalue())
    assert bare is not None
    assert pixels(bare) == pixels(rgb)


def test_a_part_of_a_file_is_no_picture(photo: Image.Image) -> None:
    for code, rewrapped in (
        ("JPEG", jpeg_segments.under_metadata_of),
        ("PNG", png_picture.under_metadata_of),
        ("WEBP", webp_chunks.under_metadata_of),
    ):
        file = io.BytesIO()
        photo.save(file, code)
        whole = file.getvalue()
        for end in range(0, len(whole) - 2, 97):
            assert rewrapped(whole[:end], whole) is None
        assert rewrapped(b"", whole) is None


def as_png(picture: Image.Image, *chunks: tuple[bytes, bytes], **options: Any) -> bytes:
    """A PNG with more chunks before its palette and its pixels."""
    file = io.BytesIO()
    picture.save(file, "PNG", **options)
    whole = file.getvalue()
    more = b"".join(_png_chunk(name, content) for name, content in chunks)
    return whole[:33] + more + whole[33:]


def _png_chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


#: Stored without compression, so that the encode is the larger file.
PNG = {"format": "png", "effort": 0, "never_larger": True}


@pytest.mark.parametrize("mode", ["P", "1", "L", "RGB"])
def test_a_png_that_would_be_larger_has_the_pixels_of_the_original_and_nothing_else_of_it(
    tmp_path: Path, rendered: Run, photo: Image.Image, mode: str
) -> None:
    source = tmp_path / "a.png"
    picture = photo.quantize(16) if mode == "P" else photo.convert(mode)
    source.write_bytes(as_png(picture, (b"tEXt", b"Comment\0" + SECRET), (b"prVt", SECRET), exif=exif()) + SECRET)
    larger, kept, rights = rendered(
        source, PNG | {"never_larger": False}, PNG, PNG | {"metadata": "copyright"}
    ).variants
    for variant in (kept, rights):
        assert has_original_pixels(variant, source)
        assert variant.bytes == variant.path.stat().st_size < larger.bytes
        assert SECRET not in variant.path.read_bytes()
        with Image.open(variant.path) as opened:
            assert not opened.getexif().get_ifd(0x8825)
    with Image.open(kept.path) as plain, Image.open(rights.path) as owned:
        assert plain.mode == picture.mode
        assert not dict(plain.getexif())
        assert owned.getexif()[0x8298] == "(c) Ana"


def test_a_palette_needs_fewer_bytes_than_the_encode_by_default(
    tmp_path: Path, rendered: Run, photo: Image.Image
) -> None:
    source = tmp_path / "a.png"
    source.write_bytes(as_png(photo.quantize(16)))
    larger, kept = rendered(source, {"format": "png"}, {"format": "png", "never_larger": True}).variants
    assert kept.bytes < larger.bytes * 0.8
    assert has_original_pixels(kept, source)


@pytest.mark.parametrize("mode", ["RGB", "L", "P"])
@pytest.mark.parametrize("made", [visible, cut_out])
def test_a_png_whose_transparent_parts_hide_nothing_has_the_pixels_of_the_original(
    tmp_path: Path, rendered: Run, photo: Image.Image, mode: str, made: Callable[[Image.Image], Image.Image]
) -> None:
    source = tmp_path / "a.png"
    picture = photo.quantize(16) if mode == "P" else made(photo.convert(mode))
    options = {"transparency": 3} if mode == "P" else {}
    source.write_bytes(as_png(picture, (b"tEXt", b"Comment\0" + SECRET), **options) + SECRET)
    larger, kept = rendered(source, PNG | {"never_larger": False}, PNG).variants
    assert has_original_pixels(kept, source)
    assert kept.bytes < larger.bytes
    assert SECRET not in kept.path.read_bytes()


def test_an_alpha_that_is_opaque_everywhere_hides_nothing(tmp_path: Path, rendered: Run, photo: Image.Image) -> None:
    source = tmp_path / "a.png"
    source.write_bytes(as_png(photo.convert("RGBA")))
    [kept] = rendered(source, PNG).variants
    assert has_original_pixels(kept, source)


LINEAR = (b"gAMA", (100_000).to_bytes(4, "big"))
NARROW = (b"cICP", bytes((1, 13, 0, 0)))


@pytest.mark.parametrize(
    ("mode", "chunks", "options"),
    [
        ("RGBA", (), {}),
        ("LA", (), {}),
        ("I;16", (), {}),
        ("RGB", (LINEAR,), {}),
        ("RGB", (NARROW,), {}),
        ("RGB", (), {"exif": exif(6)}),
        ("RGB", (), {"save_all": True, "append_images": [Image.new("RGB", (160, 120))]}),
    ],
    ids=["alpha", "grey alpha", "16 bits", "linear", "narrow", "turned", "moving"],
)
def test_a_png_whose_bare_pixels_are_not_the_picture_is_encoded(
    tmp_path: Path,
    rendered: Run,
    photo: Image.Image,
    mode: str,
    chunks: tuple[tuple[bytes, bytes], ...],
    options: dict[str, Any],
) -> None:
    source = tmp_path / "a.png"
    picture = photo.quantize(16) if mode == "P" else photo.convert(mode)
    if "A" in mode:
        picture.putalpha(half_clear(picture.size))
    source.write_bytes(as_png(picture, *chunks, **options))
    with_rule, without = rendered(source, PNG, PNG | {"never_larger": False}).variants
    assert with_rule.path.read_bytes() == without.path.read_bytes()


def test_bytes_behind_the_last_row_of_a_png_do_not_get_out() -> None:
    head = struct.pack(">IIBBBBB", 2, 1, 8, 0, 0, 0, 0)
    for rows, appended in ((b"\0ab", b""), (b"\0ab" + SECRET, b""), (b"\0ab", SECRET), (b"\0a", b"")):
        chunks = (b"IHDR", head), (b"IDAT", zlib.compress(rows) + appended), (b"IEND", b"")
        content = b"\x89PNG\r\n\x1a\n" + b"".join(_png_chunk(*chunk) for chunk in chunks)
        bare = png_picture.under_metadata_of(content, content)
        assert bare == (content if (rows, appended) == (b"\0ab", b"") else None)


def png_of(colour_type: int, depth: int, *chunks: tuple[bytes, bytes]) -> bytes:
    """A PNG of two black pixels with these chunks around its pixels."""
    head = struct.pack(">IIBBBBB", 2, 1, depth, colour_type, 0, 0, 0)
    rows = (b"IDAT", zlib.compress(bytes(1 + (6 if colour_type == 2 else 2 if depth == 8 else 1))))
    whole = [(b"IHDR", head), *(rows if name == b"IDAT" else (name, content) for name, content in chunks)]
    return b"\x89PNG\r\n\x1a\n" + b"".join(_png_chunk(*chunk) for chunk in [*whole, (b"IEND", b"")])


IDAT, PLTE, CLEAR = (b"IDAT", b""), (b"PLTE", bytes(6)), (b"tRNS", bytes(2))


@pytest.mark.parametrize(
    ("colour_type", "depth", "chunks", "copied"),
    [
        (3, 1, (PLTE, CLEAR, IDAT), True),
        (3, 1, (PLTE, (b"tRNS", bytes(2) + SECRET), IDAT), False),
        (3, 1, ((b"PLTE", bytes(6) + SECRET[:27]), IDAT), False),
        (3, 8, ((b"PLTE", SECRET[:28]), IDAT), False),
        (3, 1, (CLEAR, PLTE, IDAT), False),
        (3, 1, (PLTE, IDAT, CLEAR), False),
        (3, 1, (PLTE, CLEAR, (b"tRNS", SECRET), IDAT), False),
        (3, 1, (PLTE, PLTE, IDAT), False),
        (0, 8, (CLEAR, IDAT), True),
        (0, 8, ((b"tRNS", SECRET), IDAT), False),
        (2, 8, ((b"tRNS", bytes(6)), IDAT), True),
        (2, 8, ((b"tRNS", SECRET), IDAT), False),
        (2, 8, (IDAT, (b"tRNS", bytes(6))), False),
    ],
)
def test_bytes_of_a_palette_and_of_transparent_colours_that_no_decoder_takes_do_not_get_out(
    colour_type: int, depth: int, chunks: tuple[tuple[bytes, bytes], ...], *, copied: bool
) -> None:
    """PNG, third edition, 5.6, 11.2.2 and 11.3.1.1: libpng ignores such chunks with a warning."""
    content = png_of(colour_type, depth, *chunks)
    assert png_picture.under_metadata_of(content, content) == (content if copied else None)


def with_rest(content: bytes) -> bytes:
    """The file with a text inside its coded data, behind what decoders read: in the first scan, or the last chunk."""
    if content.startswith(b"\xff\xd8"):
        scan = content.index(b"\xff\xda")
        end = next(
            at for at in range(scan + 2, len(content)) if content[at] == 0xFF and content[at + 1] not in range(9)
        )
        return content[:end] + SECRET + content[end:]
    name = max(content.find(b"VP8 "), content.find(b"VP8L"))
    length = int.from_bytes(content[name + 4 : name + 8], "little")
    coded = content[name + 8 : name + 8 + length] + SECRET
    whole = content[8:name] + content[name : name + 4] + struct.pack("<I", len(coded)) + coded + bytes(len(coded) % 2)
    return b"RIFF" + struct.pack("<I", len(whole)) + whole


@pytest.mark.parametrize(
    ("code", "options"),
    [
        ("JPEG", {"quality": 40}),
        ("JPEG", {"quality": 40, "progressive": True}),
        ("WEBP", {"quality": 40}),
        ("WEBP", {"lossless": True}),
    ],
    ids=str,
)
def test_bytes_within_the_coded_data_that_show_nothing_do_not_get_out(
    save: Save, rendered: Run, photo: Image.Image, code: str, options: dict[str, Any]
) -> None:
    source = save(photo.quantize(8).convert("RGB") if "lossless" in options else photo, code, **options)
    asks = asked(code, quality=100)
    [clean] = rendered(source, asks).variants
    assert has_original_pixels(clean, source)
    source.write_bytes(with_rest(source.read_bytes()))
    assert pixels(source) == pixels(clean.path)
    [kept] = rendered(source, asks).variants
    assert SECRET not in kept.path.read_bytes()
