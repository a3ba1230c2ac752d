"""The commands failures, redrive and purge, as a person runs them, against a running deployment."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pixelfleet.domain.jobs import Job, JobKind, Lane, Origin, encode_message
from pixelfleet.domain.records import Counts, Image, RecipeRef, Status, timestamp
from pixelfleet.domain.transitions import Aim, Failure
from pixelfleet.errors import Cause
from tests.e2e.conftest import LiveFleet
from tests.waiting import PATIENCE, eventually

pytestmark = pytest.mark.slow

PHOTO = "photos/progressive.jpg"


def pixelfleet(*arguments: str, code: int = 0) -> Any:
    """Run a command with --json in this test's environment. Returns the command's JSON."""
    done = subprocess.run(
        [sys.executable, "-m", "pixelfleet.cli.main", *arguments, "--json"],
        capture_output=True,
        text=True,
        env=os.environ,
        check=False,
        timeout=PATIENCE,
    )
    assert done.returncode == code, done.stderr
    return json.loads(done.stdout) if done.stdout else done.stderr


def crashed(live: LiveFleet, image: Image, cause: Cause = Cause.CRASHED) -> Image:
    """Leave a record and a dead letter, like a worker that gave up on an image."""
    # The worker that made the image ready writes to the record until the notice is cleared.
    eventually(lambda: live.image(image.image_id).notice is None)
    image = live.image(image.image_id)
    job = image.job(Origin.EVENT)
    # The present version of this image was never ready. An image that was ready would stay ready.
    unmade = image.model_copy(update={"revision_source": None, "version": image.version + 1})
    assert live.deployment.images._write(image, unmade)
    aim = Aim(job, image.recipe or RecipeRef(name="web", digest="d"), "another-engine", "w1", timestamp())
    claimed = live.deployment.images.claim(aim, 5, unmade)
    assert isinstance(claimed, Image)
    failed = live.deployment.images.record_failed(aim.claimed(claimed), Failure(cause, "the worker died"))
    assert isinstance(failed, Image)
    announced = live.deployment.images.announced(failed)
    assert isinstance(announced, Image)
    live.deployment.queues.bury(Lane.BULK, job, cause)
    return announced


@pytest.fixture
def failed(live: LiveFleet, samples: Path) -> Image:
    """An image that the system failed, with its dead letter."""
    live.deployment.sqs.purge_queue(QueueUrl=live.settings.bulk_dlq_url)
    image_id = live.upload(samples / PHOTO, "photo.jpg")
    return crashed(live, live.settled([image_id])[image_id])


def dead(live: LiveFleet) -> int:
    depth = live.deployment.queues.depth(live.settings.bulk_dlq_url)
    return depth.waiting + depth.in_flight


def test_failures_are_grouped_with_message_and_example(live: LiveFleet, failed: Image) -> None:
    reported = pixelfleet("failures", "--by", "owner")
    [group] = [group for group in reported["groups"] if group["owner"] == live.owner]
    assert (group["count"], group["message"], group["examples"]) == (1, "the worker died", [failed.key])
    assert reported["dead_letters"]["bulk"] == 1
    assert live.image(failed.image_id) == failed


def test_a_redrive_makes_it_ready_and_drops_the_dead_letter(live: LiveFleet, failed: Image) -> None:
    reported = pixelfleet("redrive", "--owner", live.owner, "--yes")
    assert reported["sent"] == 1
    eventually(lambda: live.image(failed.image_id).status is Status.READY)
    assert live.counts() == Counts(ready=1)
    # The pass leaves the message of an image that is just being announced: the next redrive drops the message.
    eventually(lambda: live.image(failed.image_id).notice is None and not live.image(failed.image_id).superseded)
    if dead(live):
        assert pixelfleet("redrive", "--owner", live.owner, "--yes")["sent"] == 0
    assert dead(live) == 0
    origins = [line.origin for line in live.image(failed.image_id).attempt_log]
    assert "redrive" in origins


def test_a_dry_run_changes_nothing(live: LiveFleet, failed: Image) -> None:
    reported = pixelfleet("redrive", "--owner", live.owner, "--dry-run")
    assert (reported["images"], reported["by_cause"]) == (1, {"crashed": 1})
    assert live.image(failed.image_id) == failed
    assert dead(live) == 1


def test_what_the_image_was_at_fault_for_is_redriven_only_when_its_cause_is_named(
    live: LiveFleet, samples: Path
) -> None:
    image_id = live.upload(samples / "broken/text.jpg", "text.jpg")
    live.settled([image_id])
    assert pixelfleet("redrive", "--owner", live.owner, "--yes")["sent"] == 0
    assert pixelfleet("redrive", "--owner", live.owner, "--cause", "not_an_image", "--yes")["sent"] == 1
    eventually(lambda: live.image(image_id).status is Status.FAILED)


@pytest.mark.parametrize("filters", [("--lane", "heavy"), ("--cause", "throttled"), ("--batch", "other")])
def test_filters_leave_what_they_do_not_name(live: LiveFleet, failed: Image, filters: tuple[str, str]) -> None:
    live.deployment.batches.create(live.owner, "other")
    assert pixelfleet("redrive", "--owner", live.owner, *filters, "--yes")["sent"] == 0
    assert live.image(failed.image_id) == failed


def test_a_canary_that_fails_again_stops_the_rest(live: LiveFleet, samples: Path) -> None:
    images = live.settled([live.upload(samples / "broken/text.jpg", f"{n}.jpg") for n in range(3)])
    reported = pixelfleet("redrive", "--owner", live.owner, "--cause", "not_an_image", "--canary", "1", "--yes", code=1)
    assert (reported["sent"], reported["canary"]["failed"]) == (1, 1)
    attempted = [live.image(image_id) for image_id in images]
    assert sum("redrive" in {line.origin for line in image.attempt_log} for image in attempted) == 1


def test_a_canary_that_lives_lets_the_rest_follow(live: LiveFleet, failed: Image, samples: Path) -> None:
    other = live.upload(samples / PHOTO, "other.jpg")
    crashed(live, live.settled([other])[other])
    reported = pixelfleet("redrive", "--owner", live.owner, "--canary", "1", "--yes")
    assert (reported["sent"], reported["canary"]["ready"], reported["canary"]["failed"]) == (2, 1, 0)
    live.idle()
    assert live.counts() == Counts(ready=2)


def test_two_redrives_at_once_double_nothing(live: LiveFleet, failed: Image) -> None:
    command = [sys.executable, "-m", "pixelfleet.cli.main", "redrive", "--owner", live.owner, "--yes", "--json"]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, env=os.environ) for _ in range(2)]
    for one in running:
        one.communicate(timeout=PATIENCE)
        assert one.returncode == 0
    live.idle()
    assert live.image(failed.image_id).status is Status.READY
    assert live.counts() == Counts(ready=1)


def test_a_purge_drops_the_dead_letter_and_leaves_the_record(live: LiveFleet, failed: Image) -> None:
    reported = pixelfleet("purge", "--owner", live.owner, "--yes")
    assert reported["bulk"] == {"deleted": 1, "left": 0}
    assert dead(live) == 0
    assert live.image(failed.image_id) == failed


def test_a_purge_leaves_what_its_filters_do_not_name(live: LiveFleet, failed: Image) -> None:
    assert pixelfleet("purge", "--owner", "somebody-else", "--yes")["bulk"] == {"deleted": 0, "left": 1}
    assert dead(live) == 1


def test_without_anybody_to_ask_nothing_is_sent(live: LiveFleet, failed: Image) -> None:
    assert "--yes" in pixelfleet("redrive", "--owner", live.owner, code=2)
    assert live.image(failed.image_id) == failed


def test_a_letter_that_no_record_explains_is_moved_back_and_processed(live: LiveFleet) -> None:
    live.deployment.sqs.purge_queue(QueueUrl=live.settings.bulk_dlq_url)
    settings = live.settings
    job = Job(JobKind.PROCESS, settings.uploads_bucket, live.key("never-seen.jpg"), etag="e")
    live.deployment.sqs.send_message(QueueUrl=settings.bulk_dlq_url, MessageBody=encode_message(job, Lane.BULK))
    reported = pixelfleet("redrive", "--yes")
    assert reported["dead_letters"]["bulk"]["moved"] == 1
    assert dead(live) == 0
    # The object never existed, and the record of the job says so.
    eventually(lambda: live.deployment.images.get(job.image_id))
    assert live.settled([job.image_id])[job.image_id].status is Status.DELETED


def test_a_letter_that_sqs_gave_up_on_is_moved_back_though_its_record_says_processing(
    live: LiveFleet, samples: Path
) -> None:
    live.deployment.sqs.purge_queue(QueueUrl=live.settings.bulk_dlq_url)
    image_id = live.upload(samples / PHOTO, "photo.jpg")
    ready = live.settled([image_id])[image_id]
    job = ready.job(Origin.EVENT)
    aim = Aim(job, ready.recipe or RecipeRef(name="web", digest="d"), "another-engine", "w1", timestamp())
    live.deployment.images.claim(aim, 5, None)
    body = encode_message(job, Lane.BULK)
    live.deployment.sqs.send_message(QueueUrl=live.settings.bulk_dlq_url, MessageBody=body)
    assert pixelfleet("purge", "--yes")["bulk"] == {"deleted": 0, "left": 1}
    assert pixelfleet("redrive", "--yes")["dead_letters"]["bulk"]["moved"] == 1
    eventually(lambda: live.image(image_id).status is Status.READY)


def test_events_that_the_producer_could_not_handle_are_moved_back(live: LiveFleet) -> None:
    settings = live.settings
    live.deployment.sqs.send_message(QueueUrl=settings.uploads_dlq_url, MessageBody='{"Event": "s3:TestEvent"}')
    assert pixelfleet("redrive", "--yes")["dead_letters"]["uploads"]["moved"] == 1
    live.idle()
