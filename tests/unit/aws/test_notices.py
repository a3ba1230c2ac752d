"""Notices about an image or a batch, for machines and for people."""

import json

import pytest

from pixelfleet.aws.notices import batch_notice, image_notice
from pixelfleet.domain.outcomes import REPROCESSING_FAILED
from pixelfleet.domain.records import (
    AttemptLine,
    Batch,
    Counts,
    Image,
    NoticeKind,
    RecipeRef,
    Status,
    StoredVariant,
    as_member,
)
from pixelfleet.errors import Cause

THUMB = StoredVariant(
    name="thumb", key="me/x/r/thumb.webp", format="webp", width=320, height=240, bytes=9, content_type="image/webp"
)


def image(status: Status = Status.READY, key: str = "uploads/me/b1/cat.jpg") -> Image:
    failed = status is Status.FAILED
    return Image(
        image_id="abc",
        bucket="uploads",
        key=key,
        owner="me",
        batch="b1",
        status=status,
        target="r1",
        recipe=RecipeRef(name="web", digest="d1"),
        cause=Cause.TRUNCATED if failed else None,
        message="the file ends too early; upload it again" if failed else None,
        variants=(THUMB,),
        notice=NoticeKind.IMAGE_FAILED if failed else NoticeKind.IMAGE_READY,
    )


def test_a_ready_notice_names_the_location_of_every_variant() -> None:
    notice = image_notice(image(), "https://fleet.example", "results")
    assert notice.document["variants"][0]["s3"] == "s3://results/me/x/r/thumb.webp"
    assert notice.document["dashboard"] == "https://fleet.example/images/abc"
    assert "s3://results/me/x/r/thumb.webp" in notice.text
    assert notice.attributes == {"kind": "image.ready", "owner": "me", "batch": "b1", "recipe": "web"}


def test_a_failed_notice_has_a_cause_and_a_message_and_no_variants() -> None:
    notice = image_notice(image(Status.FAILED), "https://fleet.example", "results")
    assert notice.document["cause"] == "truncated"
    assert notice.document["variants"] == []
    assert "the file ends too early; upload it again" in notice.text


def test_one_outcome_has_one_notice_id() -> None:
    first, again = (image_notice(image(), "https://fleet.example", "results") for _ in range(2))
    assert first.document["notice_id"] == again.document["notice_id"]
    queued = image().model_copy(update={"status": Status.QUEUED})
    assert image_notice(queued, "https://fleet.example", "results").document["notice_id"] == again.document["notice_id"]


def test_a_notice_keeps_its_outcome_after_the_image_is_queued_again() -> None:
    queued = image(Status.FAILED).model_copy(update={"status": Status.QUEUED})
    assert image_notice(queued, "https://fleet.example", "results").document["status"] == "failed"


def test_a_notice_of_a_kind_that_only_a_newer_release_has_does_not_speak_of_a_failure() -> None:
    resting = image().model_copy(update={"notice": as_member(NoticeKind, "image.resting")})
    notice = image_notice(resting, "https://fleet.example", "results")
    assert (notice.document["kind"], notice.document["status"]) == ("image.resting", "ready")
    assert notice.subject == "pixelfleet: cat.jpg: image.resting"
    assert "failed" not in notice.text


def test_a_reprocessing_notice_has_the_failure_and_says_that_the_results_are_unchanged() -> None:
    line = AttemptLine(at="t", what=REPROCESSING_FAILED, cause=Cause.TOO_MANY_PIXELS, message="it is too large")
    ready = image().model_copy(update={"notice": NoticeKind.REPROCESSING_FAILED, "attempt_log": (line,)})
    notice = image_notice(ready, "https://fleet.example", "results")
    document = notice.document
    assert (document["kind"], document["status"]) == ("image.reprocessing_failed", "ready")
    assert (document["cause"], document["message"]) == ("too_many_pixels", "it is too large")
    assert "its earlier results are unchanged" in notice.text


@pytest.mark.parametrize("name", ["a\r\nBcc: all@example.com.jpg", "naïve.jpg", "x" * 500])
def test_a_file_name_cannot_break_out_of_the_subject(name: str) -> None:
    subject = image_notice(image(key=f"uploads/me/b1/{name}"), "https://fleet.example", "results").subject
    assert subject.isprintable()
    assert subject.isascii()
    assert len(subject) <= 100


def test_a_batch_notice_has_totals_and_failures_by_cause() -> None:
    batch = Batch(batch_id="me/b1", owner="me", name="b1", created_at="t0", completed_at="t1", expected=3)
    notice = batch_notice(batch, Counts(ready=2, failed_by_cause={"truncated": 1}), "https://fleet.example")
    assert (notice.document["images"], notice.document["ready"], notice.document["failed"]) == (3, 2, 1)
    assert notice.document["failed_by_cause"] == {"truncated": 1}
    assert notice.attributes["kind"] == "batch.completed"
    assert "truncated: 1" in notice.text
    assert json.dumps(notice.document)
