"""Custom steps are found by their entry points and imported only when a recipe names them."""

import pytest

from pixelfleet.errors import StepError
from pixelfleet.steps.installed import installed_step, installed_steps
from tests.step_packages import DUOTONE, StepPackages, step_packages

__all__ = ["step_packages"]


def refusal(name: str, package: str | None = None) -> str:
    with pytest.raises(StepError) as caught:
        installed_step(name, package).load()
    return str(caught.value)


def test_a_step_has_the_name_and_version_of_its_package(step_packages: StepPackages) -> None:
    step_packages.install("duotone", DUOTONE.read_text(), "1.2.0")
    [step] = installed_steps()
    assert (step.name, step.package) == ("duotone", "pixelfleet-step-duotone==1.2.0")
    assert list(step.load().options.model_fields) == ["dark", "light"]


def test_listing_steps_imports_none(step_packages: StepPackages) -> None:
    step_packages.install("loud", "raise RuntimeError('imported')")
    assert [step.name for step in installed_steps()] == ["loud"]


def test_a_missing_step_is_refused_with_the_installed_steps_and_the_package_to_install(
    step_packages: StepPackages,
) -> None:
    assert "no step 'duotone' is installed here, nor any other custom step" in refusal("duotone")
    step_packages.install("duotone", DUOTONE.read_text())
    text = refusal("duotoen")
    assert "did you mean duotone?" in text
    assert "duotone (pixelfleet-step-duotone==1.0.0)" in text
    assert "pip install 'their-frames==2.0'" in refusal("frame", "their-frames==2.0")


def test_another_version_than_that_of_the_recipe_is_refused(step_packages: StepPackages) -> None:
    step_packages.install("duotone", DUOTONE.read_text(), "1.1.0")
    text = refusal("duotone", "pixelfleet-step-duotone==1.0.0")
    assert "pixelfleet-step-duotone==1.1.0 is installed here" in text
    assert "pip install 'pixelfleet-step-duotone==1.0.0'" in text


def test_of_two_packages_with_one_step_a_recipe_names_one(step_packages: StepPackages) -> None:
    step_packages.install("duotone", DUOTONE.read_text())
    step_packages.install("duotone", DUOTONE.read_text(), package="other-duotone")
    text = refusal("duotone")
    assert "other-duotone==1.0.0 and pixelfleet-step-duotone==1.0.0" in text
    assert "name one as `package`" in text
    assert installed_step("duotone", "other-duotone==1.0.0").package == "other-duotone==1.0.0"
    assert "other-duotone==1.0.0 and" in refusal("duotone", "third-duotone==1.0.0")


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("raise RuntimeError('no licence')", "cannot be imported: RuntimeError: no licence"),
        ("import no_such_library", "cannot be imported: No module named 'no_such_library'"),
        ("STEP = 7", "is not a pixelfleet.steps.Step"),
        (
            "from pixelfleet.steps import Options, Step\nclass O(Options):\n    package: int = 1\nSTEP = Step(O, None)",
            "has an option called 'package'",
        ),
    ],
)
def test_a_package_that_brings_no_step_is_named(step_packages: StepPackages, source: str, reason: str) -> None:
    step_packages.install("odd", source)
    text = refusal("odd")
    assert "step 'odd' of pixelfleet-step-odd==1.0.0" in text
    assert reason in text
