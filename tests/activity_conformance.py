"""The conformance suite of the activity table. The suite runs on moto in process and on the embedded cloud."""

from datetime import UTC, datetime, timedelta

from pixelfleet.catalog.activity import Activity, Heartbeat, Sample, slot_of
from pixelfleet.domain.jobs import Lane
from pixelfleet.domain.records import as_member, timestamp

NOW = datetime.now(UTC).replace(microsecond=0)
SLOT_NOW = slot_of(NOW)


def heartbeat(worker: str, age: int = 0, *, busy: bool = False) -> Heartbeat:
    """A heartbeat of a bulk worker, `age` seconds old."""
    seen = timestamp(NOW - timedelta(seconds=age))
    return Heartbeat(worker=worker, lanes=(Lane.BULK,), started_at=seen, seen_at=seen, busy=busy)


class ActivityConformance:
    def test_actions_come_back_newest_first_with_their_details(self, activity: Activity) -> None:
        noted = [activity.note("anna@desk", f"redrive {n}", "me/b1", {"sent": n, "cause": "crashed"}) for n in range(3)]
        actual = list(activity.actions())
        assert sorted(actual, key=lambda action: action.what) == noted
        assert [action.at for action in actual] == sorted((action.at for action in noted), reverse=True)

    def test_actions_of_one_moment_are_all_kept(self, activity: Activity) -> None:
        for _ in range(20):
            activity.note("anna", "rm")
        assert len(list(activity.actions())) == 20

    def test_older_actions_are_listed_after_a_page(self, activity: Activity) -> None:
        first = activity.note("anna", "purge")
        assert list(activity.actions(before=first.at)) == []
        assert list(activity.actions(before=timestamp(datetime.now(UTC) + timedelta(seconds=1)))) == [first]

    def test_only_a_workers_newest_heartbeat_is_listed(self, activity: Activity) -> None:
        activity.beat(heartbeat("host:1", age=20))
        activity.beat(heartbeat("host:1", busy=True))
        activity.beat(heartbeat("host:2", age=10))
        actual = activity.heartbeats(NOW - timedelta(seconds=60))
        assert actual == [heartbeat("host:1", busy=True), heartbeat("host:2", age=10)]

    def test_a_worker_that_is_silent_or_has_ended_is_not_listed(self, activity: Activity) -> None:
        activity.beat(heartbeat("host:1", age=61))
        activity.beat(heartbeat("host:2"))
        activity.gone("host:2")
        assert activity.heartbeats(NOW - timedelta(seconds=60)) == []

    def test_counts_of_many_workers_add_up_by_slot_and_outcome(self, activity: Activity) -> None:
        for outcome in ("ready", "ready", "failed:truncated"):
            sample = Sample(at=SLOT_NOW, lane=Lane.BULK, outcomes={outcome: 2}, work_ms=100, bytes=7)
            activity.count(sample)
        activity.count(Sample(at=SLOT_NOW, lane=Lane.HEAVY, outcomes={"ready": 1}, work_ms=9_000, bytes=8))
        assert activity.samples(NOW - timedelta(minutes=1)) == [
            Sample(at=SLOT_NOW, lane=Lane.BULK, outcomes={"ready": 4, "failed:truncated": 2}, work_ms=300, bytes=21),
            Sample(at=SLOT_NOW, lane=Lane.HEAVY, outcomes={"ready": 1}, work_ms=9_000, bytes=8),
        ]

    def test_only_slots_since_the_asked_moment_are_read(self, activity: Activity) -> None:
        for minutes in (1, 30, 90):
            at = slot_of(NOW - timedelta(minutes=minutes))
            activity.count(Sample(at=at, lane=Lane.BULK, outcomes={"ready": minutes}))
        actual = activity.samples(NOW - timedelta(minutes=60), [Lane.BULK])
        assert [sample.finished for sample in actual] == [30, 1]

    def test_a_worker_of_a_lane_that_only_a_newer_release_has_is_listed(self, activity: Activity) -> None:
        other = heartbeat("host:2").model_copy(update={"lanes": (Lane.HEAVY, as_member(Lane, "gigantic"))})
        activity.beat(heartbeat("host:1"))
        activity.beat(other)
        assert activity.heartbeats(NOW - timedelta(seconds=60)) == [heartbeat("host:1"), other]
