"""The custom steps that are installed here: found by their entry points, imported only when a recipe names them."""

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from pixelfleet.errors import StepError
from pixelfleet.extras import missing_library
from pixelfleet.steps import Options, Step

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

GROUP: Final = "pixelfleet.steps"
#: Keys of a step in a recipe that are not options.
RESERVED: Final = frozenset({"name", "package"})


@dataclass(frozen=True, slots=True)
class InstalledStep:
    """An entry point. `package` is the distribution that brings the step and its version: `NAME==VERSION`."""

    name: str
    package: str
    _entry_point: "EntryPoint"

    def load(self) -> Step[Any]:
        """Import the step.

        Raises:
            StepError: the step cannot be imported, or is not what a step has to be.
        """
        where = f"step {self.name!r} of {self.package}"
        try:
            step = self._entry_point.load()
        except ModuleNotFoundError as error:
            raise StepError(missing_library(error, where) or f"{where} cannot be imported: {error}") from error
        except Exception as error:
            raise StepError(f"{where} cannot be imported: {type(error).__name__}: {error}") from error
        if not isinstance(step, Step) or not _is_model(step.options):
            raise StepError(f"{where} is not a pixelfleet.steps.Step with a model of pixelfleet.steps.Options")
        if taken := sorted(RESERVED & {info.alias or name for name, info in step.options.model_fields.items()}):
            raise StepError(f"{where} has an option called {taken[0]!r}, which recipes use for the step itself")
        return step


def _is_model(options: object) -> bool:
    return isinstance(options, type) and issubclass(options, Options)


def installed_steps() -> list[InstalledStep]:
    """Every installed step by its name; nothing is imported."""
    # Imported here: a process that reads no recipe with custom steps does not pay for this import.
    from importlib.metadata import entry_points  # noqa: PLC0415

    steps = (InstalledStep(one.name, _package(one), one) for one in entry_points(group=GROUP))
    return sorted(steps, key=lambda step: (step.name, step.package))


def installed_step(
    name: str, package: str | None = None, steps: Sequence[InstalledStep] | None = None
) -> InstalledStep:
    """The step of this name; nothing is imported.

    Args:
        name: the name in the recipe.
        package: the distribution and its version that the recipe was stored with, if any.
        steps: the installed steps, if the caller has read them.

    Raises:
        StepError: no package, another version, or more than one package brings the step.
    """
    steps = installed_steps() if steps is None else steps
    named = [step for step in steps if step.name == name]
    if not named:
        raise StepError(_missing(name, package, steps))
    if len(named) > 1:
        # A recipe may name one of them.
        chosen = [step for step in named if step.package == package]
        if len(chosen) != 1:
            packages = " and ".join(step.package for step in named)
            raise StepError(
                f"step {name!r} is brought by {packages}: uninstall all but one of them, or name one as `package`"
            )
        named = chosen
    [step] = named
    if package is not None and package != step.package:
        raise StepError(
            f"step {name!r} is of {package} in this recipe, but {step.package} is installed here: "
            f"pip install '{package}', or take `package` out of the recipe and put the recipe again"
        )
    return step


def _package(entry_point: "EntryPoint") -> str:
    distribution = entry_point.dist
    if distribution is None:
        return "unknown==0"
    # The normal form of a name: https://packaging.python.org/en/latest/specifications/name-normalization/
    return f"{re.sub(r'[-_.]+', '-', distribution.name).lower()}=={distribution.version}"


def _missing(name: str, package: str | None, steps: Sequence[InstalledStep]) -> str:
    install = f"pip install '{package}'" if package else "pip install the package that brings it"
    if not steps:
        return f"no step {name!r} is installed here, nor any other custom step: {install}"
    near = difflib.get_close_matches(name, [step.name for step in steps], n=1)
    hint = f"did you mean {near[0]}? " if near else ""
    listed = ", ".join(f"{step.name} ({step.package})" for step in steps)
    return f"no step {name!r} is installed here; {hint}Installed: {listed}. Or {install}"
