"""The lanes and the time limits of a worker, from its option `-Q`."""

import pytest

from pixelfleet.domain.jobs import Lane
from pixelfleet.settings import load_settings
from worker.lanes import GRACE, limits_for, served


@pytest.mark.parametrize(
    ("queues", "lanes"),
    [(None, set(Lane)), (["bulk"], {Lane.BULK}), (["heavy"], {Lane.HEAVY}), (["other"], set())],
)
def test_the_lanes_served_are_read_from_the_queues(queues: list[str] | None, lanes: set[Lane]) -> None:
    assert served(queues) == lanes


def test_the_time_limits_are_those_of_the_slowest_lane() -> None:
    settings = load_settings()
    bulk, heavy = settings.bulk_time_limit, settings.heavy_time_limit
    assert limits_for({Lane.BULK}, settings) == {"task_soft_time_limit": bulk, "task_time_limit": bulk + GRACE}
    assert limits_for(set(Lane), settings)["task_soft_time_limit"] == heavy
