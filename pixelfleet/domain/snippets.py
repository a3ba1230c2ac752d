"""HTML that shows an image by its stable addresses, in the format and width that fit the browser and its window."""

from collections.abc import Collection, Iterable, Sequence
from html import escape
from typing import Final

from pixelfleet.domain.records import Image, StoredVariant
from pixelfleet.domain.variant_files import address_of, moves

#: Types that pages embed. A browser takes the first source whose type it can draw, so the smallest files come first.
_MODERN: Final = ("jxl", "avif", "webp")
_FOR_ALL: Final = ("jpeg", "png", "gif")
#: Two variants have one shape if their heights at the same width differ by no more than rounding does, in pixels.
_ROUNDING: Final = 1.0


def snippet(image: Image, origin: str, variant: str | None = None, lazy: Collection[str] = ()) -> str | None:
    """`<picture>` HTML; None if no variant is a picture that pages show.

    `origin` is put before each address. The picture is all widths of the shape of the largest variant, or one variant
    in all its formats. The names in `lazy` are left out, unless there are no others: the HTML must not depend on what
    somebody had made meanwhile. A format that does not reach the largest width is left out: browsers would take it
    nevertheless. The colour of the placeholder is the background, and the ThumbHash is in `data-thumbhash`.
    """
    shown = [one for one in image.variants if one.files == 1 and one.format in (*_MODERN, *_FOR_ALL)]
    if variant is not None:
        shown = [one for one in shown if one.name == variant]
    else:
        shown = _of_one_shape([one for one in shown if one.name not in lazy] or shown)
    if not shown:
        return None
    widest = max(one.width for one in shown)
    formats = {one.format for one in shown if one.width == widest}
    last = next(name for name in (*_FOR_ALL, *reversed(_MODERN)) if name in formats)
    # A browser takes the first source that it can draw: of an animation, only the WebP file moves.
    order = reversed(_MODERN) if moves(image) else _MODERN
    sources = [name for name in order if name in formats and name != last]
    lines = [f"<source {_sources(image, origin, _widths(shown, name))}>" for name in sources]
    img = f"<img {_img(image, origin, _widths(shown, last))}>"
    return "\n".join(["<picture>", *(f"  {line}" for line in (*lines, img)), "</picture>"])


def _of_one_shape(variants: Sequence[StoredVariant]) -> list[StoredVariant]:
    largest = max(variants, key=lambda one: one.width * one.height, default=None)
    if largest is None:
        return []
    return [one for one in variants if abs(largest.height * one.width / largest.width - one.height) <= _ROUNDING]


def _widths(variants: Iterable[StoredVariant], name: str) -> list[StoredVariant]:
    """The files of a format, one of each width, the narrowest first."""
    by_width: dict[int, StoredVariant] = {}
    for one in variants:
        if one.format == name:
            by_width.setdefault(one.width, one)
    return [by_width[width] for width in sorted(by_width)]


def _sources(image: Image, origin: str, files: Sequence[StoredVariant]) -> str:
    return f'type="{escape(files[-1].content_type)}" {_srcset(image, origin, files)}'


def _srcset(image: Image, origin: str, files: Sequence[StoredVariant]) -> str:
    if len(files) == 1:
        return f'srcset="{_address(image, origin, files[0])}"'
    entries = ", ".join(f"{_address(image, origin, one)} {one.width}w" for one in files)
    widest = files[-1].width
    return f'srcset="{entries}" sizes="(max-width: {widest}px) 100vw, {widest}px"'


def _img(image: Image, origin: str, files: Sequence[StoredVariant]) -> str:
    largest = files[-1]
    attributes = [f'src="{_address(image, origin, largest)}"']
    if len(files) > 1:
        attributes.append(_srcset(image, origin, files))
    attributes.append(f'width="{largest.width}" height="{largest.height}" alt="" loading="lazy" decoding="async"')
    if image.dominant_colour:
        attributes.append(f'style="background: {escape(image.dominant_colour)}"')
    if image.placeholder:
        attributes.append(f'data-thumbhash="{escape(image.placeholder)}"')
    return " ".join(attributes)


def _address(image: Image, origin: str, one: StoredVariant) -> str:
    return escape(origin + address_of(image, one))
