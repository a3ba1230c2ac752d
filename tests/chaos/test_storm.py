"""A short storm with a fixed seed; `make chaos` runs a long one."""

import random
from pathlib import Path

import pytest

from pixelfleet.domain.records import Status
from pixelfleet.errors import Cause
from tests.chaos.storm.__main__ import Storm
from tests.chaos.storm.load import Expected, steps


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_short_storm_loses_nothing(tmp_path: Path) -> None:
    figures, faults = Storm(images=100, minutes=1.0, seed=20261120, visibility=8, attempts=2).run(tmp_path)

    assert faults == []
    assert figures["images"] == 100


def test_the_storm_expects_the_same_of_the_same_seed() -> None:
    first, second = ([*steps(30, random.Random(5))] for _ in range(2))

    assert [(step.key, step.expected) for step in first] == [(step.key, step.expected) for step in second]
    assert {step.expected for step in steps(300, random.Random(5))} >= {
        Expected(Status.READY),
        Expected(Status.DELETED),
        Expected(Status.FAILED, Cause.TRUNCATED),
    }
