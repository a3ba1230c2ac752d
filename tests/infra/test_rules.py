"""AWS's rules over plans: every rule refuses a plan that breaks the rule, and admits every plan of ours."""

import json
from pathlib import Path

import pytest

from tests.infra.rules import runs
from tests.infra.rules.catalogue import RULES
from tests.infra.rules.matrix import CELLS
from tests.infra.rules.plan import Plan

BROKEN = Path(__file__).parent / "rules" / "broken"
SITES = (
    "https://docs.aws.amazon.com/",
    "https://registry.terraform.io/",
    "https://developer.hashicorp.com/",
)
#: How many different faults the broken plan of a rule holds.
FAULTS = {
    "scheduler_targets": 1,
    "wake_from_zero": 2,
    "metric_math": 2,
    "fargate_sizes": 5,
    "capacity_strategies": 3,
    "ec2_packing": 3,
    "event_source": 3,
    "dead_letters": 2,
    "notifications": 2,
    "enums": 1,
    "mail_filters": 3,
    "invalidations": 1,
    "replacements": 3,
    "scheduled_minimums": 2,
    "kms_rights": 1,
    "origin_proof": 1,
    "sandboxed_results": 3,
    "names": 3,
    "files": 1,
    "partitions": 1,
    "provider_6": 1,
}


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_names_every_fault_of_its_broken_plan(rule: str) -> None:
    plan = Plan(json.loads((BROKEN / f"{rule}.json").read_text()))

    assert len(list(RULES[rule].violations(plan))) == FAULTS[rule]


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_names_the_page_that_it_comes_from(rule: str) -> None:
    assert RULES[rule].PAGE.startswith(SITES)
    assert RULES[rule].__doc__


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.xdist_group("plans")
@pytest.mark.parametrize("cell", CELLS)
def test_a_plan_keeps_every_rule(plans: runs.Plans, cell: str) -> None:
    violations = {rule: list(module.violations(plans[cell])) for rule, module in RULES.items()}

    assert {rule: actual for rule, actual in violations.items() if actual} == {}


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.xdist_group("plans")
def test_every_rule_has_something_to_judge(plans: runs.Plans) -> None:
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
