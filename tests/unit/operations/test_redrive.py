"""A redrive beside workers that finish before the records are marked, and the canary that waits for workers."""

from typing import Any

import pytest

from pixelfleet.domain.jobs import Job, Lane
from pixelfleet.domain.records import Image, Status
from pixelfleet.domain.transitions import Aim, Failure, Success
from pixelfleet.errors import Cause
from pixelfleet.operations import redrive as operation
from pixelfleet.operations.failures import Selection, select
from pixelfleet.operations.redrive import CANARY_LIMIT, CanaryOutcome, Clock, Redrive, RedriveOrder
from pixelfleet.operations.stopping import StopAskedError
from tests.fakes.records import RECIPE, record, variants_of
from tests.unit.operations.fakes import fake_deployment

ORDER = RedriveOrder(Selection(cause=Cause.NOT_AN_IMAGE), "anna")


def nothing(*_: object) -> None:
    """Ignores the progress."""


def no_sleep(seconds: float) -> None:
    raise AssertionError(f"slept {seconds} seconds")


@pytest.fixture
def deployment(monkeypatch: pytest.MonkeyPatch) -> Any:
    # The pass over the dead letters has tests of its own.
    monkeypatch.setattr(operation, "settle", lambda *_: {})
    return fake_deployment()


def failed(deployment: Any, number: int) -> Image:
    return record(deployment, "me", "b1", f"{number}.png", cause=Cause.NOT_AN_IMAGE)


def aim_of(job: Job, minute: int = 5) -> Aim:
    return Aim(job, RECIPE, "ab" * 16, "worker-2", f"2026-11-20T10:{minute:02}:00.000Z")


def work_on(deployment: Any, jobs: list[Job], *, ready: bool = False) -> None:
    """Processes jobs as soon as they are sent, as an idle worker does."""
    for job in jobs:
        seen = deployment.images.get(job.image_id)
        aim = aim_of(job).claimed(deployment.images.claim(aim_of(job), 5, seen))
        if ready:
            deployment.images.record_ready(aim, Success(variants_of("me", job.image_id), {}, {}))
        else:
            deployment.images.record_failed(aim, Failure(Cause.NOT_AN_IMAGE, "no image, again"))


def statuses(deployment: Any, images: list[Image]) -> set[Status]:
    return {image.status for image in deployment.images.get_many(image.image_id for image in images).values()}


def test_an_image_that_a_quick_worker_failed_again_is_not_marked_queued(deployment: Any) -> None:
    images = [failed(deployment, number) for number in range(40)]
    deployment.queues.on_send = lambda jobs: work_on(deployment, jobs)
    result = operation.redrive(deployment, ORDER, nothing)
    assert statuses(deployment, images) == {Status.FAILED}
    assert (result.sent.sent, result.sent.skipped) == (40, 40)


def test_an_image_that_no_worker_has_taken_yet_is_marked_queued(deployment: Any) -> None:
    images = [failed(deployment, number) for number in range(3)]
    result = operation.redrive(deployment, ORDER, nothing)
    assert statuses(deployment, images) == {Status.QUEUED}
    assert result.sent.as_counts() == {"sent": 3, "refused": 0, "no_longer_failed": 0}


def test_an_image_that_fails_again_is_not_sent_a_second_time_whatever_the_clocks_show(deployment: Any) -> None:
    # More than one page of the index; each worker's clock is years behind or ahead.
    for number in range(250):
        failed(deployment, number)
    deployment.queues.on_send = lambda jobs: work_on(deployment, jobs)
    result = operation.redrive(deployment, ORDER, nothing)
    assert result.sent.sent == 250


def test_a_redrive_is_noted_with_its_numbers_and_outcome(deployment: Any) -> None:
    failed(deployment, 1)
    operation.redrive(deployment, ORDER, nothing)
    [action] = deployment.activity.actions()
    assert (action.who, action.what, action.on) == ("anna", "redrive", "cause not_an_image")
    assert action.details == {"sent": 1, "refused": 0, "no_longer_failed": 0, "outcome": "done"}


def test_an_interrupted_redrive_is_noted_with_the_jobs_that_were_sent(deployment: Any) -> None:
    failed(deployment, 1)

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        operation.redrive(deployment, ORDER, interrupt)
    [action] = deployment.activity.actions()
    assert (action.details["sent"], action.details["outcome"]) == (1, "interrupted")


