"""The parts of an SQS message that reach Celery."""

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pixelfleet.domain.jobs import TASK_NAME, Job, JobKind, Lane, encode_message, from_dict
from worker.sqs.envelope import EnvelopeError, read_envelope, to_payload

JOB = Job(JobKind.PROCESS, "uploads", "uploads/ann/b1/ä 1.jpg", version_id="v1", sequencer="0A")

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def received(body: str) -> dict[str, Any]:
    return {"Body": body, "MessageId": "m", "ReceiptHandle": "handle", "Attributes": {"ApproximateReceiveCount": "3"}}


def test_a_job_is_read_from_the_message_that_the_producer_made() -> None:
    task, task_id, arguments = read_envelope(encode_message(JOB, Lane.BULK))

    assert task == TASK_NAME
    assert task_id
    [[raw], kwargs, embed] = json.loads(arguments)
    assert from_dict(raw) == JOB
    assert (kwargs, embed) == ({}, {})


def test_the_payload_names_the_queue_of_the_receive_and_not_the_queue_in_the_message() -> None:
    payload = to_payload(received(encode_message(JOB, Lane.HEAVY)), "bulk", {"sqs_queue": "url"})

    info = payload["properties"]["delivery_info"]
    assert info["routing_key"] == "bulk"
    assert info["sqs_queue"] == "url"
    assert info["sqs_message"] == {
        "MessageId": "m",
        "ReceiptHandle": "handle",
        "Attributes": {"ApproximateReceiveCount": "3"},
    }


def test_no_header_but_task_and_id_is_passed_on() -> None:
    message = json.loads(encode_message(JOB, Lane.BULK))
    message["headers"] |= {"eta": "2099-01-01T00:00:00", "expires": "2001-01-01T00:00:00", "compression": "zlib"}

    payload = to_payload(received(json.dumps(message)), "bulk", {})

    assert payload["headers"].keys() == {"task", "id", "root_id", "lang"}


@pytest.mark.parametrize("embed", [{"callbacks": [{"task": "x"}]}, {"chain": [{}]}, {"chord": {"task": "x"}}])
def test_a_message_that_would_call_other_tasks_is_refused(embed: dict[str, Any]) -> None:
    message = json.loads(encode_message(JOB, Lane.BULK))
    message["body"] = json.dumps([[], {}, embed])

    with pytest.raises(EnvelopeError, match="callbacks or chains"):
        read_envelope(json.dumps(message))


@given(JSON)
def test_any_json_is_read_or_refused_with_an_envelope_error(raw: object) -> None:
    with_refusal(json.dumps(raw))


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "headers": JSON | st.just({"task": "t", "id": "i"}),
            "properties": JSON | st.fixed_dictionaries({"body_encoding": JSON | st.just("base64")}),
            "body": JSON | JSON.map(json.dumps),
        },
    )
)
def test_anything_like_an_envelope_is_read_or_refused_with_an_envelope_error(raw: dict[str, Any]) -> None:
    with_refusal(json.dumps(raw))


@given(st.text())
def test_any_text_is_read_or_refused_with_an_envelope_error(body: str) -> None:
    with_refusal(body)


def with_refusal(body: str) -> None:
    with contextlib.suppress(EnvelopeError):
        task, task_id, arguments = read_envelope(body)
        assert task
        assert task_id
        assert len(json.loads(arguments)) == 3
