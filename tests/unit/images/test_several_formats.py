"""A variant with several formats: the same pixels are encoded in each format."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from pixelfleet.images import pipeline, plan
from pixelfleet.images.pipeline import RenderedVariant, Rendition
from pixelfleet.images.plan import Work
from pixelfleet.samples.scene import scene

Save = Callable[..., Path]
Run = Callable[..., Rendition]
ALL = ["avif", "webp", "jpeg"]
STEPPED: dict[str, Any] = {"box": 60, "sharpen": 1.0, "blur": 0.5, "levels": True}


@pytest.fixture(scope="module")
def photo() -> Image.Image:
    return scene((120, 80), "noon", "out")


def files(rendition: Rendition) -> dict[str, bytes]:
    return {variant.path.name: variant.path.read_bytes() for variant in rendition.variants}


def facts(variant: RenderedVariant) -> tuple[Any, ...]:
    return variant.name, variant.path.name, variant.format, variant.content_type, variant.frames


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "LA"])
def test_each_file_equals_the_file_of_a_variant_with_that_format_alone(
    save: Save, rendered: Run, photo: Image.Image, mode: str
) -> None:
    picture = photo.convert(mode)
    if mode != "RGB":
        picture.putalpha(Image.linear_gradient("L").resize(picture.size))
    source = save(picture, "PNG")
    several = rendered(source, {"name": "card", "format": ALL, **STEPPED})
    alone = [rendered(source, {"name": "card", "format": one, **STEPPED}) for one in ALL]
    assert files(several) == {name: body for one in alone for name, body in files(one).items()}
    assert [facts(variant) for variant in several.variants] == [
        ("card", "card.avif", "avif", "image/avif", 1),
        ("card", "card.webp", "webp", "image/webp", 1),
        ("card", "card.jpg", "jpeg", "image/jpeg", 1),
    ]


def test_the_source_is_decoded_once_and_each_step_runs_once(
    save: Save, rendered: Run, photo: Image.Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    decodes, steps, base = [], [], Work.base

    def counted(self: Work, *arguments: Any, **options: Any) -> Any:
        decodes.append(arguments)
        return base(self, *arguments, **options)

    def step(image: Any, variant: Any, _: Any) -> Any:
        steps.append(variant.format)
        return image

    monkeypatch.setattr(Work, "base", counted)
    monkeypatch.setattr(pipeline, "STEPS", (step,))
    rendered(save(photo, "PNG"), {"format": ALL, "box": 60})
    assert (len(decodes), len(steps)) == (1, 1)


def test_an_animation_stays_animated_only_in_webp(save: Save, rendered: Run) -> None:
    frames = [Image.new("RGB", (40, 30), colour) for colour in ("red", "lime", "blue")]
    source = save(frames[0], "GIF", save_all=True, append_images=frames[1:], duration=100)
    rendition = rendered(source, {"name": "card", "format": ALL, "box": 20})
    assert [(variant.path.name, variant.frames) for variant in rendition.variants] == [
        ("card.avif", 1),
        ("card.webp", 3),
        ("card.jpg", 1),
    ]


def test_a_picture_that_is_too_large_for_memory_is_decoded_for_each_format(
    save: Save, rendered: Run, photo: Image.Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = save(photo, "JPEG")
    shared = files(rendered(source, {"name": "v", "format": ["webp", "jpeg"]}))
    monkeypatch.setattr(plan, "MEMORY_PIXELS", 100)
    streamed = rendered(source, {"name": "v", "format": ["webp", "jpeg"]})
    assert files(streamed) == shared
