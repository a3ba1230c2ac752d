"""Ultra HDR JPEG: the gain map is scaled, cropped and turned with its picture. Pillow reads the outputs, as MPF."""

import math
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import pyvips
from PIL import Image
from PIL.ExifTags import Base

from pixelfleet.errors import RecipeError
from pixelfleet.images.gain_map import declares_numbers
from pixelfleet.images.pipeline import RenderedVariant, Rendition
from pixelfleet.recipes import parse
from pixelfleet.samples.profile import wide_profile
from tests.colour.quarters import middles, picture
from tests.colour.ultra_hdr import STEPS, STOPS, Spoilt, base, ultra_hdr

Run = Callable[..., Rendition]
KEEP: dict[str, Any] = {"format": "jpeg", "hdr": "keep", "quality": 95}
#: Greys, so that the two lossy JPEGs leave the light alone.
GREYS = picture(((60,), (120,), (180,), (240,)), "L").convert("RGB").resize((256, 192), Image.Resampling.NEAREST)


@pytest.fixture
def write(tmp_path: Path) -> Callable[[bytes], Path]:
    def write(content: bytes) -> Path:
        path = tmp_path / "source.jpg"
        path.write_bytes(content)
        return path

    return write


def layers(variant: RenderedVariant) -> list[Image.Image]:
    """The pictures in a JPEG: Pillow finds the second by MPF."""
    with Image.open(variant.path) as opened:
        pictures = []
        for number in range(getattr(opened, "n_frames", 1)):
            opened.seek(number)
            pictures.append(opened.convert("L"))
        return pictures


def greys(layer: Image.Image) -> list[int]:
    return [pixel[0] for pixel in middles(layer)]


def near(seen: list[int], expected: list[int], tolerance: int = 4) -> bool:
    return all(abs(one - other) <= tolerance for one, other in zip(seen, expected, strict=True))


@pytest.mark.parametrize("box", [None, 128, 64])
def test_the_map_is_scaled_with_its_picture(rendered: Run, write: Callable[[bytes], Path], box: int | None) -> None:
    source = write(ultra_hdr(base(GREYS)))
    [variant] = rendered(source, KEEP | ({"box": box} if box else {})).variants
    shown, gains = layers(variant)
    assert variant.hdr == "gain-map"
    assert shown.size == (variant.width, variant.height)
    assert gains.width <= shown.width
    assert near(greys(shown), [60, 120, 180, 240])
    assert near(greys(gains), [step[0] for step in STEPS])


