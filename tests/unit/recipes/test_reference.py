"""docs/reference/recipes.md documents every field with the description of the model, and its example is valid."""

import re
from pathlib import Path

import pytest
from pydantic import BaseModel

from pixelfleet.images.steps import STEPS
from pixelfleet.recipes import BUILTIN, CustomStep, QualityTarget, Recipe, Tiles, Variant, Watermark, builtin, parse

REFERENCE = (Path(__file__).parents[3] / "docs" / "reference" / "recipes.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("part", [Recipe, Variant, QualityTarget, Watermark, Tiles, CustomStep])
def test_every_field_is_documented(part: type[BaseModel]) -> None:
    for name, field in part.model_fields.items():
        assert field.description
        assert re.search(
            rf"^\| `{field.alias or name}` \| .+ \| {re.escape(field.description)} \|$", REFERENCE, re.MULTILINE
        )


def test_every_built_in_recipe_is_documented() -> None:
    for name in BUILTIN:
        assert f"| `{name}` | {builtin(name).description} |" in REFERENCE


def test_the_steps_are_documented_in_their_order() -> None:
    reported = re.search(r"in this order: (.+?)\n\n", REFERENCE, re.DOTALL)
    assert reported is not None
    named = re.findall(r"`(\w+)`", reported.group(1))
    assert [{"background": "flatten"}.get(name, name) for name in named] == [step.__name__ for step in STEPS]


def test_the_example_is_a_recipe() -> None:
    example = re.search(r"```toml\n(.+?)```", REFERENCE, re.DOTALL)
    assert example is not None
    text = example.group(1).replace('image = "logo.png"', 'text = "Shop"')
    assert [variant.name for variant in parse(text, "example").variants] == ["card", "page"]
