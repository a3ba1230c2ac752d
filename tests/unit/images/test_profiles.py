"""An sRGB profile is recognised by its numbers, not by its name."""

import pytest
from PIL import ImageCms

from pixelfleet.images.profiles import is_plausible, is_srgb, is_well_formed
from pixelfleet.samples.profile import wide_profile


def srgb() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def test_srgb_is_srgb() -> None:
    assert is_srgb(srgb())


def test_other_primaries_with_the_name_of_srgb_are_not_srgb() -> None:
    assert not is_srgb(wide_profile().replace(b"Pixelfleet wide RGB", b"sRGB IEC61966-2.1\0\0"))


def test_srgb_primaries_with_a_linear_curve_are_not_srgb() -> None:
    profile = srgb()
    curve = profile.index(b"para", 132)
    linear = profile[: curve + 12] + (65536).to_bytes(4, "big") + profile[curve + 16 :]
    assert not is_srgb(linear)


@pytest.mark.parametrize("end", [0, 100, 131, 140, 300])
def test_a_profile_that_breaks_off_is_not_srgb(end: int) -> None:
    assert not is_srgb(srgb()[:end])


def test_garbage_is_not_srgb() -> None:
    assert not is_srgb(bytes(128) + b"\xff" * 400)


def test_a_profile_is_well_formed_only_if_encoders_accept_it() -> None:
    """The checks of libpng: size, signature, colour space, class, tags inside the profile and on multiples of four."""
    profile = wide_profile()
    assert is_well_formed(profile, grey=False)
    assert not is_well_formed(profile, grey=True)
    wrong = {
        "size": (100).to_bytes(4, "big") + profile[4:],
        "signature": profile[:36] + b"xxxx" + profile[40:],
        "class": profile[:12] + b"link" + profile[16:],
        "tag beyond the end": profile[:136] + (1 << 20).to_bytes(4, "big") + profile[140:],
        "tag off its place": profile[:136] + (301).to_bytes(4, "big") + profile[140:],
        "end": profile[:200],
    }
    assert [name for name, content in wrong.items() if is_well_formed(content, grey=False)] == []


def test_primaries_that_do_not_add_up_to_white_are_not_plausible() -> None:
    profile = wide_profile()
    assert is_plausible(profile)
    assert is_plausible(srgb())
    place = int.from_bytes(profile[profile.index(b"rXYZ", 132) + 4 :][:4], "big")
    assert not is_plausible(profile[: place + 8] + bytes(12) + profile[place + 20 :])


def test_a_profile_without_a_matrix_is_left_to_the_colour_engine() -> None:
    assert is_plausible(bytes(200))
    assert is_plausible(b"")
