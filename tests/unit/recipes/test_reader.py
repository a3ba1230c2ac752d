"""Recipes are read, refused with line and field, and identified by their meaning."""

import base64
import io
import re
from pathlib import Path

import pytest
from PIL import Image

from pixelfleet.errors import RecipeError
from pixelfleet.recipes import BUILTIN, Fit, OutputFormat, builtin, check, load, parse

SMALL = 'name = "mine"\n[[variants]]\nname = "a"\nbox = 100\n'


def refusal(text: str) -> str:
    with pytest.raises(RecipeError) as caught:
        parse(text, "mine.toml")
    return str(caught.value)


def test_a_number_for_box_is_a_square() -> None:
    assert parse(SMALL, "mine.toml").variants[0].box == (100, 100)


def test_the_defaults_are_inside_auto_and_no_enlargement() -> None:
    [variant] = parse(SMALL, "mine.toml").variants
    assert (variant.fit, variant.format, variant.enlarge) == (Fit.INSIDE, OutputFormat.AUTO, False)


def test_web_has_the_variants_thumb_optimized_and_enhanced() -> None:
    thumb, optimized, enhanced = builtin("web").variants
    assert (thumb.box, thumb.format.value, thumb.quality) == ((320, 320), "webp", 80)
    assert (optimized.box, optimized.format.value, optimized.quality) == ((2048, 2048), "auto", 80)
    assert (enhanced.box, enhanced.format.value, enhanced.quality) == ((2048, 2048), "jpeg", 85)
    assert optimized.progressive
    assert enhanced.levels
    assert enhanced.sharpen > 0


@pytest.mark.parametrize("name", BUILTIN)
def test_every_built_in_recipe_is_unchanged_after_writing_and_reading(name: str) -> None:
    recipe = builtin(name)
    again = parse(recipe.to_text(), "again")
    assert again == recipe
    assert again.digest == recipe.digest


def test_formatting_and_spelled_out_defaults_do_not_change_the_digest() -> None:
    spelled = '# mine\nname="mine"\n\n[[variants]]\nbox=[100,100]\nfit="inside"\nformat="auto"\nname="a"\n'
    assert parse(spelled, "x").digest == parse(SMALL, "y").digest


def test_a_list_of_one_format_is_that_format() -> None:
    one, listed = parse(SMALL + 'format = "webp"\n', "x"), parse(SMALL + 'format = ["webp"]\n', "y")
    assert one == listed
    assert one.digest == listed.digest
    # The digest that releases with one format for each variant have computed.
    assert one.digest == "3ae560a395c855302ee23ba8ea8f3ec7e8743980abd904138be20497311ae81e"


def test_several_formats_are_unchanged_after_writing_and_reading() -> None:
    recipe = parse(SMALL + 'format = ["avif", "webp", "jpeg"]\n', "x")
    [variant] = recipe.variants
    assert [one.format.value for one in variant.encodings] == ["avif", "webp", "jpeg"]
    assert all(len(one.formats) == 1 and one.name == variant.name for one in variant.encodings)
    again = parse(recipe.to_text(), "again")
    assert (again, again.digest) == (recipe, recipe.digest)
    assert 'format = ["avif", "webp", "jpeg"]' in recipe.to_text()


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("format = []", "at least 1"),
        ('format = ["webp", "webp"]', "webp is named twice"),
        ('format = ["auto", "jpeg"]', "auto stands alone"),
        ('format = ["webp", "jpg"]', "Input should be 'auto', 'jpeg'"),
        ('format = "jpg"', "Input should be 'auto', 'jpeg'"),
        ('format = ["webp", "jpeg"]\ntiles = {}', "tiles have one format"),
        ('format = ["avif", "jpeg"]\ndepth = 16', "depth = 16 needs format png, tiff or avif"),
    ],
)
def test_a_list_of_formats_that_cannot_be_written_is_refused_with_its_line(line: str, expected: str) -> None:
    with pytest.raises(RecipeError, match=expected) as caught:
        parse(SMALL + line + "\n", "mine.toml")
    assert re.match(r"mine.toml, line \d+: variants", str(caught.value))


def test_the_number_of_files_of_an_image_is_bounded() -> None:
    several = 'format = ["avif", "webp", "jpeg", "png"]\n'
    variants = [f'[[variants]]\nname = "v{number}"\n{several}' for number in range(25)]
    assert len(parse('name = "a"\n' + "".join(variants[:24]), "x").variants) == 24
    with pytest.raises(RecipeError, match="100 files of an image, more than the 96"):
        parse('name = "a"\n' + "".join(variants), "x")


