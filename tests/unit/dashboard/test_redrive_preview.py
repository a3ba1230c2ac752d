"""A preview shows the images of a redrive before anything is sent; the page of a batch acts on the whole batch."""

import re
import threading

import pytest

from dashboard.background import MOST_RUNNING, Runner
from dashboard.problem import Problem
from pixelfleet.catalog.background import BackgroundTaskState
from pixelfleet.domain.records import Image, Status
from pixelfleet.domain.scores import Score
from pixelfleet.domain.users import Scope
from pixelfleet.errors import Cause
from pixelfleet.operations.bulk import BulkResult
from pixelfleet.operations.task_progress import TaskProgress
from pixelfleet.recipes import Metric
from tests.fakes.records import record
from tests.unit.dashboard.conftest import Dashboard
from tests.unit.dashboard.test_bulk import ended, status_of
from tests.waiting import eventually


def failed_two(dashboard: Dashboard, batch: str) -> list[Image]:
    return [record(dashboard.deployment, "dora", batch, f"{n}.jpg", cause=Cause.CRASHED) for n in range(2)]


def test_the_preview_on_the_page_counts_the_images_and_sends_nothing(dashboard: Dashboard) -> None:
    failed = failed_two(dashboard, "preview")
    form = {"owner": "dora", "batch": "preview", "canary": "5", "preview": "true"}
    olga = dashboard.browser("olga")
    sent = olga.post("/failures/redrive", data=form)
    assert sent.status_code == 303
    # The preview has an address: a reload sends no form again.
    answer = olga.get(sent.headers["location"])
    assert answer.status_code == 200
    assert "2 images would be sent again" in answer.text
    assert 'name="batch" type="text" value="preview"' in answer.text
    assert {status_of(dashboard, image) for image in failed} == {Status.FAILED}
    nothing = olga.get(olga.post("/failures/redrive", data=form | {"batch": "none"}).headers["location"]).text
    assert "Nothing would be sent." in nothing
    wrong = olga.get("/failures?preview=true&limit=many")
    assert wrong.status_code == 422
    assert "A whole number from 1 to 10,000,000" in wrong.text


def test_a_program_gets_the_preview_of_a_redrive(dashboard: Dashboard) -> None:
    failed = failed_two(dashboard, "preview-api")
    program = dashboard.program("olga", *Scope)
    body = {"owner": "dora", "batch": "preview-api", "limit": 1}
    actual = program.post("/api/v1/redrive/preview", json=body).json()
    assert actual == {
        "count": 1,
        "complete": True,
        "by_cause": {"crashed": 1},
        "by_owner": {"dora": 1},
        "examples": [failed[0].image_id],
    }


def test_background_tasks_are_listed_to_their_owner_and_to_operators(dashboard: Dashboard) -> None:
    task = dashboard.program("dora").post("/api/v1/bulk", json={"action": "delete", "image_ids": ["a" * 32]}).json()
    eventually(ended(dashboard, task["id"]))

    def listed(*scopes: Scope, who: str) -> set[str]:
        tasks = dashboard.program(who, *scopes).get("/api/v1/background-tasks").json()["tasks"]
        return {one["id"] for one in tasks}

    assert task["id"] in listed(who="dora")
    assert task["id"] in listed(*Scope, who="olga")
    assert task["id"] not in listed(who="ben")
    assert dashboard.program("dora").post(f"/api/v1/background-tasks/{task['id']}/stop").status_code == 409
    # The page "Tasks" lists the same tasks, and leads to each.
    link = f'href="/background-tasks/{task["id"]}"'
    assert [link in dashboard.browser(who).get("/background-tasks").text for who in ("dora", "olga", "ben")] == [
        True, True, False,
    ]  # fmt: skip


def test_the_page_of_a_batch_sends_its_failures_again_and_leaves_other_images(dashboard: Dashboard) -> None:
    failed = failed_two(dashboard, "again-whole")
    ready = record(dashboard.deployment, "dora", "again-whole", "ready.jpg")
    dora = dashboard.browser("dora")
    page = dora.get("/batches/dora/again-whole").text
    for action in ("/bulk/download", "/bulk/reprocess", "/bulk/delete"):
        assert f'action="{action}"' in page
    whole = re.search(r'name="all" value="([^"]*status=failed)"', page)
    assert whole is not None
    assert "Send 2 images again" in page
    answer = dora.post("/bulk/reprocess", data={"all": whole[1].replace("&amp;", "&")})
    eventually(ended(dashboard, answer.headers["location"]))
    assert {status_of(dashboard, image) for image in failed} == {Status.QUEUED}
    assert status_of(dashboard, ready) is Status.READY


