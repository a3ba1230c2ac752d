"""The contract between producer and worker, tested with the Celery and kombu that read the messages."""

import base64
import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kombu.message import Message
from kombu.transport.SQS import Channel

from pixelfleet.domain.jobs import (
    MAX_JOB_BYTES,
    TASK_NAME,
    Job,
    JobKind,
    Lane,
    Origin,
    decode_message,
    encode_message,
    from_dict,
    lane_for,
    message_group,
    to_dict,
)
from pixelfleet.domain.keys import Place, image_id, place_of
from pixelfleet.errors import JobError

JOB = Job(JobKind.PROCESS, "bucket", "uploads/me/b1/cat.jpg", "v1", "e1", "0055", 12, Origin.EVENT)

# A lone surrogate is no Unicode text, and no key in S3 contains a lone surrogate.
text = st.text(alphabet=st.characters(exclude_categories=["Cs"]), min_size=1, max_size=200)
jobs = st.builds(
    Job,
    kind=st.sampled_from(JobKind),
    bucket=text,
    key=text,
    version_id=st.none() | text,
    etag=st.none() | text,
    sequencer=st.none() | text,
    bytes=st.none() | st.integers(0, 1 << 50),
    origin=st.sampled_from(Origin),
    # A job for a lazy variant has both.
    variant=text,
    revision=text,
)


@given(jobs, st.sampled_from(Lane))
def test_a_decoded_message_gives_the_same_job(job: Job, lane: Lane) -> None:
    assert decode_message(encode_message(job, lane)) == job


def test_the_longest_job_stays_below_its_limit() -> None:
    longest = Job(JobKind.VARIANT, "b" * 63, "\x01" * 1024, "v" * 1024, "e" * 1024, "s" * 1024, 1 << 60)
    longest = replace(longest, variant="v" * 64, revision="r" * 64)
    assert len(encode_message(longest, Lane.HEAVY).encode()) < MAX_JOB_BYTES


def test_kombu_reads_the_message_as_a_task_message() -> None:
    envelope = json.loads(encode_message(JOB, Lane.BULK))
    message = Message(channel=Channel.__new__(Channel), **_as_kombu_reads(envelope))
    args, kwargs, embed = message.decode()
    assert (args, kwargs, embed) == ([to_dict(JOB)], {}, {})
    assert message.headers["task"] == TASK_NAME
    assert message.headers["id"]
    assert message.delivery_info["routing_key"] == "bulk"


def _as_kombu_reads(envelope: dict[str, Any]) -> dict[str, Any]:
    """The fields of a payload as kombu.transport.virtual.base.Message reads the payload."""
    properties = envelope["properties"]
    return {
        "body": envelope["body"],
        "content_type": envelope["content-type"],
        "content_encoding": envelope["content-encoding"],
        "headers": envelope["headers"],
        "properties": properties,
        "delivery_info": properties["delivery_info"],
        "accept": ["application/json"],
    }


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda children: st.lists(children) | st.dictionaries(st.text(), children),
    max_leaves=10,
)


@given(json_values)
def test_any_json_is_a_job_or_refused(value: object) -> None:
    _job_or_refused(value)


@given(st.dictionaries(st.sampled_from([*to_dict(JOB)]), json_values))
def test_any_fields_are_a_job_or_refused(changes: dict[str, object]) -> None:
    _job_or_refused(to_dict(JOB) | changes)


def _job_or_refused(value: object) -> None:
    """The only error is JobError, and every job is complete."""
    try:
        job = from_dict(value)
    except JobError:
        return
    assert job.key


@given(st.text())
def test_any_text_is_a_message_or_refused(body: str) -> None:
    with pytest.raises(JobError):
        decode_message(body)


@pytest.mark.parametrize("version", [0, 2, None, "1"])
def test_another_version_of_the_contract_is_refused(version: object) -> None:
    with pytest.raises(JobError, match="version"):
        from_dict(to_dict(JOB) | {"version": version})


def test_a_field_that_a_newer_producer_added_is_ignored() -> None:
    assert from_dict(to_dict(JOB) | {"priority": 3}) == JOB


@pytest.mark.parametrize(
    ("key", "place"),
    [
        ("uploads/me/b1/cat.jpg", Place("me", "b1", "cat.jpg")),
        ("uploads/me/b1/sub/dir/cat.jpg", Place("me", "b1", "sub/dir/cat.jpg")),
        ("uploads/me@example.com/2026-11/a\nb.jpg", Place("me@example.com", "2026-11", "a\nb.jpg")),
        ("cat.jpg", Place("default", None, "cat.jpg")),
        ("uploads/me/cat.jpg", Place("default", None, "uploads/me/cat.jpg")),
        ("uploads/../b1/cat.jpg", Place("default", None, "uploads/../b1/cat.jpg")),
        ("uploads//b1/cat.jpg", Place("default", None, "uploads//b1/cat.jpg")),
        ("other/me/b1/cat.jpg", Place("default", None, "other/me/b1/cat.jpg")),
    ],
)
def test_owner_and_batch_are_read_from_the_key(key: str, place: Place) -> None:
    assert place_of(key) == place


def test_an_image_id_is_short_and_fit_for_a_path_and_differs_between_buckets() -> None:
    one, other = image_id("a", "bc"), image_id("ab", "c")
    assert one != other
    assert one.isalnum()
    assert len(one) == len(base64.b32encode(b"x" * 20))


@pytest.mark.parametrize(("size", "lane"), [(None, Lane.BULK), (64, Lane.BULK), (65, Lane.HEAVY)])
def test_the_size_in_the_event_decides_the_lane(size: int | None, lane: Lane) -> None:
    job = Job(JobKind.PROCESS, "bucket", "key", bytes=size)
    assert lane_for(job, bulk_max_bytes=64) is lane


@pytest.mark.parametrize("missing", ["variant", "revision"])
def test_a_job_for_a_lazy_variant_names_variant_and_revision(missing: str) -> None:
    raw = to_dict(Job(JobKind.VARIANT, "bucket", "key", variant="card", revision="ab"))
    with pytest.raises(JobError, match=missing):
        from_dict({name: value for name, value in raw.items() if name != missing})


def test_a_removal_is_never_heavy() -> None:
    assert lane_for(Job(JobKind.REMOVE, "bucket", "key", bytes=1 << 40), bulk_max_bytes=64) is Lane.BULK


def test_each_owner_has_its_own_message_group() -> None:
    assert message_group("me") != message_group("you")
    assert message_group("me").isalnum()
