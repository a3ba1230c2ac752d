"""Watermarks as RGBA images: a PNG from the recipe, or a line of text in the font of the folder `fonts`."""

from functools import cache
from pathlib import Path

from PIL import Image as PillowImage
from PIL import ImageColor, ImageDraw, ImageFont

from pixelfleet.errors import Cause, PermanentError
from pixelfleet.images.vips import Image, pyvips
from pixelfleet.recipes import Watermark

_FONT = Path(__file__).parent / "fonts" / "DejaVuSans.ttf"
_FONT_SIZE = 96
_MAX_SIDE = 4096


def image_mark(mark: Watermark, width: int) -> Image:
    """The picture, `width` pixels wide.

    Raises:
        PermanentError: `recipe_unfit`, the picture cannot be used.
    """
    try:
        picture = pyvips.Image.new_from_buffer(mark.image_bytes, "")
        if max(picture.width, picture.height) > _MAX_SIDE:
            raise PermanentError(
                Cause.RECIPE_UNFIT, f"the recipe's watermark is larger than {_MAX_SIDE} pixels a side; save it smaller"
            )
        picture = picture.colourspace("srgb").cast("uchar")
        picture = picture if picture.hasalpha() else picture.addalpha()
        return _faded(picture.copy_memory(), mark.opacity, width)
    except pyvips.Error as error:
        raise PermanentError(Cause.RECIPE_UNFIT, "the recipe's watermark picture is damaged; save it anew") from error


def text_mark(mark: Watermark, width: int) -> Image:
    """The text, `width` pixels wide. Pillow draws the text without ligatures or shaping, which need a library."""
    font = _font()
    left, top, right, bottom = (round(edge) for edge in font.getbbox(mark.text or ""))
    size = max(1, right - left), max(1, bottom - top)
    clear = (*ImageColor.getrgb(mark.colour)[:3], 0)
    drawn = PillowImage.new("RGBA", size, clear)
    ImageDraw.Draw(drawn).text((-left, -top), mark.text or "", font=font, fill=mark.colour)
    picture = pyvips.Image.new_from_memory(drawn.tobytes(), *size, 4, "uchar").copy(interpretation="srgb")
    return _faded(picture, mark.opacity, width)


@cache
def _font() -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(_FONT), _FONT_SIZE, layout_engine=ImageFont.Layout.BASIC)


def _faded(picture: Image, opacity: float, width: int) -> Image:
    sized = picture.premultiply().resize(width / picture.width).unpremultiply()
    return (sized * [1, 1, 1, opacity]).cast("uchar").copy(interpretation="srgb").copy_memory()
