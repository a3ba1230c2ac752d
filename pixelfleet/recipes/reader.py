"""From TOML text to a Recipe. The error of a wrong recipe lists all that is wrong: line, field, and the right form."""

import base64
import difflib
import os
import re
import stat
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, ValidationError

from pixelfleet.errors import RecipeError
from pixelfleet.recipes.custom_step import CustomStep, with_packages
from pixelfleet.recipes.fault import Fault, FaultsError, shown
from pixelfleet.recipes.lines import Lines
from pixelfleet.recipes.model import Recipe
from pixelfleet.recipes.quality_target import QUALITY_TAGS, QualityTarget
from pixelfleet.recipes.variant import Tiles, Variant
from pixelfleet.recipes.watermark import DATA_URI, MAX_WATERMARK_BYTES, Watermark

BUILTIN: Final = ("web", "catalog", "archive", "zoom", "responsive")
#: The most bytes that the catalog can hold beside the other attributes of an item.
MAX_TEXT_BYTES: Final = 350_000
#: The most dots on a line. tomllib keeps every beginning of a dotted key: a key of 10,000 parts, 20 kB, took 400 MB,
#: and the memory grows with the square of the parts.
MOST_DOTS: Final = 100
#: The most errors that one message lists.
MOST_ERRORS: Final = 50
_TOML_LINE: Final = re.compile(r"\(at line (\d+)")
_PARTS: Final[dict[str, type[BaseModel]]] = {
    "watermark": Watermark,
    "tiles": Tiles,
    "steps": CustomStep,
    "quality": QualityTarget,
}


def check(text: str) -> tuple[Recipe | None, tuple[Fault, ...]]:
    """The recipe that a text is, or all that is wrong with the text, for an editor."""
    try:
        return _validated(_toml(text), text), ()
    except FaultsError as error:
        return None, error.faults


def parse(text: str, origin: str) -> Recipe:
    """Read a recipe. Files that the recipe names are not opened, because anyone may have written the recipe.

    Args:
        text: TOML.
        origin: the source of the text, for error messages: a file name, or `recipe 1a2b...`.

    Raises:
        RecipeError: one line for each error: origin, line, field, and the right form.
    """
    with _faults_of(origin):
        return _validated(_toml(text), text)


def parse_stored(text: str, origin: str) -> Recipe:
    """Read a text that `Recipe.to_text` wrote. Custom steps need not be installed here: the worker's child process, in
    which they run, checks them.

    Raises:
        RecipeError: as `parse`.
    """
    with _faults_of(origin):
        return _modelled(_toml(text), Lines(text), [])


def load(name_or_path: str) -> Recipe:
    """A built-in recipe by its name, else the recipe in a file. Watermark pictures are read from beside the file.

    Raises:
        RecipeError: no such recipe or file, or the recipe is wrong.
    """
    if name_or_path in BUILTIN:
        return builtin(name_or_path)
    path = Path(name_or_path)
    if not path.is_file():
        if path.suffix or len(path.parts) > 1:
            raise RecipeError(f"there is no file {name_or_path}")
        raise RecipeError(f"no recipe {name_or_path!r}: give a TOML file or one of {', '.join(BUILTIN)}")
    try:
        with _faults_of(str(path)):
            _check_size(path.stat().st_size)
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise RecipeError(f"{path}: cannot be read: {error}") from None
    with _faults_of(str(path)):
        raw = _toml(text)
        _inline_watermarks(raw, text, path)
        return _validated(raw, text)


@cache
def builtin(name: str) -> Recipe:
    """A recipe that is part of pixelfleet.

    Raises:
        RecipeError: no built-in recipe has this name.
    """
    if name not in BUILTIN:
        raise RecipeError(f"no built-in recipe {name!r}: there are {', '.join(BUILTIN)}")
    text = resources.files("pixelfleet.recipes").joinpath("builtin", f"{name}.toml").read_text(encoding="utf-8")
    return parse(text, f"{name}.toml")


@contextmanager
def _faults_of(origin: str) -> Iterator[None]:
    """Turn faults into the error of a recipe from `origin`."""
    try:
        yield
    except FaultsError as error:
        raise RecipeError("\n".join(dict.fromkeys(fault.described(origin) for fault in error.faults))) from None


def _check_size(size: int) -> None:
    if size > MAX_TEXT_BYTES:
        most = f"{size:,} bytes, more than the {MAX_TEXT_BYTES:,} that a recipe may have"
        raise FaultsError([Fault(f"{most}: use smaller watermarks, or part the variants among two recipes")])


def _toml(text: str) -> dict[str, Any]:
    size = len(text.encode("utf-8", "surrogatepass"))
    _check_size(size)
    for number, words in enumerate(text.split("\n"), 1):
        if words.count(".") > MOST_DOTS:
            raise FaultsError([Fault(f"the line has more than {MOST_DOTS} dots", number)])
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        # The message ends in the line, or in "at end of document".
        at = _TOML_LINE.search(str(error))
        line = int(at[1]) if at else max(len(text.splitlines()), 1)
        raise FaultsError([Fault(f"not valid TOML: {error}", line)]) from None
    except RecursionError:
        raise FaultsError([Fault("not valid TOML: nested too deeply")]) from None
    except ValueError:
        # Python reads no integer of more than 4,300 digits.
        raise FaultsError([Fault("not valid TOML: a number is too long")]) from None


