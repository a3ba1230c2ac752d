"""After late and repeated events, and with slow workers, the record agrees with the bucket."""

from dataclasses import replace
from typing import Any

import pytest

from pixelfleet.domain.jobs import Lane, Origin
from pixelfleet.domain.records import Image, Status
from pixelfleet.errors import TransientError
from tests.unit.worker.job.desk import Desk, Held
from tests.unit.worker.job.lives import CATALOG, WEB, again
from worker.job.process import Processor


def test_an_older_version_does_not_replace_the_newest_version_after_a_removal_event(desk: Desk) -> None:
    desk.do(desk.put(sequencer="02"))
    removal = desk.delete(sequencer="05")
    a, b = desk.put((70, 70), "07"), desk.put((88, 88), "08")
    for job in (removal, b, a):
        desk.do(job)
    assert (desk.image(b).width, desk.image(b).version_id) == (88, b.version_id)


def test_repeated_bytes_in_a_bucket_without_versions_are_newer_than_the_bytes_between(desk: Desk) -> None:
    desk.version_nothing()
    first = replace(desk.put(sequencer="01"), version_id=None)
    desk.do(first)
    between = replace(desk.put((88, 88), "02"), version_id=None)
    last = replace(desk.put(sequencer="03"), version_id=None)
    desk.do(last)
    desk.do(between)
    assert (desk.image(last).status, desk.image(last).etag) == (Status.READY, last.etag)


def test_a_slow_finisher_does_not_delete_results_that_are_current_again(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = desk.put()
    desk.do(job)
    slow, quick = desk.processor, Processor(desk.deployment)
    real = desk.deployment.objects.delete_results
    frozen: list[str] = []

    def delete_after_a_long_time(prefix: str) -> Any:
        if not frozen:
            frozen.append(prefix)
            quick.carry_out(again(desk, job, WEB), Lane.BULK, Held())
        return real(prefix)

    monkeypatch.setattr(desk.deployment.objects, "delete_results", delete_after_a_long_time)
    slow.carry_out(again(desk, job, CATALOG), Lane.BULK, Held())
    image = desk.image(job)
    assert (image.status, image.recipe) == (Status.READY, WEB)
    assert desk.results() == {variant.key for variant in image.variants}


def test_the_results_of_a_failed_attempt_are_deleted_with_the_next_outcome(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = desk.fail_after_two(monkeypatch)
    done = desk.do(job.asked_by(Origin.REDRIVE))
    assert done is not None
    assert desk.results() == {variant.key for variant in done.variants}
    assert desk.image(job).superseded == ()


def test_a_late_event_of_bytes_that_a_seal_uncounted_counts_nothing(desk: Desk) -> None:
    """In a bucket without versions, an event does not show whether the bucket holds these bytes still or again."""
    desk.version_nothing()
    first = desk.put((40, 30), sequencer="05")
    done = desk.do(first)
    assert done is not None
    again = replace(first, sequencer="06")
    second = desk.put((50, 30), sequencer="07")
    assert isinstance(desk.deployment.images.uncount(done, second.etag), Image)
    desk.do(again)
    assert desk.image(first).counted is None
    # After another put, the bucket holds the bytes.
    desk.do(desk.put((40, 30), sequencer="08"))
    assert desk.image(first).counted == "ready"


def test_a_record_of_a_newer_release_is_left_to_its_workers(desk: Desk) -> None:
    job = desk.put()
    desk.do(job)
    key: Any = {"image_id": {"S": job.image_id}}
    desk.deployment.dynamodb.update_item(
        TableName=desk.settings.images_table,
        Key=key,
        UpdateExpression="SET #status = :status",
        ExpressionAttributeNames={"#status": "status"},
        ExpressionAttributeValues={":status": {"S": "resting"}},
    )
    with pytest.raises(TransientError, match="newer release"):
        desk.do(desk.put((60, 50), "06"))
    assert desk.image(job).status == "resting"