def test_a_canary_that_fails_at_once_ends_the_redrive(deployment: Any) -> None:
    for number in range(10):
        failed(deployment, number)
    deployment.queues.on_send = lambda jobs: work_on(deployment, jobs)
    order = RedriveOrder(ORDER.selection, "anna", canary=4)
    result = operation.redrive(deployment, order, nothing, Clock(sleep=no_sleep))
    assert result.stopped
    assert result.canary is not None
    assert (result.canary.ready, result.canary.failed) == (0, 4)
    assert len(deployment.queues.sent) == 4
    assert "4 of 4 canaries failed again" in result.canary.in_words()
    [action] = deployment.activity.actions()
    assert (action.details["sent"], action.details["outcome"]) == (4, "stopped")


def test_the_rest_is_sent_after_a_canary_that_succeeds(deployment: Any) -> None:
    images = [failed(deployment, number) for number in range(10)]
    deployment.queues.on_send = lambda jobs: work_on(deployment, jobs, ready=True)
    result = operation.redrive(deployment, RedriveOrder(ORDER.selection, "anna", canary=4), nothing)
    assert result.canary == CanaryOutcome(ready=4, failed=0)
    assert not result.stopped
    assert statuses(deployment, images) == {Status.READY}


def test_a_canary_that_no_worker_takes_ends_the_redrive_after_its_limit(deployment: Any) -> None:
    failed(deployment, 1)
    now = 0.0

    def sleep(seconds: float) -> None:
        nonlocal now
        now += max(seconds, 600.0)

    order = RedriveOrder(ORDER.selection, "anna", canary=1)
    result = operation.redrive(deployment, order, nothing, Clock(lambda: now, sleep))
    assert CANARY_LIMIT <= now < 2 * CANARY_LIMIT
    assert result.stopped
    assert result.canary == CanaryOutcome(ready=0, failed=0, pending=1)


def test_a_record_whose_notice_is_cleared_after_the_selection_is_still_marked(deployment: Any) -> None:
    [selected] = [failed(deployment, 1)]
    deployment.images.announced(selected)
    [marked] = Redrive(deployment, "anna").send([selected])
    assert marked.status is Status.QUEUED


def test_a_selection_in_words_names_every_filter() -> None:
    assert Selection().in_words("everything") == "everything"
    words = Selection(cause=Cause.CRASHED, owner="me", batch="b1", limit=5).in_words("everything")
    assert words == "cause crashed, owner me, batch b1, at most 5"


def test_a_selection_of_one_image_takes_the_image_whatever_its_cause(deployment: Any) -> None:
    image = failed(deployment, 1)
    assert list(select(deployment.images, Selection())) == []
    assert [actual.image_id for actual in select(deployment.images, Selection(image_id=image.image_id))] == [
        image.image_id
    ]


def written_by_a_newer_release(deployment: Any, image: Image, **attributes: str) -> None:
    """Set attributes of a record, and its place in the index of failures, as a newer release writes them."""
    client: Any = deployment.images._client
    key = {"image_id": {"S": image.image_id}}
    item = client.get_item(TableName="images", Key=key)["Item"]
    item = item | {name: {"S": value} for name, value in attributes.items()}
    item["failure_sort"] = {"S": f"{item['cause']['S']}#{item['finished_at']['S']}#{image.image_id}"}
    client.put_item(TableName="images", Item=item)


def test_a_failed_image_of_a_lane_that_only_a_newer_release_has_is_sent_to_heavy(deployment: Any) -> None:
    image = failed(deployment, 1)
    written_by_a_newer_release(deployment, image, lane="gigantic")
    result = operation.redrive(deployment, ORDER, nothing)
    assert [lane for lane, _ in deployment.queues.sent] == [Lane.HEAVY]
    assert result.sent.sent == 1
    queued = deployment.images.get(image.image_id)
    assert (queued.status, queued.lane) == (Status.QUEUED, "gigantic")


def test_failures_of_a_cause_that_only_a_newer_release_has_are_listed(deployment: Any) -> None:
    images = [failed(deployment, number) for number in range(3)]
    written_by_a_newer_release(deployment, images[1], cause="cause_of_2_0")
    listed = {image.image_id: str(image.cause) for image in select(deployment.images, Selection(any_cause=True))}
    assert listed == {image.image_id: "not_an_image" for image in images} | {images[1].image_id: "cause_of_2_0"}


def test_a_redrive_that_is_asked_to_stop_sends_nothing_more(deployment: Any) -> None:
    images = [failed(deployment, number) for number in range(25)]

    def stop_after_the_first_ten(*_: object) -> None:
        raise StopAskedError

    result = operation.redrive(deployment, ORDER, stop_after_the_first_ten)
    assert (result.sent.sent, result.stopped, result.canary) == (10, True, None)
    assert [image.status for image in deployment.images.get_many(i.image_id for i in images).values()].count(
        Status.QUEUED
    ) == 10
    [note] = deployment.activity.actions()
    assert (note.details["outcome"], note.details["sent"]) == ("stopped", 10)
