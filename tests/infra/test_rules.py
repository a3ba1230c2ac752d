"""AWS's rules over plans: every rule refuses a plan that breaks the rule, and admits every plan of ours."""

import ast
import inspect
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from tests.infra.rules import runs
from tests.infra.rules.catalogue import RULES
from tests.infra.rules.matrix import CELLS, EXISTING
from tests.infra.rules.plan import Plan

BROKEN = Path(__file__).parent / "rules" / "broken"
SITES = (
    "https://docs.aws.amazon.com/",
    "https://registry.terraform.io/",
    "https://developer.hashicorp.com/",
)


def broken(rule: str) -> Iterator[Plan]:
    """The plans that break a rule: RULE.json, and RULE.absent.json for what a plan lacks."""
    for path in sorted(BROKEN.glob(f"{rule}.*")):
        yield Plan(json.loads(path.read_text()))


@pytest.mark.parametrize("rule", RULES)
def test_the_broken_plans_of_a_rule_break_it_in_every_way_that_it_checks(rule: str) -> None:
    """Each `yield` of the rule's source is reached."""
    path, tree = str(RULES[rule].__file__), ast.parse(inspect.getsource(RULES[rule]))
    ways = {node.lineno for node in ast.walk(tree) if isinstance(node, ast.Yield)}
    reached: set[int] = set()

    def watch(frame: FrameType, event: str, _: object) -> Any:
        if event == "line":
            reached.add(frame.f_lineno)
        return watch if frame.f_code.co_filename == path else None

    before = sys.gettrace()
    sys.settrace(watch)
    try:
        violations = [text for plan in broken(rule) for text in RULES[rule].violations(plan)]
    finally:
        sys.settrace(before)

    assert violations
    assert ways - reached == set()


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_names_the_page_that_it_comes_from(rule: str) -> None:
    assert RULES[rule].PAGE.startswith(SITES)
    assert RULES[rule].__doc__


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.xdist_group("plans")
@pytest.mark.parametrize("cell", [*CELLS, EXISTING])
def test_a_plan_keeps_every_rule(plans: runs.Plans, cell: str) -> None:
    violations = {rule: list(module.violations(plans[cell])) for rule, module in RULES.items()}

    assert {rule: actual for rule, actual in violations.items() if actual} == {}


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.xdist_group("plans")
def test_every_rule_has_something_to_check(plans: runs.Plans) -> None:
    kinds = {resource.type for cell in CELLS for resource in plans[cell].every}

    idle = {rule for rule, module in RULES.items() if not kinds.intersection(module.TYPES)}

    assert idle == set()


def test_the_providers_lists_are_read_out_of_its_refusals() -> None:
    refusal = {
        "summary": 'expected runtime to be one of ["python3.12" "python3.13"], got none',
        "detail": "",
        "address": "aws_lambda_function.probe",
    }

    lists = runs.accepted(json.dumps({"diagnostics": [refusal]}))

    assert lists == {"aws_lambda_function.runtime": ["python3.12", "python3.13"]}


def test_the_product_invalidates_both_addresses_of_an_image() -> None:
    assert set(runs.invalidated()) == {"/i/OWNER/ID/*", "/OWNER/ID/*"}
