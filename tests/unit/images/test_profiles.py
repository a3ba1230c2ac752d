"""sRGB is known by its numbers, not by its name."""

import pytest
from PIL import ImageCms

from pixelfleet.images.profiles import is_srgb
from pixelfleet.samples.profile import wide_profile


def srgb() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def test_srgb_is_srgb() -> None:
    assert is_srgb(srgb())


def test_other_primaries_are_not_whatever_the_name_says() -> None:
    assert not is_srgb(wide_profile().replace(b"Pixelfleet wide RGB", b"sRGB IEC61966-2.1\0\0"))


def test_srgbs_primaries_with_a_linear_curve_are_not() -> None:
    profile = srgb()
    curve = profile.index(b"para", 132)
    linear = profile[: curve + 12] + (65536).to_bytes(4, "big") + profile[curve + 16 :]
    assert not is_srgb(linear)


@pytest.mark.parametrize("end", [0, 100, 131, 140, 300])
def test_a_profile_that_breaks_off_is_not(end: int) -> None:
    assert not is_srgb(srgb()[:end])


def test_garbage_is_not() -> None:
    assert not is_srgb(bytes(128) + b"\xff" * 400)
