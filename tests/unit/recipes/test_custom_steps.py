"""Custom steps in recipes: checked by the installed package, and part of the digest with their version."""

import re

import pytest

from pixelfleet.errors import RecipeError
from pixelfleet.recipes import check, parse, parse_stored
from tests.step_packages import DUOTONE, StepPackages, step_packages

__all__ = ["step_packages"]

HEAD = 'name = "poster"\n[[variants]]\nname = "a"\n'


def recipe_of(step: str) -> str:
    return f"{HEAD}steps = [{step}]\n"


@pytest.fixture(autouse=True)
def duotone(step_packages: StepPackages) -> StepPackages:
    step_packages.install("duotone", DUOTONE.read_text())
    return step_packages


def refusal(text: str) -> str:
    with pytest.raises(RecipeError) as caught:
        parse(text, "poster.toml")
    return str(caught.value)


def test_a_step_keeps_its_options_and_gets_its_package() -> None:
    [step] = parse(recipe_of('{ name = "duotone", dark = "#112" }'), "x").variants[0].steps
    assert (step.name, step.package) == ("duotone", "pixelfleet-step-duotone==1.0.0")
    assert step.options == {"dark": "#112"}


def test_written_out_defaults_make_no_difference() -> None:
    short, long = (
        parse(recipe_of(step), "x")
        for step in ('{ name = "duotone" }', '{ name = "duotone", light = "#fff5e0", dark = "#101030" }')
    )
    assert (short, short.digest) == (long, long.digest)


def test_the_stored_text_is_the_same_recipe() -> None:
    recipe = parse(recipe_of('{ name = "duotone", light = "#eee" }, { name = "duotone" }'), "x")
    for read in (parse, parse_stored):
        again = read(recipe.to_text(), "again")
        assert (again, again.digest) == (recipe, recipe.digest)


def test_a_new_version_of_the_package_gives_another_digest(duotone: StepPackages) -> None:
    text = recipe_of('{ name = "duotone" }')
    before = parse(text, "x").digest
    duotone.install("duotone", DUOTONE.read_text(), "1.0.1")
    assert parse(text, "x").digest != before


def test_a_text_of_another_version_is_refused_but_can_be_read_as_stored(duotone: StepPackages) -> None:
    stored = parse(recipe_of('{ name = "duotone" }'), "x")
    duotone.install("duotone", DUOTONE.read_text(), "2.0")
    assert "pixelfleet-step-duotone==2.0 is installed here" in refusal(stored.to_text())
    assert parse_stored(stored.to_text(), "x") == stored
    duotone.uninstall("pixelfleet-step-duotone")
    assert parse_stored(stored.to_text(), "x").digest == stored.digest


@pytest.mark.parametrize(
    ("step", "field", "reason"),
    [
        ('{ name = "duotoen" }', "variants.steps.name", "did you mean duotone?"),
        ('{ name = "duotone", drak = "#112" }', "variants.steps.drak", "no such option; there are dark, light"),
        ('{ name = "duotone", dark = "red" }', "variants.steps.dark", "not 'red' (#rgb or #rrggbb of the shadows)"),
        ('{ name = "duotone", dark = 7 }', "variants.steps.dark", "not 7 (#rgb or #rrggbb of the shadows)"),
        ('{ dark = "#112" }', "variants.steps.name", "is missing"),
        ('{ name = "Duo tone" }', "variants.steps.name", "not 'Duo tone'"),
        ('{ name = "duotone", package = 7 }', "variants.steps.package", "valid string"),
    ],
)
def test_a_wrong_step_is_refused_with_line_field_and_the_right_form(step: str, field: str, reason: str) -> None:
    text = refusal(recipe_of(step))
    assert re.search(rf"^poster.toml, line 4: {re.escape(field)}: ", text, re.MULTILINE), text
    assert reason in text


def test_an_editor_gets_the_faults_of_steps_and_of_all_other_fields() -> None:
    recipe, faults = check(HEAD + 'quality = 200\nsteps = [{ name = "duotone", dark = "red" }]\n')
    assert recipe is None
    assert [(fault.line, fault.field) for fault in faults] == [(4, "variants.quality"), (5, "variants.steps.dark")]


@pytest.mark.parametrize("field", ['icc = "keep"', 'depth = 16\nformat = "png"'])
def test_steps_work_on_eight_bits_of_srgb(field: str) -> None:
    assert "steps" in refusal(recipe_of('{ name = "duotone" }') + field + "\n")


@pytest.mark.parametrize("steps", ["7", '"duotone"', "[7]", "[[]]", "{ name = 7 }", "[{ name = [] }]"])
def test_what_is_no_list_of_steps_is_refused(steps: str) -> None:
    assert "variants.steps" in refusal(f"{HEAD}steps = {steps}\n")


def test_a_model_of_options_that_fails_is_named(duotone: StepPackages) -> None:
    duotone.install(
        "odd",
        "from pydantic import field_validator\nfrom pixelfleet.steps import Options, Step\n"
        "class O(Options):\n    a: int = 1\n    @field_validator('a')\n    @classmethod\n"
        "    def no(cls, value):\n        raise RuntimeError('no licence')\n"
        "STEP = Step(options=O, apply=lambda image, options: image)",
    )
    text = refusal(recipe_of('{ name = "odd", a = 2 }'))
    assert "step 'odd' of pixelfleet-step-odd==1.0.0 fails on its options" in text


def test_options_of_every_kind_of_value_survive_the_stored_text(duotone: StepPackages) -> None:
    duotone.install(
        "odd",
        "from typing import Any\nfrom pixelfleet.steps import Options, Step\n"
        "class O(Options):\n    any: Any = None\n"
        "STEP = Step(options=O, apply=lambda image, options: image)",
    )
    value = '{ "a b" = [1, 2.5, true, "x"], "q\\"" = { deep = [[1], []] } }'
    recipe = parse(recipe_of(f'{{ name = "odd", any = {value} }}'), "x")
    assert recipe.variants[0].steps[0].options["any"] == {"a b": [1, 2.5, True, "x"], 'q"': {"deep": [[1], []]}}
    assert parse(recipe.to_text(), "again") == recipe


def test_a_recipe_without_custom_steps_looks_for_no_package(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> list[object]:
        raise AssertionError("packages are read, which takes milliseconds")

    monkeypatch.setattr("pixelfleet.recipes.custom_step.installed_steps", fail)
    assert parse(f"{HEAD}box = 9\nsteps = []\n", "x").variants[0].steps == ()