def test_digests_are_those_of_earlier_releases() -> None:
    """A record names its recipe by digest: with another digest, every image would be processed again."""
    text = '[[variants]]\nname = "original"\ncopy = true\n[[variants]]\nname = "a"\n'
    recipe = parse(f'name = "own"\n{text}[[variants]]\nname = "b"\nformat = "auto"\n', "x")
    assert recipe.digest == "75ed0117741dac920cce1dc461dc09fb682125a3f9a132d7b996f933f1dc418c"
    assert parse(recipe.to_text(), "again") == recipe


def test_another_quality_gives_another_digest() -> None:
    assert parse(SMALL + "quality = 81\n", "x").digest != parse(SMALL, "y").digest


def test_text_with_quotes_controls_and_emoji_is_unchanged_after_writing_and_reading() -> None:
    nasty = 'a "b" \\ \x7f \n é 😀'
    recipe = parse(SMALL + 'watermark = {text = "x"}\n', "x")
    marked = recipe.model_copy(update={"description": nasty})
    assert parse(marked.to_text(), "again").description == nasty


def test_a_misspelt_field_is_named_with_its_line_and_its_likely_meaning() -> None:
    assert (
        refusal(SMALL + "qualty = 80\n") == "mine.toml, line 5: variants.qualty: no such field; did you mean quality?"
    )


def test_the_error_of_a_value_out_of_range_gives_the_range() -> None:
    message = refusal(SMALL + "quality = 101\n")
    assert message.startswith("mine.toml, line 5: variants.quality: ")
    assert "less than or equal to 100, not 101" in message


def test_the_second_variants_error_has_the_second_variants_line() -> None:
    message = refusal(SMALL + '\n[[variants]]\nname = "b"\nformat = "jpg"\n')
    assert message.startswith("mine.toml, line 8: variants.format: ")
    assert "'jpeg'" in message


def test_the_error_of_a_missing_name_has_no_line_of_a_variant() -> None:
    with pytest.raises(RecipeError, match=r"own, line 1: name: is missing \(lower-case"):
        parse('[[variants]]\nname = "thumb"\nbox = 320\n', "own")


def test_a_watermarks_error_has_its_own_line() -> None:
    message = refusal(SMALL + '[variants.watermark]\ntext = "x"\nopacity = 2\n')
    assert message.startswith("mine.toml, line 7: variants.watermark.opacity: ")


def test_all_errors_are_reported_at_once() -> None:
    message = refusal('name = "mine"\n[[variants]]\nname = "A"\nbox = 0\nqualty = 1\n')
    assert [line.split(":")[0] for line in message.splitlines()] == [
        "mine.toml, line 3",
        "mine.toml, line 4",
        "mine.toml, line 5",
    ]


def test_text_that_is_not_toml_is_refused_with_its_line() -> None:
    assert "not valid TOML" in refusal("name = web\n")
    assert "line 1" in refusal("name = web\n")


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        ('copy = true\nformat = "jpeg"', "copy carries the original unchanged: remove box, format"),
        ('fit = "cover"\npad = true', "pad needs fit = 'inside'"),
        ("tiles = {}\nlazy = true", "tiles have no stable address"),
        ('tiles = {}\nformat = "avif"', "tiles are jpeg, png or webp"),
        ('watermark = {text = "x", position = "entropy"}', "is not a position"),
        ("watermark = {}", "either image or text"),
        ('watermark = {image = "../../etc/passwd"}', "beside a recipe read from a file"),
    ],
)
def test_a_variant_that_contradicts_itself_is_refused(lines: str, reason: str) -> None:
    assert reason in refusal(SMALL + lines + "\n")


def test_two_variants_of_one_name_are_refused() -> None:
    assert "two variants are called 'a'" in refusal(SMALL + '[[variants]]\nname = "a"\n')


def test_a_copy_variant_needs_only_a_name() -> None:
    assert parse('name = "keep"\n[[variants]]\nname = "original"\ncopy = true\n', "x").variants[0].copies


