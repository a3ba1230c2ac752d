"""The refusals of the stack's variables, with messages. Terraform checks them without a provider, in 0.1 s."""

import json
import re
import shutil
from collections.abc import Iterator
from typing import Any

import pytest

from tests.infra import outside
from tests.infra.bad_values import BAD_LANES, BAD_VALUES
from tests.infra.rules.matrix import BASE, CELLS
from tests.infra.terraform import REPOSITORY, Terraform

MODULE = REPOSITORY / "infra" / "modules" / "pixelfleet"
CASES = BAD_VALUES + [
    ({lane: lane_values}, message) for lane in ("bulk", "heavy") for lane_values, message in BAD_LANES
]
#: Variables of the provider and the root that the module does not have.
OF_THE_ROOT = ("region", "tags", "max_retries")


@pytest.fixture(scope="module")
def variables(tmp_path_factory: pytest.TempPathFactory) -> Terraform:
    """The module's variables and the sizes that their checks use, without resources."""
    folder = tmp_path_factory.mktemp("variables")
    for path in (*MODULE.glob("variables*.tf"), MODULE / "sizes.tf"):
        shutil.copy(path, folder)
    return Terraform(outside.program("terraform"), folder, root=".")


@pytest.fixture(scope="module")
def messages(variables: Terraform) -> list[str]:
    """Terraform's messages for each case. Cases of different variables share a plan: a plan takes 0.1 s of CPU."""
    answers: dict[int, str] = {}
    for shared in packed():
        given = BASE | {name: value for number in shared for name, value in CASES[number][0].items()}
        answers |= dict.fromkeys(shared, answer(variables, given))
    return [answers[number] for number in range(len(CASES))]


def packed() -> Iterator[list[int]]:
    """The numbers of the cases, in groups in which no two cases give the same variable.

    A case of several variables is alone: Terraform skips a check that reads another variable with a bad value.
    """
    left = [number for number, (given, _) in enumerate(CASES) if len(given) == 1]
    yield from ([number] for number in range(len(CASES)) if number not in left)
    while left:
        shared: list[int] = []
        names: set[str] = set()
        for number in left:
            if names.isdisjoint(CASES[number][0]):
                shared.append(number)
                names |= CASES[number][0].keys()
        left = [number for number in left if number not in shared]
        yield shared


def answer(terraform: Terraform, given: dict[str, Any]) -> str:
    """The output of a plan with these variables, in one line."""
    (terraform.folder / "given.tfvars.json").write_text(json.dumps(given))
    done = terraform.run("plan", "-json", "-var-file=given.tfvars.json", accept=(0, 1))
    details = [json.loads(line).get("diagnostic", {}).get("detail", "") for line in done.splitlines()]
    return " ".join(" ".join(details).split())


@pytest.mark.parametrize("number", range(len(CASES)), ids=lambda number: "-".join(CASES[number][0]) + f"-{number}")
def test_a_bad_value_is_refused_with_a_message_that_says_what_to_do(messages: list[str], number: int) -> None:
    given, message = CASES[number]

    assert message in messages[number], given


@pytest.mark.parametrize("cell", CELLS)
def test_the_values_of_a_cell_of_the_rules_are_accepted(variables: Terraform, cell: str) -> None:
    given = {name: value for name, value in (BASE | CELLS[cell]).items() if name not in OF_THE_ROOT}

    assert answer(variables, given) == ""


def test_every_validation_of_the_module_has_a_bad_value() -> None:
    text = "\n".join(path.read_text() for path in sorted(MODULE.glob("variables*.tf")))
    every = [json.loads(quoted) for quoted in re.findall(r"^ +error_message += (\".*\")$", text, re.MULTILINE)]

    assert every
    assert [one for one in every if not any(message in one for _, message in CASES)] == []
