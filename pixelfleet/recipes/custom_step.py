"""Steps of other packages in a variant: `steps = [{ name = "duotone", dark = "#112233" }]`."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Final

from pydantic import ConfigDict, Field, ValidationError

from pixelfleet.errors import StepError
from pixelfleet.recipes.fault import Fault, shown
from pixelfleet.recipes.lines import Lines
from pixelfleet.recipes.part import NAME_PATTERN, Name, Part
from pixelfleet.steps import Options
from pixelfleet.steps.installed import RESERVED, InstalledStep, installed_step, installed_steps

#: Custom steps of one variant.
MAX_STEPS: Final = 8
#: Wrong steps that one message lists.
MOST_FAULTS: Final = 20
#: The name of a distribution in its normal form, and its version (PEP 440).
Package = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,99}==[0-9A-Za-z][0-9A-Za-z.!+_-]{0,49}$")]


class CustomStep(Part):
    """A step by its name, and its options. Only the step's own package can check the options: see `with_packages`."""

    model_config = ConfigDict(frozen=True, extra="allow", allow_inf_nan=False)

    name: Name = Field(description="the name that the step's package gives to the step")
    package: Package | None = Field(
        None, description="package and version, NAME==VERSION; left out, it is that of the installed package"
    )

    @property
    def options(self) -> dict[str, Any]:
        """The options as in the recipe's text."""
        return dict(self.model_extra or {})


class _WrongOptionsError(Exception):
    def __init__(self, model: type[Options], error: ValidationError) -> None:
        super().__init__(str(error))
        self.model = model
        self.error = error


@dataclass(frozen=True, slots=True)
class _Place:
    variant: int
    step: int

    @property
    def location(self) -> tuple[str | int, ...]:
        return "variants", self.variant, "steps", self.step


def with_packages(raw: dict[str, Any], lines: Lines) -> tuple[dict[str, Any], list[Fault]]:
    """The fields of a recipe with the package of each custom step and its options in one form, and what is wrong.

    Nothing is imported for a recipe without custom steps. What the recipe's model refuses is left unchanged.
    """
    variants = raw.get("variants")
    if not isinstance(variants, list) or not any(isinstance(one, dict) and one.get("steps") for one in variants):
        return raw, []
    installed = installed_steps()
    faults: list[Fault] = []

    def completed(step: object, place: _Place) -> object:
        if not isinstance(step, dict) or not _may_be_step(step) or len(faults) >= MOST_FAULTS:
            return step
        try:
            return _completed(step, installed)
        except StepError as error:
            faults.append(Fault(str(error), lines.of((*place.location, "name")), "variants.steps.name"))
        except _WrongOptionsError as error:
            faults.extend(_faults(error, step["name"], place, lines))
        return step

    return {**raw, "variants": [_variant(one, at, completed) for at, one in enumerate(variants)]}, faults


def _variant(variant: object, at: int, completed: Callable[[object, _Place], object]) -> object:
    steps = variant.get("steps") if isinstance(variant, dict) else None
    if not isinstance(variant, dict) or not isinstance(steps, list) or len(steps) > MAX_STEPS:
        return variant
    return {**variant, "steps": [completed(step, _Place(at, number)) for number, step in enumerate(steps)]}


def _may_be_step(step: dict[str, Any]) -> bool:
    """Whether the recipe's model takes the name and the package: else its error says all there is to say."""
    name, package = step.get("name"), step.get("package", "")
    return isinstance(name, str) and isinstance(package, str) and bool(re.fullmatch(NAME_PATTERN, name))


def _completed(step: dict[str, Any], installed: list[InstalledStep]) -> dict[str, Any]:
    origin = installed_step(step["name"], step.get("package"), installed)
    model = origin.load().options
    try:
        options = model.model_validate({key: value for key, value in step.items() if key not in RESERVED})
        return {"name": step["name"], "package": origin.package, **_in_one_form(options)}
    except ValidationError as error:
        raise _WrongOptionsError(model, error) from error
    except Exception as error:
        # The model is code of another package.
        raise StepError(f"step {origin.name!r} of {origin.package} fails on its options: {error!r:.200}") from error


def _in_one_form(options: Options) -> dict[str, Any]:
    """Without defaults, as in every part of a recipe: a new version of the package, which may have other defaults, has
    another digest in any case."""
    return options.model_dump(mode="json", by_alias=True, exclude_defaults=True, exclude_none=True)


def _faults(wrong: _WrongOptionsError, name: str, place: _Place, lines: Lines) -> list[Fault]:
    options = {info.alias or key: info.description or "" for key, info in wrong.model.model_fields.items()}
    return [_fault(dict(item), options, name, place, lines) for item in wrong.error.errors()[:MOST_FAULTS]]


def _fault(item: dict[str, Any], options: dict[str, str], name: str, place: _Place, lines: Lines) -> Fault:
    keys = [str(part) for part in item["loc"] if not isinstance(part, int)]
    expected = f" ({options[keys[0]]})" if keys and options.get(keys[0]) else ""
    reason = str(item["msg"]).removeprefix("Value error, ")
    if item["type"] == "extra_forbidden":
        known = f"there are {', '.join(options)}" if options else "it has no options"
        reason = f"step {name!r} has no such option; {known}"
    elif item["type"] == "missing":
        reason = f"is missing{expected}"
    else:
        reason = f"{reason}, not {shown(item['input']):.60}{expected}"
    return Fault(reason, lines.of((*place.location, *item["loc"])), ".".join(["variants.steps", *keys]))
