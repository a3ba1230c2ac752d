"""SSIM, against values of scikit-image 0.26: structural_similarity(a, b, gaussian_weights=True, sigma=1.5,
use_sample_covariance=False, data_range=255) of the lumas in double precision."""

import pytest
from PIL import Image

from pixelfleet.images.quality.ssim import ssim
from pixelfleet.images.vips import Image as VipsImage
from pixelfleet.images.vips import pyvips, ready
from pixelfleet.samples.scene import scene


def as_vips(picture: Image.Image) -> VipsImage:
    ready()
    bands = len(picture.getbands())
    space = "srgb" if bands > 2 else "b-w"
    return pyvips.Image.new_from_memory(picture.tobytes(), *picture.size, bands, "uchar").copy(interpretation=space)


@pytest.fixture(scope="module")
def photo() -> Image.Image:
    return scene((200, 150), "noon", "ssim")


def test_a_picture_of_fewer_tones_has_the_score_that_scikit_image_gives(photo: Image.Image) -> None:
    coarse = photo.point(lambda value: value // 16 * 16 + 8)
    assert ssim(as_vips(photo), as_vips(coarse)) == pytest.approx(0.952890118, abs=2e-6)


def test_equal_pictures_score_one_in_colour_in_grey_and_with_alpha(photo: Image.Image) -> None:
    for mode in ("RGB", "L", "RGBA", "LA"):
        image = as_vips(photo.convert(mode))
        assert ssim(image, image) == pytest.approx(1.0)


def test_only_the_colours_that_show_count(photo: Image.Image) -> None:
    clear = photo.convert("RGBA")
    clear.putalpha(0)
    other = Image.new("RGBA", photo.size, (255, 0, 0, 0))
    assert ssim(as_vips(clear), as_vips(other)) == pytest.approx(1.0)


@pytest.mark.parametrize("size", [(10, 100), (100, 10)])
def test_a_picture_without_room_for_a_window_has_no_score(size: tuple[int, int]) -> None:
    image = as_vips(Image.new("RGB", size))
    with pytest.raises(ValueError, match="no windows"):
        ssim(image, image)
