"""Recipes made to harm: thousands of errors, pictures that are not regular files or lie in other folders."""

import os
import time
from pathlib import Path

import pytest

from pixelfleet.errors import RecipeError
from pixelfleet.recipes.reader import MOST_ERRORS, load, parse


def _errors(number: int) -> str:
    return 'name = "x"\n' + "".join(f'[[variants]]\nname = "v{i}"\nwith = {i}\n' for i in range(number))


def _seconds(text: str) -> float:
    began = time.process_time()
    with pytest.raises(RecipeError):
        parse(text, "recipe")
    return time.process_time() - began


def test_the_message_has_the_first_fifty_errors_and_the_number_of_the_others() -> None:
    with pytest.raises(RecipeError) as error:
        parse(_errors(2_000), "recipe")
    lines = str(error.value).splitlines()
    assert len(lines) == MOST_ERRORS + 1
    assert "line 4: variants.with: no such field" in lines[0]
    assert "more errors" in lines[-1]


def test_the_cost_of_errors_is_linear() -> None:
    _seconds(_errors(10))
    assert _seconds(_errors(8_000)) < 20 * _seconds(_errors(1_000)) + 0.5


WATERMARK = 'name = "x"\n[[variants]]\nname = "a"\nwidth = 10\n[variants.watermark]\nimage = "{}"\n'


def _load(folder: Path, image: str) -> str:
    path = folder / "recipe.toml"
    path.write_text(WATERMARK.format(image))
    with pytest.raises(RecipeError) as error:
        load(str(path))
    return str(error.value)


@pytest.mark.parametrize(
    "key",
    ["a." * 5_000 + "b", "[" + "a." * 5_000 + "b]", "x = {" + '"." . ' * 5_000 + "b = 1}"],
    ids=["key", "table", "inline"],
)
def test_a_key_of_thousands_of_parts_is_refused_before_it_is_read(key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """tomllib keeps every prefix of a dotted key: 64 kB, which anybody with a token may check, took gigabytes."""
    monkeypatch.setattr("tomllib.loads", lambda _text: pytest.fail("it was read"))
    with pytest.raises(RecipeError, match="line 2: the line has more than 100 dots"):
        parse(f'name = "deep"\n{key} = 1\n', "x")


@pytest.mark.parametrize(
    "number",
    ["9" * 5_000, "-" + "9" * 5_000, "0x" + "f" * 20_000, "1e9999", "0." + "1" * 20_000],
    ids=["digits", "negative", "hexadecimal", "infinite", "fraction"],
)
def test_a_number_of_thousands_of_digits_is_an_error_of_the_recipe(number: str) -> None:
    text = f'name = "long"\n[[variants]]\nname = "a"\nformat = "webp"\nbox = {number}\nquality = {number}\n'
    with pytest.raises(RecipeError) as error:
        parse(text, "x")
    assert len(str(error.value)) < 2_000


def test_a_recipe_file_is_not_read_if_it_is_too_long(tmp_path: Path) -> None:
    path = tmp_path / "recipe.toml"
    with path.open("wb") as file:
        file.truncate(20_000_000_000)
    with pytest.raises(RecipeError, match="20,000,000,000 bytes, more than the 350,000"):
        load(str(path))


@pytest.mark.timeout(10)
def test_a_pipe_as_a_watermark_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "mark.png")
    assert "is not a regular file" in _load(tmp_path, "mark.png")


def test_a_folder_as_a_watermark_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mark.png").mkdir()
    assert "Is a directory" in _load(tmp_path, "mark.png")


@pytest.mark.parametrize("image", ["../mark.png", "/etc/hostname", "link.png"])
def test_a_watermark_from_another_folder_is_refused(tmp_path: Path, image: str) -> None:
    (tmp_path / "mark.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    folder = tmp_path / "recipes"
    folder.mkdir()
    (folder / "link.png").symlink_to(tmp_path / "mark.png")
    assert "is not below the recipe's folder" in _load(folder, image)
