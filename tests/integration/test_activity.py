"""The conformance suite of the activity table on the embedded cloud."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from pixelfleet.catalog.activity import Activity, Sample
from pixelfleet.deployment import Deployment
from pixelfleet.domain.jobs import Lane
from pixelfleet.settings import Settings
from tests.activity_conformance import NOW, SLOT_NOW, ActivityConformance

pytestmark = pytest.mark.slow


class TestActivityOnTheEmbeddedCloud(ActivityConformance):
    @pytest.fixture
    def activity(self, settings: Settings) -> Activity:
        return Deployment(settings).activity

    def test_counts_that_are_written_at_once_all_add_up(self, activity: Activity) -> None:
        sample = Sample(at=SLOT_NOW, lane=Lane.BULK, outcomes={"ready": 1})
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda _: activity.count(sample), range(40)))
        assert [actual.finished for actual in activity.samples(NOW - timedelta(minutes=1))] == [40]
