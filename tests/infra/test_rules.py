"""AWS's rules over plans: every rule refuses a plan that breaks the rule, and admits every plan of ours."""

import json
from pathlib import Path

import pytest

from tests.infra.rules.catalogue import RULES
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
