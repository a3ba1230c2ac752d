"""The EXIF, XMP, IPTC and ICC data that variants keep, for every pair of formats; Pillow reads the variants."""

import html
import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest
from PIL import Image, IptcImagePlugin
from PIL.ExifTags import Base

from pixelfleet.images.limits import Limits
from pixelfleet.images.metadata.exif_tree import ExifTree, Field, text, write_tree
from pixelfleet.images.pipeline import render
from pixelfleet.images.probe import probe
from pixelfleet.recipes import Recipe, Variant, builtin
from pixelfleet.samples.profile import wide_profile
from tests.unit.images.metadata_sources import SOURCES, WITH_IPTC, XMP, exif, source

OUTPUTS: Final = ("jpeg", "png", "webp", "avif", "tiff")
LIMITS: Final = Limits(10_000_000, 10_000_000, 10)
Rendered = Callable[..., dict[str, Path]]


@dataclass(frozen=True)
class Seen:
    """The metadata that Pillow reads in a variant."""

    exif: Image.Exif
    xmp: str
    iptc: dict[tuple[int, int], bytes | list[bytes]]
    icc: bytes | None


def see(path: Path) -> Seen:
    with Image.open(path) as opened:
        opened.load()
        xmp = opened.info.get("xmp") or opened.info.get("XML:com.adobe.xmp") or b""
        text = html.unescape(xmp if isinstance(xmp, str) else xmp.decode())
        return Seen(opened.getexif(), text, IptcImagePlugin.getiptcinfo(opened) or {}, opened.info.get("icc_profile"))


def variants_of(name: str, folder: Path, *, keep_gps: bool = False, **fields: str) -> dict[str, Path]:
    path = folder / f"source.{name}"
    path.write_bytes(source(name, Image.new("RGB", (64, 48), (200, 40, 40)), wide_profile()))
    made = tuple(Variant.model_validate({"name": kind, "format": kind, **fields}) for kind in OUTPUTS)
    out = folder / "out"
    out.mkdir()
    recipe = Recipe(name="test", keep_gps=keep_gps, variants=made)
    return {variant.name: variant.path for variant in render(path, probe(path, LIMITS), recipe, out).variants}


def one_variant(folder: Path, path: Path, kind: str, *, keep_gps: bool = False, **fields: str) -> Path:
    """Renders one variant in this format with its metadata kept."""
    variant = Variant.model_validate({"name": "a", "format": kind, "metadata": "keep", **fields})
    out = folder / f"out-{kind}"
    out.mkdir(parents=True)
    [made] = render(path, probe(path, LIMITS), Recipe(name="t", variants=(variant,), keep_gps=keep_gps), out).variants
    return made.path


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], Seen]:
    return {
        (name, kind): see(path)
        for name in SOURCES
        for kind, path in variants_of(name, tmp_path_factory.mktemp(name), metadata="keep", icc="keep").items()
    }


@pytest.mark.parametrize("kind", OUTPUTS)
@pytest.mark.parametrize("name", SOURCES)
def test_keep_keeps_metadata_in_every_pair(kept: dict[tuple[str, str], Seen], name: str, kind: str) -> None:
    seen = kept[name, kind]
    assert seen.exif[Base.Model] == "One"
    assert _utf8(seen.exif[Base.Make]) == "Caméra"
    assert _utf8(seen.exif[Base.Copyright]) == "(c) Zoë"
    assert seen.exif.get_ifd(Base.ExifOffset)[Base.DateTimeOriginal] == "2024:05:06 07:08:09"
    assert 'photoshop:Credit="An Agency"' in seen.xmp
    assert "All rights" in seen.xmp


@pytest.mark.parametrize("kind", OUTPUTS)
@pytest.mark.parametrize("name", SOURCES)
def test_outdated_metadata_is_removed_in_every_pair(kept: dict[tuple[str, str], Seen], name: str, kind: str) -> None:
    seen = kept[name, kind]
    assert not seen.exif.get_ifd(Base.GPSInfo)
    assert "GPS" not in seen.xmp
    assert "hdr-gain-map" not in seen.xmp
    assert seen.exif.get(Base.Orientation, 1) == 1