def test_a_batch_without_failures_offers_no_redrive_and_shows_its_gate(dashboard: Dashboard) -> None:
    record(dashboard.deployment, "dora", "all-well", "a.jpg")
    dora = dashboard.browser("dora")
    page = dora.get("/batches/dora/all-well").text
    assert ("status=failed" in page, "SSIM" in page) == (False, False)
    dashboard.deployment.batches.set_min_score("dora", "all-well", Score(Metric.SSIM, 0.93))
    for address in ("/batches/dora/all-well", "/batches/dora/all-well/live"):
        assert "an image with a variant below SSIM 0.9300 fails" in " ".join(dora.get(address).text.split())


def test_a_task_that_finds_no_place_is_refused_with_the_way_to_the_present_tasks(dashboard: Dashboard) -> None:
    browser = dashboard.browser("dora")
    places = browser.app.state.site.background_tasks._places  # type: ignore[attr-defined]
    taken = [places.acquire(blocking=False) for _ in range(MOST_RUNNING)]
    assert all(taken)
    answer = browser.post("/bulk/delete", data={"ids": "a" * 32})
    for _ in taken:
        places.release()
    assert answer.status_code == 429
    assert "4 background tasks are at work" in answer.text


def test_a_task_whose_thread_cannot_start_has_failed_and_takes_no_place(
    dashboard: Dashboard, monkeypatch: pytest.MonkeyPatch
) -> None:
    runner = Runner(dashboard.deployment)

    class FullThread:
        def __init__(self, **_: object) -> None: ...

        def start(self) -> None:
            raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch:
        patch.setattr("dashboard.background.threading.Thread", FullThread)
        with pytest.raises(Problem) as refusal:
            runner.bulk("delete", "dora", "an image without a thread", lambda _: BulkResult())
    assert refusal.value.status == 503
    tasks = dashboard.program("dora").get("/api/v1/background-tasks").json()["tasks"]
    (task,) = [one for one in tasks if one["on"] == "an image without a thread"]
    assert task["state"] == "failed"
    assert "nothing was done" in task["message"]
    assert not runner.stop(task["id"])
    taken = [runner._places.acquire(blocking=False) for _ in range(MOST_RUNNING)]
    for _ in taken:
        runner._places.release()
    assert all(taken)


def test_a_purge_that_is_stopped_ends_after_the_messages_under_way_and_says_what_stays(
    dashboard: Dashboard, monkeypatch: pytest.MonkeyPatch
) -> None:
    deployment = dashboard.deployment
    queue = deployment.settings.bulk_dlq_url
    others = deployment.queues.depth(queue).waiting
    for number in range(25):
        deployment.sqs.send_message(QueueUrl=queue, MessageBody=f"no job {number}")
    reached, asked = threading.Event(), threading.Event()
    report = TaskProgress.report

    def waiting_report(self: TaskProgress, message: str, counts: dict[str, int]) -> None:
        report(self, message, counts)
        reached.set()
        assert asked.wait(10)

    monkeypatch.setattr(TaskProgress, "report", waiting_report)
    olga = dashboard.browser("olga")
    address = olga.post("/failures/purge", data={"confirmation": "purge"}).headers["location"]
    assert reached.wait(10)
    assert f'action="{address}/stop"' in olga.get(address).text
    assert olga.post(f"{address}/stop").status_code == 303
    asked.set()
    eventually(ended(dashboard, address))
    assert f"10 dead letters deleted; about {others + 15} dead letters left in the queues" in olga.get(address).text
    task = deployment.background_tasks.get(address.rpartition("/")[2])
    assert task is not None
    assert task.state is BackgroundTaskState.STOPPED
    depth = deployment.queues.depth(queue)
    assert (depth.waiting, depth.in_flight) == (others + 15, 0)
    note = next(one for one in deployment.activity.actions() if one.what == "purge")
    assert note.details == {"bulk": 10, "outcome": "stopped"}
    # PurgeQueue is allowed once a minute, and other tests of this process use it.
    while messages := deployment.sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", []):
        for message in messages:
            deployment.sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])


def test_an_id_that_is_too_long_for_a_key_is_not_found(dashboard: Dashboard) -> None:
    olga = dashboard.browser("olga")
    for address in ("/background-tasks/", "/images/"):
        assert olga.get(address + "a" * 3_000).status_code == 404


def test_a_redrive_that_waits_for_its_canary_is_stopped_on_its_page(dashboard: Dashboard) -> None:
    failed = failed_two(dashboard, "stopped")
    olga = dashboard.browser("olga")
    form = {"owner": "dora", "batch": "stopped", "canary": "1"}
    # No worker takes the canary.
    address = olga.post("/failures/redrive", data=form).headers["location"]
    eventually(lambda: sorted(status_of(dashboard, image) for image in failed) == [Status.FAILED, Status.QUEUED])
    assert f'action="{address}/stop"' in olga.get(address).text
    assert olga.post(f"{address}/stop").status_code == 303
    eventually(ended(dashboard, address))
    assert "stopped as asked: 1 job sent again" in olga.get(address).text
    assert sorted(status_of(dashboard, image) for image in failed) == [Status.FAILED, Status.QUEUED]