def _validated(raw: dict[str, Any], text: str) -> Recipe:
    lines = Lines(text)
    completed, faults = with_packages(raw, lines)
    return _modelled(completed, lines, faults)


def _modelled(raw: dict[str, Any], lines: Lines, of_steps: Sequence[Fault]) -> Recipe:
    """The recipe of these fields; `of_steps` is what is wrong with the options of custom steps."""
    recipe, faults = None, list(of_steps)
    try:
        recipe = Recipe.model_validate(raw)
    except ValidationError as error:
        items = [dict(item) for item in error.errors()]
        deeper = [item for item in items if item["loc"] != ("variants",)]
        # Where every variant is refused, Pydantic adds that no variant is left: that error says nothing new.
        faults = [_fault(item, lines) for item in (deeper or items)[:MOST_ERRORS]] + faults
        faults += [Fault(f"{more:,} more errors")] if (more := len(deeper or items) - MOST_ERRORS) > 0 else []
    if recipe is None or faults:
        raise FaultsError(faults)
    return recipe


def _fault(item: dict[str, Any], lines: Lines) -> Fault:
    location: tuple[str | int, ...] = tuple(part for part in item["loc"] if part not in QUALITY_TAGS)
    names = [str(part) for part in location if not isinstance(part, int)]
    reason = str(item["msg"]).removeprefix("Value error, ")
    if item["type"] == "extra_forbidden":
        reason = "no such field" + _nearest(names)
    elif item["type"] == "missing":
        expected = _expected(names)
        reason = f"is missing ({expected})" if expected else "is missing"
    elif item["type"] == "too_long":
        expected = _expected(names)
        reason = (
            f"at most {item['ctx']['max_length']}, not {len(item['input']):,}{f' ({expected})' if expected else ''}"
        )
    elif _of_several_fields(item):
        # The sentence names the fields that do not fit together; the whole table would hide it.
        pass
    elif expected := _expected(names):
        reason = f"{reason}, not {shown(item['input']):.60} ({expected})"
    field = ".".join(names) or "recipe"
    return Fault(reason, lines.of(location), field)


def _of_several_fields(item: dict[str, Any]) -> bool:
    return item["type"] == "value_error" and isinstance(item["input"], Mapping)


def _part_of(names: list[str]) -> type[BaseModel]:
    if len(names) > 1 and names[-2] in _PARTS:
        return _PARTS[names[-2]]
    return Variant if names[0] == "variants" and len(names) > 1 else Recipe


def _fields(part: type[BaseModel]) -> dict[str, str]:
    return {info.alias or name: info.description or "" for name, info in part.model_fields.items()}


def _expected(names: list[str]) -> str:
    return _fields(_part_of(names)).get(names[-1], "") if names else ""


def _nearest(names: list[str]) -> str:
    known = _fields(_part_of(names))
    near = difflib.get_close_matches(names[-1], known, n=1)
    return f"; did you mean {near[0]}?" if near else f"; there are {', '.join(known)}"


def _inline_watermarks(raw: dict[str, Any], text: str, path: Path) -> None:
    variants = raw.get("variants")
    lines = Lines(text)
    for number, variant in enumerate(variants if isinstance(variants, list) else []):
        mark = variant.get("watermark") if isinstance(variant, dict) else None
        name = mark.get("image") if isinstance(mark, dict) else None
        if isinstance(mark, dict) and isinstance(name, str) and not name.startswith("data:"):
            line = lines.of(("variants", number, "watermark", "image"))
            mark["image"] = _data_uri(path.parent, name, f"{path}, line {line}: variants.watermark.image")


def _data_uri(folder: Path, name: str, where: str) -> str:
    picture = folder / name
    if not picture.resolve().is_relative_to(folder.resolve()):
        raise RecipeError(f"{where}: {picture} is not below the recipe's folder; copy the mark to there")
    try:
        # Non-blocking: opening a named pipe would otherwise wait for a writer.
        with os.fdopen(os.open(picture, os.O_RDONLY | os.O_NONBLOCK), "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise RecipeError(f"{where}: {picture} is not a regular file")
            content = file.read(MAX_WATERMARK_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise RecipeError(f"{where}: {picture} cannot be read: {reason}") from None
    if len(content) > MAX_WATERMARK_BYTES:
        raise RecipeError(f"{where}: {picture} has more than the {MAX_WATERMARK_BYTES:,} bytes that are allowed")
    if not content.startswith(b"\x89PNG\r\n\x1a\n"):
        raise RecipeError(f"{where}: {picture} is not a PNG file; save the mark as PNG")
    return DATA_URI + base64.b64encode(content).decode()