@pytest.mark.parametrize("kind", OUTPUTS)
@pytest.mark.parametrize("name", WITH_IPTC)
def test_iptc_stays_iptc_or_becomes_xmp(kept: dict[tuple[str, str], Seen], name: str, kind: str) -> None:
    seen = kept[name, kind]
    if kind in ("jpeg", "tiff"):
        assert seen.iptc[2, 80] == "Zoë".encode()
        assert seen.iptc[2, 105] == b"A headline"
    else:
        assert "A headline" in seen.xmp
        assert "Zoë" in seen.xmp


@pytest.mark.parametrize("kind", OUTPUTS)
@pytest.mark.parametrize("name", [name for name in SOURCES if name not in ("heic", "jp2")])
def test_a_profile_stays_in_every_pair(kept: dict[tuple[str, str], Seen], name: str, kind: str) -> None:
    assert kept[name, kind].icc == wide_profile()


@pytest.mark.parametrize("name", SOURCES)
def test_the_place_stays_if_the_recipe_has_keep_gps(tmp_path: Path, name: str) -> None:
    for kind, path in variants_of(name, tmp_path, keep_gps=True, metadata="keep").items():
        seen = see(path)
        assert seen.exif.get_ifd(Base.GPSInfo)[1] == "N", kind
        assert "GPSLatitude" in seen.xmp, kind


@pytest.mark.parametrize("name", SOURCES)
def test_copyright_keeps_rights_and_nothing_else(tmp_path: Path, name: str) -> None:
    for kind, path in variants_of(name, tmp_path, metadata="copyright").items():
        seen = see(path)
        assert _utf8(seen.exif[Base.Copyright]) == "(c) Zoë", kind
        assert _utf8(seen.exif[Base.Artist]) == "Zoë", kind
        assert not {Base.Make, Base.Model} & set(seen.exif), kind
        assert Base.DateTimeOriginal not in seen.exif.get_ifd(Base.ExifOffset), kind
        assert not seen.exif.get_ifd(Base.GPSInfo), kind
        assert "An Agency" in seen.xmp, kind
        assert "All rights" in seen.xmp, kind
        assert not [word for word in ("GPS", "CreatorTool", "hdrgm", "headline") if word in seen.xmp], kind


@pytest.mark.parametrize("name", SOURCES)
def test_strip_leaves_nothing(tmp_path: Path, name: str) -> None:
    for kind, path in variants_of(name, tmp_path, metadata="strip").items():
        content = path.read_bytes()
        assert not [
            word for word in (b"Zo\xc3\xab", b"An Agency", b"All rights", b"Cam\xc3\xa9ra") if word in content
        ], kind


@pytest.mark.parametrize("name", SOURCES)
def test_the_record_has_camera_and_date(tmp_path: Path, name: str) -> None:
    path = tmp_path / "source"
    path.write_bytes(source(name, Image.new("RGB", (64, 48)), wide_profile()))
    header = probe(path, LIMITS, with_gps=True)
    assert (header.camera, header.taken_at) == ("Caméra One", "2024-05-06T07:08:09")
    assert header.gps is not None
    assert (round(header.gps[0], 2), round(header.gps[1], 1)) == (53.5, 9.9)


def test_the_thumbnail_of_the_uncropped_picture_is_removed(tmp_path: Path) -> None:
    inner = Image.new("RGB", (16, 12), (1, 2, 3))
    file = tmp_path / "inner.jpg"
    inner.save(file, "JPEG")
    thumbnail = file.read_bytes()
    block = exif().removeprefix(b"Exif\0\0")
    assert thumbnail not in see_bytes(tmp_path, block, thumbnail)


