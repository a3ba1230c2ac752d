"""The golden files in tests/events/ are parsed; any other message is refused or reported."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pixelfleet.domain.jobs import Job, JobKind, Origin
from pixelfleet.domain.s3_events import Parsed, parse_message
from pixelfleet.errors import EventError

EVENTS = Path(__file__).parents[2] / "events"
BUCKET = "pixelfleet-uploads"
ETAG = "d41d8cd98f00b204e9800998ecf8427e"
SEQUENCER = "0055AED6DCD90281E5"


def parse(name: str) -> Parsed:
    return parse_message((EVENTS / f"{name}.json").read_text())


def only_job(name: str) -> Job:
    [job] = parse(name).jobs
    return job


def test_a_put_becomes_a_process_job_with_every_field_of_the_event() -> None:
    expected = Job(JobKind.PROCESS, BUCKET, "uploads/me/b1/cat.jpg", None, ETAG, SEQUENCER, 1024)
    assert parse("put") == Parsed(jobs=(expected,))


def test_every_record_of_a_message_becomes_its_own_job() -> None:
    jobs = parse("multi_record").jobs
    assert [(job.kind, job.key[-5:]) for job in jobs] == [
        (JobKind.PROCESS, "1.jpg"),
        (JobKind.PROCESS, "2.jpg"),
        (JobKind.REMOVE, "3.jpg"),
    ]


def test_a_form_encoded_key_is_decoded() -> None:
    assert only_job("url_encoded").key == "uploads/me/b1/naïve café + 50%.jpg"


def test_encoded_slashes_are_decoded() -> None:
    assert only_job("without_sequencer").key == "uploads/me/b1/cat.jpg"


def test_an_event_without_a_sequencer_makes_a_job_without_a_sequencer() -> None:
    assert only_job("without_sequencer").sequencer is None


def test_a_versioned_bucket_pins_the_version() -> None:
    job = only_job("versioned")
    assert job.source_version == job.version_id == "096fKKXTRTtl3on89fVO.nfljtsv6qko"


def test_the_null_version_is_not_pinned() -> None:
    event = json.loads((EVENTS / "versioned.json").read_text())
    event["Records"][0]["s3"]["object"]["versionId"] = "null"
    [job] = parse_message(json.dumps(event)).jobs
    assert (job.version_id, job.source_version) == (None, ETAG)


@pytest.mark.parametrize("name", ["delete", "delete_marker", "lifecycle", "eventbridge_deleted"])
def test_every_kind_of_removal_becomes_a_remove_job(name: str) -> None:
    assert only_job(name).kind is JobKind.REMOVE


@pytest.mark.parametrize("name", ["restored", "eventbridge_restored"])
def test_a_restored_object_becomes_a_job_that_names_its_origin_and_has_no_sequencer(name: str) -> None:
    job = only_job(name)
    assert (job.kind, job.origin, job.sequencer) == (JobKind.PROCESS, Origin.RESTORE, None)


def test_the_start_of_a_restore_is_ignored() -> None:
    assert parse("restore_begun") == Parsed(ignored=1)


def test_a_finished_multipart_upload_is_processed() -> None:
    job = only_job("multipart")
    assert (job.kind, job.etag) == (JobKind.PROCESS, "9b2cf535f27731c974343645a3985328-12")


def test_a_newer_minor_version_of_the_event_is_accepted() -> None:
    assert only_job("newer_minor_version").kind is JobKind.PROCESS


def test_a_newer_major_version_is_a_problem_of_its_record_alone() -> None:
    event = json.loads((EVENTS / "multi_record.json").read_text())
    event["Records"][0]["eventVersion"] = "3.0"
    parsed = parse_message(json.dumps(event))
    assert len(parsed.jobs) == 2
    assert parsed.problems == ("record 0: eventVersion '3.0' is not 2.x",)


@pytest.mark.parametrize("name", ["test_event", "tagging", "folder_marker"])
def test_an_event_that_is_no_upload_is_ignored_and_counted(name: str) -> None:
    assert parse(name) == Parsed(ignored=1)


def test_an_object_whose_key_ends_with_a_slash_but_has_bytes_is_an_upload() -> None:
    event = json.loads((EVENTS / "folder_marker.json").read_text())
    event["Records"][0]["s3"]["object"]["size"] = 7
    assert len(parse_message(json.dumps(event)).jobs) == 1


def test_an_sns_envelope_is_unwrapped() -> None:
    assert only_job("sns_wrapped") == only_job("put")


def test_an_eventbridge_key_is_not_decoded() -> None:
    job = only_job("eventbridge")
    assert (job.key, job.version_id) == ("uploads/me/b1/a+b c.jpg", "IYV3p45BT0ac8hjHg1houSdS1a.Mro8e")


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("", "not JSON"),
        ("[]", "JSON object"),
        ("{}", "no S3 event notification"),
        ('{"Records": {}}', "Records should be a list"),
        ('{"Type": "Notification", "Message": 7}', "JSON text"),
        ("[" * 100_000, "not JSON"),
    ],
)
def test_a_body_that_is_no_notification_is_refused_with_the_reason(body: str, reason: str) -> None:
    with pytest.raises(EventError, match=reason):
        parse_message(body)


@pytest.mark.parametrize(
    ("where", "value", "reason"),
    [
        ("key", "%FF", "UTF-8"),
        ("key", "", "key should be text"),
        ("key", "\ud800", "not Unicode"),
        ("key", "k" * 1025, "1025 bytes"),
        ("size", -1, "size should be"),
        ("size", "12", "size should be"),
        ("sequencer", 5, "sequencer should be text"),
    ],
)
def test_a_bad_field_is_named_in_the_problem(where: str, value: object, reason: str) -> None:
    event = json.loads((EVENTS / "put.json").read_text())
    event["Records"][0]["s3"]["object"][where] = value
    [problem] = parse_message(json.dumps(event)).problems
    assert reason in problem


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda children: st.lists(children) | st.dictionaries(st.text(), children),
    max_leaves=20,
)


@given(json_values)
def test_any_json_is_read_or_refused(value: object) -> None:
    _read_or_refused(value)


@given(st.lists(st.dictionaries(st.sampled_from(["eventName", "eventVersion", "s3", "eventSource"]), json_values)))
def test_any_records_are_read_or_reported(records: list[object]) -> None:
    _read_or_refused({"Records": records})


@given(st.dictionaries(st.sampled_from(["key", "size", "eTag", "versionId", "sequencer"]), json_values))
def test_any_object_is_read_or_reported(details: dict[str, object]) -> None:
    record = {"eventName": "ObjectCreated:Put", "s3": {"bucket": {"name": "b"}, "object": details}}
    _read_or_refused({"Records": [record]})


def _read_or_refused(value: object) -> None:
    """The only error is EventError, and every job is complete."""
    try:
        parsed = parse_message(json.dumps(value))
    except EventError:
        return
    assert all(job.key for job in parsed.jobs)


def test_a_removal_becomes_a_job_whatever_its_key_ends_with() -> None:
    stored = {"key": "scans/page/", "sequencer": "05"}
    record = {"eventName": "ObjectRemoved:Delete", "s3": {"bucket": {"name": "uploads"}, "object": stored}}
    [job] = parse_message(json.dumps({"Records": [record]})).jobs
    assert (job.kind, job.key) == (JobKind.REMOVE, "scans/page/")
