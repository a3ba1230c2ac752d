"""The stack as emulators take it: applied, planned again, tampered with, destroyed."""

from typing import Any

import pytest

from tests.infra.stack import Stack

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600), pytest.mark.xdist_group("stack")]


def test_a_second_plan_changes_nothing(stack: Stack) -> None:
    assert stack.terraform.plan_changes() == {}
