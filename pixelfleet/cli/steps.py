"""`pixelfleet steps`."""

import typer

from pixelfleet.cli.console import RESULTS, AsJson, emit, say
from pixelfleet.errors import StepError
from pixelfleet.steps.installed import InstalledStep, installed_steps


def steps(*, as_json: AsJson = False) -> None:
    """The custom steps that are installed here, with their packages and options.

    A recipe names them: steps = [{ name = "duotone", dark = "#112233" }]. Exit code 1 if one cannot be imported.
    """
    listed = [_facts(step) for step in installed_steps()]
    if as_json:
        emit(listed)
    else:
        for step in listed:
            _show(step)
        if not listed:
            say("no custom step is installed here: docs/howto/custom-steps.md shows how to write and install one")
    if any(step["problem"] for step in listed):
        raise typer.Exit(1)


def _facts(step: InstalledStep) -> dict[str, object]:
    options, problem = {}, None
    try:
        model = step.load().options
        options = {info.alias or name: info.description or "" for name, info in model.model_fields.items()}
    except StepError as error:
        problem = str(error)
    return {"name": step.name, "package": step.package, "options": options, "problem": problem}


def _show(step: dict[str, object]) -> None:
    RESULTS.print(f"{step['name']} ({step['package']})", markup=False, highlight=False)
    options = step["options"]
    if isinstance(options, dict):
        for name, description in options.items():
            RESULTS.print(f"  {name}: {description}", markup=False, highlight=False, soft_wrap=True)
    if step["problem"]:
        RESULTS.print(f"  {step['problem']}", markup=False, highlight=False, soft_wrap=True)
