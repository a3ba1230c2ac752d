"""The quality of a variant as a number or as a target."""

import pytest

from pixelfleet.errors import RecipeError
from pixelfleet.recipes import Metric, needed_extras, parse

SMALL = 'name = "small"\n[[variants]]\nname = "a"\nformat = "jpeg"\n'


def refusal(text: str) -> str:
    with pytest.raises(RecipeError) as error:
        parse(text, "mine.toml")
    return str(error.value)


def test_a_target_is_read_and_written_back() -> None:
    text = SMALL + 'quality = { target = 0.98, metric = "ssim", min = 70, max = 90 }\nnever_larger = true\n'
    recipe = parse(text, "x")
    [variant] = recipe.variants
    assert variant.quality_target is not None
    assert (variant.quality_target.target, variant.quality_target.least, variant.quality_target.most) == (0.98, 70, 90)
    assert variant.never_larger
    again = parse(recipe.to_text(), "again")
    assert (again, again.digest) == (recipe, recipe.digest)


def test_a_target_of_ssimulacra2_is_read_and_written_back_and_needs_its_extra() -> None:
    recipe = parse(SMALL + 'quality = { target = 75, metric = "ssimulacra2" }\n', "x")
    target = recipe.variants[0].quality_target
    assert target is not None
    assert (target.target, target.metric) == (75, Metric.SSIMULACRA2)
    again = parse(recipe.to_text(), "again")
    assert (again, again.digest) == (recipe, recipe.digest)
    assert needed_extras(recipe) == {"ssimulacra2": "measures quality by SSIMULACRA2"}
    assert needed_extras(parse(SMALL + "quality = { target = 0.9 }\n", "y")) == {}


def test_a_table_of_its_own_means_the_same() -> None:
    inline = parse(SMALL + "quality = { target = 0.98, max = 90 }\n", "x")
    assert parse(SMALL + "[variants.quality]\ntarget = 0.98\nmax = 90\n", "y").digest == inline.digest


def test_spelled_out_defaults_of_a_target_do_not_change_the_digest() -> None:
    spelled = 'quality = { target = 0.98, metric = "ssim", min = 60, max = 92 }\nnever_larger = false\n'
    assert parse(SMALL + spelled, "x").digest == parse(SMALL + "quality = { target = 0.98 }\n", "y").digest
    assert parse(SMALL + "never_larger = true\n", "x").digest != parse(SMALL, "y").digest


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("quality = 101", "quality: Input should be less than or equal to 100, not 101 (1 to 100, or a table"),
        ("quality = true", "quality: Input should be a valid integer"),
        ("quality = {}", "quality.target: is missing (the score to reach"),
        ("quality = { target = 1.0 }", "quality: target = 1 is not on the scale of ssim, which has targets from 0.5"),
        (
            "quality = { target = 80 }",
            "quality: target = 80 is not on the scale of ssim, which has targets from 0.5 to below 1, such as 0.96",
        ),
        (
            'quality = { target = 0.98, metric = "ssimulacra2" }',
            "quality: target = 0.98 is not on the scale of ssimulacra2, which has targets from 30 to below 100",
        ),
        ("quality = { target = 0.9, mim = 50 }", "quality.mim: no such field; did you mean min?"),
        ("quality = { target = 0.9, min = 95 }", "quality: min = 95 is above max = 92: exchange them"),
        (
            'quality = { target = 0.9, metric = "psnr" }',
            "quality.metric: Input should be 'ssim' or 'ssimulacra2', not 'psnr'",
        ),
    ],
)
def test_a_wrong_quality_is_named_with_its_line_and_what_would_be_right(line: str, message: str) -> None:
    assert f"mine.toml, line 5: variants.{message}" in refusal(SMALL + line + "\n")


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ('format = "png"', "a quality with a target needs format auto, jpeg, webp, avif or jxl"),
        ('format = ["webp", "tiff"]', "a quality with a target needs format auto, jpeg, webp, avif or jxl"),
        ('format = "webp"\nlossless = true', "a quality with a target has no meaning with lossless"),
        ('format = "jpeg"\ntiles = {}', "a quality with a target has no meaning with tiles"),
        ('format = "avif"\ndepth = 16', "a quality with a target is measured on 8 bits"),
        ('format = "jpeg"\nhdr = "keep"', "a quality with a target is measured on 8 bits"),
    ],
)
def test_a_target_is_refused_where_nothing_can_be_searched(fields: str, message: str) -> None:
    head = 'name = "small"\n[[variants]]\nname = "a"\nquality = { target = 0.9 }\n'
    assert message in refusal(head + fields + "\n")


def test_tiles_are_never_compared_with_the_original() -> None:
    assert "remove never_larger or tiles" in refusal(SMALL + "tiles = {}\nnever_larger = true\n")


@pytest.mark.parametrize(("formats", "named"), [('"avif"', "avif"), ('["tiff", "jxl"]', "tiff, jxl")])
def test_never_larger_is_refused_where_no_format_has_the_rule(formats: str, named: str) -> None:
    head = f'name = "small"\n[[variants]]\nname = "a"\nnever_larger = true\nformat = {formats}\n'
    assert f"never_larger has no effect on {named}" in refusal(head)


def test_fields_that_do_not_fit_together_are_a_sentence_that_is_not_cut_off() -> None:
    assert refusal(SMALL + "tiles = {}\nnever_larger = true\n").endswith(
        "never_larger compares one file with the original: remove never_larger or tiles"
    )
    assert refusal(SMALL + "quality = { target = 0.9, min = 90, max = 60 }\n").endswith(
        "line 5: variants.quality: min = 90 is above max = 60: exchange them"
    )


def test_never_larger_is_accepted_where_one_of_the_formats_has_the_rule() -> None:
    head = 'name = "small"\n[[variants]]\nname = "a"\nnever_larger = true\nformat = ["avif", "webp"]\n'
    assert parse(head, "x").variants[0].never_larger


@pytest.mark.parametrize(
    ("quality", "other"),
    [
        ("{ target = 80 }", "; target = 80 is on the scale of metric = 'ssimulacra2'"),
        ('{ target = 0.98, metric = "ssimulacra2" }', "; target = 0.98 is on the scale of metric = 'ssim'"),
    ],
)
def test_a_target_on_the_scale_of_the_other_metric_is_refused_with_that_metric(quality: str, other: str) -> None:
    assert other in refusal(SMALL + f"quality = {quality}\n")