def see_bytes(folder: Path, block: bytes, thumbnail: bytes) -> bytes:
    """A crop of a JPEG whose EXIF has a second directory with a thumbnail (EXIF 2.32, 4.5.5)."""
    first = int.from_bytes(block[4:8], "little" if block[:2] == b"II" else "big")
    order = "<" if block[:2] == b"II" else ">"
    count = struct.unpack_from(f"{order}H", block, first)[0]
    link = first + 2 + 12 * count
    second = struct.pack(f"{order}H", 2) + b"".join(
        struct.pack(f"{order}HHII", tag, 4, 1, value)
        for tag, value in ((513, len(block) + 2 + 24 + 4), (514, len(thumbnail)))
    )
    whole = block[:link] + struct.pack(f"{order}I", len(block)) + block[link + 4 :] + second + bytes(4) + thumbnail
    path = folder / "a.jpg"
    Image.new("RGB", (64, 48)).save(path, "JPEG", exif=b"Exif\0\0" + whole)
    assert thumbnail in path.read_bytes()
    variant = Variant.model_validate({"name": "a", "box": 10, "fit": "cover", "format": "jpeg", "metadata": "keep"})
    out = folder / "out"
    out.mkdir()
    [made] = render(path, probe(path, LIMITS), Recipe(name="t", variants=(variant,)), out).variants
    assert see(made.path).exif[Base.Model] == "One"
    return made.path.read_bytes()


@pytest.mark.parametrize("name", ["web", "catalog"])
def test_the_recipes_for_the_web_keep_rights(name: str) -> None:
    assert {variant.metadata.value for variant in builtin(name).variants} == {"copyright"}


@pytest.mark.parametrize(
    "packet",
    [
        b"<x:xmpmeta",
        b"\xff\xfe<",
        b'<!DOCTYPE x [<!ENTITY a "b">]>' + XMP,
        b"<a>" * 5000 + b"</a>" * 5000,
        b"<x:xmpmeta xmlns:x='adobe:ns:meta/'/>",
    ],
)
def test_a_packet_that_cannot_be_read_is_dropped(tmp_path: Path, packet: bytes) -> None:
    path = tmp_path / "a.jpg"
    Image.new("RGB", (64, 48)).save(path, "JPEG", xmp=packet)
    variant = Variant.model_validate({"name": "a", "format": "jpeg", "metadata": "keep"})
    out = tmp_path / "out"
    out.mkdir()
    [made] = render(path, probe(path, LIMITS), Recipe(name="t", variants=(variant,)), out).variants
    assert see(made.path).xmp == ""


def _utf8(value: object) -> str:
    """Pillow reads text as Latin-1."""
    assert isinstance(value, str)
    return value.encode("latin-1").decode()


def test_exif_that_no_segment_can_hold_loses_its_longest_values_and_the_image_is_rendered(tmp_path: Path) -> None:
    """libvips refuses megabytes of EXIF, which a PNG may have. Earlier, the error was a fault of the recipe."""
    long_values = {0x9000 + number: Field(7, bytes(30_000)) for number in range(60)}
    block = write_tree(ExifTree({int(Base.Copyright): text("Ada"), **long_values}))
    path = tmp_path / "long.png"
    Image.new("RGB", (20, 10), "red").save(path, exif=b"Exif\0\0" + block)
    variants = tuple(
        Variant.model_validate({"name": kind, "box": 8, "format": kind, "metadata": "keep"})
        for kind in ("jpeg", "webp", "png")
    )
    limits = Limits(max_bytes=10**8, max_pixels=10**6, max_frames=9)
    made = render(path, probe(path, limits), Recipe(name="kept", variants=variants), tmp_path)
    for variant in made.variants:
        with Image.open(variant.path) as opened:
            assert opened.getexif()[Base.Copyright] == "Ada", variant.name
            assert len(opened.info["exif"]) < 65_536


@pytest.mark.parametrize("metadata", ["keep", "copyright"])
@pytest.mark.parametrize("kind", ["jpeg", "png", "webp", "avif", "tiff"])
def test_a_variant_in_srgb_says_srgb_also_where_the_source_says_nothing(
    tmp_path: Path, kind: str, metadata: str
) -> None:
    """EXIF 2.32, 4.6.5: ColorSpace is always recorded, 1 for sRGB. libexif completes it as "uncalibrated"."""
    exif = Image.Exif()
    exif[0x010F], exif[0x8298] = "Maker", "(c) Ana"
    path = tmp_path / "a.jpg"
    Image.new("RGB", (20, 16), "teal").save(path, "JPEG", exif=exif)
    variant = Variant.model_validate({"name": "a", "format": kind, "metadata": metadata})
    [made] = render(path, probe(path, LIMITS), Recipe(name="r", variants=(variant,)), tmp_path).variants
    with Image.open(made.path) as shown:
        assert shown.getexif().get_ifd(0x8769).get(0xA001) == 1