def test_a_picture_beside_the_file_becomes_part_of_the_recipe(tmp_path: Path) -> None:
    file = io.BytesIO()
    Image.new("RGBA", (4, 4), "red").save(file, "PNG")
    (tmp_path / "logo.png").write_bytes(file.getvalue())
    (tmp_path / "r.toml").write_text(SMALL + 'watermark = {image = "logo.png"}\n')
    recipe = load(str(tmp_path / "r.toml"))
    assert recipe.variants[0].watermark is not None
    assert recipe.variants[0].watermark.image_bytes == file.getvalue()
    assert parse(recipe.to_text(), "catalog") == recipe


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"GIF89a", "is not a PNG"),
        (b"\x89PNG\r\n\x1a\n" + bytes(70_000), "more than the 65,536 bytes"),
        (None, "cannot be read"),
    ],
)
def test_an_unfit_picture_is_refused_with_its_line(tmp_path: Path, content: bytes | None, reason: str) -> None:
    if content is not None:
        (tmp_path / "logo.png").write_bytes(content)
    (tmp_path / "r.toml").write_text(SMALL + 'watermark = {image = "logo.png"}\n')
    with pytest.raises(RecipeError, match=reason) as caught:
        load(str(tmp_path / "r.toml"))
    assert "line 5" in str(caught.value)


def test_a_data_uri_that_is_not_base64_is_refused() -> None:
    assert "not valid base64" in refusal(SMALL + 'watermark = {image = "data:image/png;base64,???"}\n')


def test_a_large_data_uri_is_refused() -> None:
    uri = "data:image/png;base64," + base64.b64encode(bytes(70_000)).decode()
    assert "more than the 65,536" in refusal(SMALL + f'watermark = {{image = "{uri}"}}\n')


def test_the_error_of_an_unknown_name_lists_the_known_names() -> None:
    with pytest.raises(RecipeError, match=r"no recipe 'wbe'.*web"):
        load("wbe")


def test_a_huge_text_is_refused_unread() -> None:
    assert "more than the 350,000" in refusal("#" * 400_000)


def test_too_many_variants_are_counted_and_not_shown() -> None:
    text = 'name = "mine"\n' + "".join(f'[[variants]]\nname = "v{n}"\n' for n in range(33))
    assert refusal(text) == "mine.toml, line 2: variants: at most 32, not 33 (one [[variants]] table for each output)"


def test_a_check_returns_the_line_and_the_field_of_each_fault() -> None:
    recipe, faults = check('name = "a"\n[[variants]]\nname = "card"\nbox = [1]\nwidht = 3\n')
    assert recipe is None
    assert [(fault.line, fault.field) for fault in faults] == [(4, "variants.box"), (5, "variants.widht")]
    assert all(fault.message for fault in faults)
    _, [fault] = check('name = "a"\nbox = [')
    assert (fault.line, fault.field) == (2, None)
    right, faults = check('name = "a"\n[[variants]]\nname = "card"\n')
    assert (right, faults) == (parse('name = "a"\n[[variants]]\nname = "card"\n', "x"), ())


def test_redaction_is_of_faces_in_srgb_and_changes_no_older_digest() -> None:
    recipe = parse(SMALL + 'redact = "face"\nredact_style = "pixelate"\n', "x")
    assert recipe.searches_faces
    assert recipe.digest != parse(SMALL, "y").digest
    assert parse(recipe.to_text(), "again") == recipe
    assert parse(SMALL + "redact = []\n", "x").digest == parse(SMALL, "y").digest
    assert not parse(SMALL + "redact = []\n", "x").searches_faces
    assert parse('name = "a"\n[[variants]]\nname = "b"\nbox = 9\nfit = "cover"\ngravity = "face"\n', "x").searches_faces


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ('redact = ["faces"]', "should be 'face'"),
        ('redact = ["face", "face"]', "at most 1"),
        ('redact_style = "blur"', "redact_style has no meaning without redact"),
        ('redact = ["face"]\nicc = "keep"', "redact works on sRGB: remove icc"),
        ('redact = ["face"]\ndepth = 16\nformat = "png"', "depth = 16 leaves colours as they are: remove redact"),
        # A gain map would show the face.
        ('redact = ["face"]\nhdr = "keep"\nformat = "jpeg"', "hdr = 'keep' leaves colours as they are: remove redact"),
        ('redact = ["face"]\ncopy = true', "copy carries the original unchanged: remove"),
        ('watermark = {text = "a", position = "face"}', "position 'face' is not a position"),
    ],
)
def test_a_redaction_that_cannot_be_is_refused_with_the_reason(fields: str, says: str) -> None:
    with pytest.raises(RecipeError, match=re.escape(says)):
        parse(f'name = "a"\n[[variants]]\nname = "b"\n{fields}\n', "x")
