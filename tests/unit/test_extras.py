"""The table of each extra's modules agrees with the metadata of the package."""

import importlib
import re
from importlib.metadata import packages_distributions, requires

import pytest

from pixelfleet.cli.named_recipe import check_recipe
from pixelfleet.errors import SetupError
from pixelfleet.extras import INCLUDES, MODULES, check_extra, missing_library
from pixelfleet.recipes import builtin, parse

#: Distributions whose modules no code imports by name: a library that pyvips opens.
UNNAMED = {"pyvips-binary"}
#: A module that another library of the list brings, and that the code imports by name too, does not count.
IMPORTED_BESIDES = {"starlette": "fastapi"}


def _required(extra: str) -> set[str]:
    """The distributions that an extra brings, in lower case."""
    actual = set()
    for line in requires("pixelfleet") or ():
        name, _, condition = line.partition(";")
        if f"extra == '{extra}'" in condition:
            actual.add(re.split(r"[\[<>=~! ]", name)[0].lower())
    return actual


@pytest.mark.parametrize("extra", MODULES)
def test_an_extra_has_the_modules_of_its_libraries_and_no_others(extra: str) -> None:
    owners = {module: {name.lower() for name in names} for module, names in packages_distributions().items()}
    # packages_distributions does not list all editable and compiled distributions.
    owners |= {"pi_heif": {"pi-heif"}}
    inherited = {name for part in INCLUDES.get(extra, ()) for name in _required(part)}
    expected = _required(extra) - UNNAMED - inherited
    actual = {
        next(iter(owners[module]))
        for module in MODULES[extra]
        if module not in IMPORTED_BESIDES or IMPORTED_BESIDES[module] not in MODULES[extra]
    }
    assert actual == expected


def test_a_missing_library_names_its_extra() -> None:
    assert missing_library(ModuleNotFoundError("no", name="pyvips.error")) == (
        "this command needs pyvips: pip install 'pixelfleet[worker]'"
    )
    assert missing_library(ModuleNotFoundError("no", name="pixelfleet.nothing")) is None
    assert missing_library(ModuleNotFoundError("no")) is None


def test_a_complete_extra_is_not_reported_as_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    # After the import, kombu's module has no `__spec__`.
    importlib.import_module("kombu")
    check_extra("local", "a fleet")
    monkeypatch.setattr("pixelfleet.extras.find_spec", lambda module: None if module in {"PIL", "rich"} else module)
    with pytest.raises(SetupError, match=r"^a fleet needs PIL, rich: pip install 'pixelfleet\[local\]'$"):
        check_extra("local", "a fleet")


def test_a_recipe_that_searches_for_faces_is_refused_before_the_first_image(monkeypatch: pytest.MonkeyPatch) -> None:
    recipe = parse('name = "a"\n[[variants]]\nname = "b"\nredact = ["face"]\n', "a")
    check_recipe(recipe)
    monkeypatch.setattr("pixelfleet.extras.find_spec", lambda module: None if module == "cv2" else module)
    with pytest.raises(SetupError, match=r"recipe a, which searches for faces, needs cv2: .*'pixelfleet\[faces\]'$"):
        check_recipe(recipe)
    check_recipe(builtin("web"))
