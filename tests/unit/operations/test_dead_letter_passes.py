"""A message of a DLQ that is the only trace of its work must not be deleted."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from pixelfleet.aws.dead_letters import DeadLetter, Disposition, Pass
from pixelfleet.domain.jobs import Job, JobKind, Lane, Origin
from pixelfleet.domain.records import Image, NoticeKind, Status
from pixelfleet.domain.sequencers import pad_sequencer
from pixelfleet.errors import Cause
from pixelfleet.operations import dead_letter_passes
from pixelfleet.operations.dead_letter_passes import drop_settled, give_up, unexplained
from pixelfleet.operations.failures import Selection
from tests.unit.operations.fakes import fake_deployment

JOB = Job(JobKind.PROCESS, "uploads", "uploads/me/b1/a.jpg", "v1", "e1", "05", 100)
REMOVAL = Job(JobKind.REMOVE, "uploads", "uploads/me/b1/a.jpg", sequencer="07")
EVERYTHING = Selection()


def message(job: Job | None = JOB, *, buried: bool = False) -> DeadLetter:
    return DeadLetter("m1", 0.0, "body", "receipt", {"cause": {}} if buried else {}, None, job)


def image(status: Status, **more: Any) -> Image:
    fields = {"bucket": "uploads", "key": JOB.key, "owner": "me", "batch": "b1", "image_id": JOB.image_id}
    known = {"sequencer": pad_sequencer("05"), "source_version": "v1", "version_id": "v1", "etag": "e1"}
    return Image(status=status, **(fields | known | more))


@pytest.mark.parametrize(
    ("job", "record"),
    [
        # A newer version of the object: its event was never claimed.
        (replace(JOB, version_id="v2", sequencer="09"), image(Status.READY)),
        (replace(JOB, version_id="v2", sequencer="09"), image(Status.FAILED, cause=Cause.CRASHED)),
        (replace(JOB, version_id="v2", sequencer=None), image(Status.READY)),
        # A removal that no record shows.
        (REMOVAL, image(Status.READY)),
        (replace(REMOVAL, sequencer=None), image(Status.READY)),
        # The record is written, and its notice is not published.
        (JOB, image(Status.READY, notice=NoticeKind.IMAGE_READY)),
        (JOB, image(Status.FAILED, cause=Cause.TRUNCATED, notice=NoticeKind.IMAGE_FAILED)),
        # Old results are still to be deleted, or to be invalidated at the CDN.
        (JOB, image(Status.READY, superseded=("old",))),
        (REMOVAL, image(Status.DELETED, sequencer=pad_sequencer("07"), superseded=("old",))),
        # SQS moved the message of an unfinished image to the DLQ.
        (JOB, image(Status.PROCESSING)),
        (JOB, image(Status.QUEUED)),
        # The message holds no job of pixelfleet.
        (None, image(Status.READY)),
    ],
)
def test_a_message_that_is_the_only_trace_of_work_is_moved_and_not_deleted(job: Job | None, record: Image) -> None:
    assert unexplained(message(job), record)
    assert disposition_of(message(job), record, EVERYTHING) is Disposition.MOVE
    assert disposition_of(message(job), record, Selection(owner="me")) is Disposition.LEAVE


@pytest.mark.parametrize(
    ("job", "record", "disposition"),
    [
        (JOB, image(Status.READY), Disposition.DELETE),
        (JOB, image(Status.FAILED, cause=Cause.CRASHED), Disposition.LEAVE),
        (JOB, image(Status.DELETED, sequencer=pad_sequencer("07")), Disposition.DELETE),
        (REMOVAL, image(Status.DELETED, sequencer=pad_sequencer("07")), Disposition.DELETE),
        # The record is of a later version: an older job would be refused.
        (JOB, image(Status.READY, sequencer=pad_sequencer("09"), notice=NoticeKind.IMAGE_READY), Disposition.DELETE),
        (REMOVAL, image(Status.PROCESSING, sequencer=pad_sequencer("09")), Disposition.DELETE),
        (replace(JOB, sequencer=None), image(Status.READY), Disposition.DELETE),
    ],
)
def test_a_message_whose_work_is_in_the_catalog_is_not_moved(job: Job, record: Image, disposition: Disposition) -> None:
    assert not unexplained(message(job), record)
    assert disposition_of(message(job), record, EVERYTHING) is disposition


def test_a_buried_message_is_explained_unless_its_version_is_newer_than_the_record() -> None:
    redriven = JOB.asked_by(Origin.REDRIVE)
    assert not unexplained(message(redriven, buried=True), image(Status.QUEUED))
    assert not unexplained(message(redriven, buried=True), image(Status.FAILED, notice=NoticeKind.IMAGE_FAILED))
    assert unexplained(message(replace(redriven, sequencer="09"), buried=True), image(Status.READY))
    # The image was redriven and processed since, but its notice is pending: this message may be the last trace.
    assert unexplained(message(redriven, buried=True), image(Status.READY, notice=NoticeKind.IMAGE_READY))
    assert unexplained(message(redriven, buried=True), image(Status.READY, superseded=("old",)))


def test_a_purge_deletes_messages_of_failed_images_and_leaves_messages_of_pending_work() -> None:
    crashed = image(Status.FAILED, cause=Cause.CRASHED)
    assert purged(message(), crashed, EVERYTHING) is Disposition.DELETE
    assert purged(message(), crashed, Selection(owner="somebody")) is Disposition.LEAVE
    assert purged(message(REMOVAL), image(Status.READY), EVERYTHING) is Disposition.LEAVE
    assert purged(message(), None, EVERYTHING) is Disposition.DELETE
    assert purged(message(), None, Selection(owner="me")) is Disposition.LEAVE


def disposition_of(one: DeadLetter, record: Image | None, selection: Selection) -> Disposition:
    return _with_record(one, record, lambda deployment: drop_settled(deployment, Lane.BULK, selection, lambda _: None))


def purged(one: DeadLetter, record: Image | None, selection: Selection) -> Disposition:
    return _with_record(
        one, record, lambda deployment: give_up(deployment, replace(selection, lane=Lane.BULK), "anna", lambda *_: None)
    )


def _with_record(one: DeadLetter, record: Image | None, work: Any) -> Disposition:
    """The disposition that a pass gives one message, with the record of its image in the catalog."""
    decided: list[Disposition] = []

    class OneLetter:
        def __init__(self, *_: object, **__: object) -> None:
            """There is no queue."""

        def go_through(self, dispositions: Any, progress: Any) -> Pass:
            actual: Sequence[DeadLetter] = [one]
            decided.extend(dispositions(actual))
            return Pass()

    class Catalog:
        sqs = settings = None
        activity = fake_deployment().activity

        @property
        def images(self) -> Any:
            return self

        def get_many(self, ids: Any) -> dict[str, Image]:
            return {record.image_id: record} if list(ids) and record is not None else {}

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dead_letter_passes, "_lane_dead_letters", lambda *_, **__: OneLetter())
        work(Catalog())
    return decided[0]