def test_the_light_of_a_variant_is_that_of_the_source(rendered: Run, write: Callable[[bytes], Path]) -> None:
    """Linear light is (sRGB + offset) x 2 to the power of the gain, less the offset (ISO 21496-1, 6.3)."""
    [variant] = rendered(write(ultra_hdr(base(GREYS))), KEEP | {"box": 128}).variants
    light = pyvips.Image.uhdrload(str(variant.path)).uhdr2scRGB()
    ratios = []
    for number, (grey, step) in enumerate(zip((60, 120, 180, 240), STEPS, strict=True)):
        linear = ((grey / 255 + 0.055) / 1.055) ** 2.4
        right = (linear + 1 / 64) * 2 ** (STOPS * step[0] / 255) - 1 / 64
        seen = light((number % 2 * 2 + 1) * 128 // 4, (number // 2 * 2 + 1) * 96 // 4)[1]
        ratios.append(seen / right)
    # Releases of libvips differ in the light that they call 1 (80 or 203 cd/m²): all quarters have one ratio.
    assert all(math.isclose(ratio, ratios[-1], rel_tol=0.06) for ratio in ratios), ratios


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_map_is_turned_with_its_picture(rendered: Run, write: Callable[[bytes], Path], orientation: int) -> None:
    exif = Image.Exif()
    exif[Base.Orientation] = orientation
    [variant] = rendered(write(ultra_hdr(base(GREYS, exif=exif))), KEEP).variants
    shown, gains = layers(variant)
    of_grey = {60: 0, 120: 85, 180: 170, 240: 255}
    nearest = [min(of_grey, key=lambda grey, seen=seen: abs(grey - seen)) for seen in greys(shown)]  # type: ignore[misc]
    assert near(greys(gains), [of_grey[grey] for grey in nearest], 6)


@pytest.mark.parametrize(("gravity", "expected"), [("north-west", 0), ("south-east", 255), ("attention", None)])
def test_the_map_is_cropped_with_its_picture(
    rendered: Run, write: Callable[[bytes], Path], gravity: str, expected: int | None
) -> None:
    fields = KEEP | {"box": [40, 40], "fit": "cover", "gravity": gravity}
    quarter = GREYS.resize((64, 48), Image.Resampling.NEAREST)
    [variant] = rendered(write(ultra_hdr(base(quarter))), fields | {"box": [20, 20]}).variants
    shown, gains = layers(variant)
    assert shown.size == (20, 20)
    if expected is not None:
        corner = (0, 0) if expected == 0 else (gains.width - 1, gains.height - 1)
        assert near([int(gains.getpixel(corner) or 0)], [expected], 10)  # type: ignore[arg-type]


def test_a_variant_that_does_not_ask_is_made_as_without_a_map(rendered: Run, write: Callable[[bytes], Path]) -> None:
    plain, fields = base(), {"format": "jpeg", "box": 40}
    [ordinary] = rendered(write(plain), fields).variants
    expected = ordinary.path.read_bytes()
    [variant] = rendered(write(ultra_hdr(plain)), fields).variants
    assert (variant.path.read_bytes(), variant.hdr) == (expected, None)


def test_a_jpeg_without_a_map_is_made_as_without_the_option(rendered: Run, write: Callable[[bytes], Path]) -> None:
    source = write(base())
    variant, ordinary = rendered(source, KEEP, {"format": "jpeg", "quality": 95}).variants
    assert (variant.path.read_bytes(), variant.hdr) == (ordinary.path.read_bytes(), None)


def test_other_formats_of_the_same_variant_have_no_map(rendered: Run, write: Callable[[bytes], Path]) -> None:
    variants = rendered(write(ultra_hdr(base())), KEEP | {"format": ["jpeg", "webp"]}).variants
    assert [variant.hdr for variant in variants] == ["gain-map", None]


def test_the_profile_stays_because_the_map_belongs_to_its_colours(
    rendered: Run, write: Callable[[bytes], Path]
) -> None:
    source = write(ultra_hdr(base(icc_profile=wide_profile())))
    [variant] = rendered(source, KEEP).variants
    with Image.open(variant.path) as opened:
        assert opened.info["icc_profile"] == wide_profile()


def test_metadata_is_stripped_and_kept_as_in_every_jpeg(rendered: Run, write: Callable[[bytes], Path]) -> None:
    exif = Image.Exif()
    exif[Base.Copyright], exif[Base.Make], exif[Base.Orientation] = "Ana", "Maker", 6
    exif[Base.GPSInfo] = {1: "N", 2: (1.0, 2.0, 3.0)}
    source = write(ultra_hdr(base(exif=exif)))
    bare, rights = rendered(source, KEEP, KEEP | {"metadata": "copyright"}).variants
    for variant, owner in ((bare, None), (rights, "Ana")):
        with Image.open(variant.path) as opened:
            kept = opened.getexif()
            assert kept.get(Base.Copyright) == owner
            assert Base.Make not in kept
            assert not kept.get_ifd(Base.GPSInfo)
            assert kept.get(Base.Orientation, 1) == 1
        assert b"ns.google.com/photos" not in variant.path.read_bytes()


@pytest.mark.parametrize(
    ("gains", "spoilt"),
    [
        (None, Spoilt(cut=60)),
        (None, Spoilt(cut=100_000)),
        (Image.new("L", (64, 49)), Spoilt()),
        (None, Spoilt(numbers='hdrgm:GainMapMax="nan"')),
        (None, Spoilt(numbers='hdrgm:GainMapMin="3" hdrgm:GainMapMax="1" hdrgm:HDRCapacityMax="1"')),
        (None, Spoilt(numbers='hdrgm:GainMapMax="1e9" hdrgm:HDRCapacityMax="1e9"')),
        (None, Spoilt(numbers='hdrgm:Gamma="0" hdrgm:GainMapMax="2" hdrgm:HDRCapacityMax="2"')),
        (None, Spoilt(numbers="hdrgm:Nothing='1'")),
    ],
    ids=["cut", "missing", "larger", "nan", "falling", "endless", "gamma", "no numbers"],
)
def test_a_map_that_cannot_be_used_is_left_out(
    rendered: Run, write: Callable[[bytes], Path], gains: Image.Image | None, spoilt: Spoilt
) -> None:
    """The picture is a whole JPEG without its map."""
    plain = base()
    whole = ultra_hdr(plain, gains, spoilt)
    content = plain if spoilt.cut > 1_000 else whole
    [variant] = rendered(write(content), KEEP).variants
    assert variant.hdr is None
    assert len(layers(variant)) == 1
    assert near([pixel[0] for pixel in middles(Image.open(variant.path))], [200, 40, 40, 230], 12)


def test_a_map_without_its_own_numbers_is_not_used(rendered: Run, write: Callable[[bytes], Path]) -> None:
    """As Apple's: libultrahdr takes numbers of its own for such a map, and one at random."""
    content = ultra_hdr(base())
    at = content.index(b"MPF\0")
    first, second = content[:at], content[at:]
    assert declares_numbers(second)
    assert not declares_numbers(second.replace(b"hdr-gain-map", b"HDRGainMap__"))
    [variant] = rendered(write(first + second.replace(b"hdr-gain-map", b"HDRGainMap__")), KEEP).variants
    assert variant.hdr is None
    [kept] = rendered(write(content), KEEP).variants
    assert declares_numbers(kept.path.read_bytes())


def test_a_huge_map_costs_nothing(rendered: Run, write: Callable[[bytes], Path]) -> None:
    """A header of 65,000 x 65,000 in a map of 600 bytes: the map is not decoded."""
    content = ultra_hdr(base())
    head = struct.pack(">BHH", 8, 24, 32)
    assert content.count(head) == 1
    source = write(content.replace(head, struct.pack(">BHH", 8, 65_000, 65_000)))
    [variant] = rendered(source, KEEP).variants
    assert (variant.hdr, len(layers(variant))) == (None, 1)


@pytest.mark.parametrize("offset", [2**31, 2**32 - 1, 4, 0])
def test_a_wrong_offset_of_the_map_is_not_followed(rendered: Run, write: Callable[[bytes], Path], offset: int) -> None:
    """libultrahdr looks for the second JPEG behind the end of the first."""
    [variant] = rendered(write(ultra_hdr(base(GREYS), spoilt=Spoilt(offset=offset))), KEEP).variants
    shown, gains = layers(variant)
    assert near(greys(shown), [60, 120, 180, 240])
    assert near(greys(gains), [step[0] for step in STEPS])


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ('format = "webp"', "needs format jpeg or avif"),
        ('format = "jpeg"\nlevels = true', "remove levels"),
        ('format = "jpeg"\nbox = 9\npad = true', "remove pad"),
        ('format = "avif"\nlossless = true', "10 bits"),
        ('format = "avif"\ndepth = 16', "10 bits"),
        ('format = "jpeg"\n[variants.tiles]', "without tiles"),
    ],
)
def test_a_variant_that_keeps_the_light_leaves_colours_as_they_are(fields: str, reason: str) -> None:
    with pytest.raises(RecipeError, match=reason):
        parse(f'name = "x"\n[[variants]]\nname = "a"\nhdr = "keep"\n{fields}\n', "x")
