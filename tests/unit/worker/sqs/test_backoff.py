"""Waiting after failures."""

import pytest

from worker.sqs.backoff import BackOff, RetryBudget


@pytest.mark.parametrize(("attempt", "least", "most"), [(1, 2.5, 5), (2, 5, 10), (3, 10, 20), (9, 450, 900)])
def test_the_back_off_doubles_up_to_its_limit(attempt: int, least: float, most: float) -> None:
    back_off = BackOff(first=5, longest=900)

    assert back_off.seconds(attempt, chance=lambda: 0.0) == least
    assert back_off.seconds(attempt, chance=lambda: 1.0) == most


def test_a_back_off_of_any_attempt_is_a_visibility_that_sqs_accepts() -> None:
    for attempt in (-1, 0, 1, 5, 1_000, 10**9):
        assert 1 <= BackOff().whole_seconds(attempt) <= 900


def test_the_retry_budget_is_exhausted_after_its_limit_of_unbroken_failures() -> None:
    now = [0.0]
    retry_budget = RetryBudget(limit=60, clock=lambda: now[0])

    retry_budget.failed()
    now[0] = 59.0
    retry_budget.failed()
    assert not retry_budget.exhausted
    now[0] = 60.0
    assert retry_budget.exhausted


def test_one_success_restores_the_retry_budget() -> None:
    now = [0.0]
    retry_budget = RetryBudget(limit=60, clock=lambda: now[0])
    retry_budget.failed()
    now[0] = 61.0

    retry_budget.succeeded()

    assert not retry_budget.exhausted
    assert retry_budget.failed() <= retry_budget.back_off.first
