"""`pixelfleet steps`."""

import json
import sys

import pytest

from pixelfleet.cli import main as cli
from tests.step_packages import DUOTONE, StepPackages, step_packages

__all__ = ["step_packages"]


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["pixelfleet", *arguments])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    return int(ended.value.code or 0)


def test_the_steps_are_listed_with_packages_and_options(
    step_packages: StepPackages, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    step_packages.install("duotone", DUOTONE.read_text())
    assert run(monkeypatch, "steps", "--json") == 0
    [step] = json.loads(capsys.readouterr().out)
    assert (step["name"], step["package"]) == ("duotone", "pixelfleet-step-duotone==1.0.0")
    assert step["options"]["dark"] == "#rgb or #rrggbb of the shadows"
    assert step["problem"] is None


def test_a_step_that_cannot_be_imported_is_listed_with_the_reason(
    step_packages: StepPackages, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    step_packages.install("odd", "raise RuntimeError('no licence')")
    assert run(monkeypatch, "steps", "--json") == 1
    [step] = json.loads(capsys.readouterr().out)
    assert "no licence" in step["problem"]


def test_a_recipe_is_checked_against_the_packages_of_this_machine(
    step_packages: StepPackages,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    file = tmp_path_factory.mktemp("recipes") / "poster.toml"
    file.write_text('name = "poster"\n[[variants]]\nname = "a"\nsteps = [{ name = "duotone", dark = "#112" }]\n')
    assert run(monkeypatch, "recipe", "check", str(file)) == 2
    assert "poster.toml, line 4: variants.steps.name: no step 'duotone' is installed here" in capsys.readouterr().err
    step_packages.install("duotone", DUOTONE.read_text())
    assert run(monkeypatch, "recipe", "check", str(file), "--json") == 0
