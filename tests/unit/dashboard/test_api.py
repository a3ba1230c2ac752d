"""The REST API as a program uses it: pages and cursors, ETags, problems, limits, actions on images."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from dashboard.site import API_PER_MINUTE
from pixelfleet.credentials.passwords import hash_password
from pixelfleet.deployment import Deployment
from pixelfleet.domain.jobs import Job, Lane, Origin, decode_message
from pixelfleet.domain.records import Image, Status
from pixelfleet.domain.users import Scope
from pixelfleet.errors import Cause
from tests.fakes.records import key_of, record
from tests.unit.dashboard.conftest import PASSWORD, Dashboard
from tests.waiting import await_background_tasks

OWNER = "api"
START = datetime(2026, 5, 1, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def stocked(package_deployment: Deployment) -> list[str]:
    """Twenty-five images of two batches, a day apart, every fifth failed; returns their names, newest first."""
    package_deployment.users.add(OWNER, hash_password(PASSWORD))
    names: list[str] = []
    for number in range(25):
        cause = (Cause.TRUNCATED if number % 10 else Cause.CRASHED) if number % 5 == 0 else None
        name, batch = f"{'ab'[number % 2]}/n{number:02}.jpg", f"b{number % 2}"
        record(package_deployment, OWNER, batch, name, cause=cause, at=START + timedelta(days=number))
        names.insert(0, name)
    return names


def _names(dashboard: Dashboard, **query: str) -> list[str]:
    """The names on all pages of seven images."""
    program = dashboard.program(OWNER)
    actual: list[str] = []
    cursor = ""
    while True:
        asked = {"limit": "7", **query, **({"cursor": cursor} if cursor else {})}
        page = program.get("/api/v1/images", params=asked).json()
        actual += [image["name"] for image in page["images"]]
        cursor = page["next"]
        if not cursor:
            return actual


def test_pages_by_cursor_hold_every_image_once_newest_first(dashboard: Dashboard, stocked: list[str]) -> None:
    assert _names(dashboard) == stocked


def test_a_batch_is_listed_by_name_over_all_statuses(dashboard: Dashboard, stocked: list[str]) -> None:
    assert _names(dashboard, batch="b1") == sorted(name for name in stocked if name.startswith("b/"))


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ({"status": "failed"}, [20, 15, 10, 5, 0]),
        ({"cause": "truncated"}, [15, 5]),
        ({"name": "N1"}, list(range(19, 9, -1))),
        ({"batch": "b0", "name": "a/n1"}, [10, 12, 14, 16, 18]),
        ({"batch": "b0", "status": "failed"}, [0, 10, 20]),
        ({"batch": "b1", "cause": "truncated"}, [5, 15]),
        ({"since": "2026-05-03", "until": "2026-05-05"}, [4, 3, 2]),
        ({"until": "2026-05-01"}, [0]),
        ({"since": "2027-01-01"}, []),
        ({"status": "deleted"}, []),
    ],
)
def test_filters_return_only_the_matching_images(
    dashboard: Dashboard, stocked: list[str], query: dict[str, str], numbers: list[int]
) -> None:
    assert [int(name[3:5]) for name in _names(dashboard, **query)] == numbers


@pytest.mark.parametrize("cursor", ["!", "abc", "ä", "_" * 1999])
def test_a_cursor_that_the_api_did_not_make_is_refused(dashboard: Dashboard, cursor: str) -> None:
    answer = dashboard.program("ana").get("/api/v1/images", params={"cursor": cursor})
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    assert "leave it out" in answer.json()["detail"]


def test_an_etag_saves_the_body_until_the_image_changes(dashboard: Dashboard) -> None:
    image = record(dashboard.deployment, "ana", "etags", "a.jpg")
    program = dashboard.program("ana")
    first = program.get(f"/api/v1/images/{image.image_id}")
    again = program.get(
        f"/api/v1/images/{image.image_id}", headers={"If-None-Match": f'W/"x", {first.headers["etag"]}'}
    )
    assert (again.status_code, again.content) == (304, b"")
    program.post(f"/api/v1/images/{image.image_id}/reprocess", json={})
    changed = program.get(f"/api/v1/images/{image.image_id}", headers={"If-None-Match": first.headers["etag"]})
    assert changed.status_code == 200
    assert changed.headers["etag"] != first.headers["etag"]


def test_reprocessing_queues_the_image_with_its_recipe(dashboard: Dashboard) -> None:
    image = record(dashboard.deployment, "ana", "again", "a.jpg")
    answer = dashboard.program("ana").post(f"/api/v1/images/{image.image_id}/reprocess", json={"recipe": "catalog"})
    assert (answer.status_code, answer.json()["status"]) == (202, "queued")
    queued = dashboard.deployment.images.get(image.image_id)
    assert queued is not None
    assert queued.chosen_recipe is not None
    assert queued.chosen_recipe.name == "catalog"
    assert dashboard.deployment.recipe_texts.text(queued.chosen_recipe.digest)
    jobs = [job for job in _jobs(dashboard.deployment) if job.key == image.key]
    assert [job.origin for job in jobs] == [Origin.REPROCESS]
    unknown = dashboard.program("ana").post(f"/api/v1/images/{image.image_id}/reprocess", json={"recipe": "nope"})
    assert (unknown.status_code, "choose one of web" in unknown.json()["detail"]) == (422, True)


def test_deleting_removes_the_original_and_hides_the_record(dashboard: Dashboard) -> None:
    bucket, key = dashboard.deployment.settings.uploads_bucket, key_of("ana", "gone", "a.jpg")
    put = dashboard.deployment.s3.put_object(Bucket=bucket, Key=key, Body=b"x")
    image = record(dashboard.deployment, "ana", "gone", "a.jpg", etag=put["ETag"].strip('"'))
    program = dashboard.program("ana")
    assert program.delete(f"/api/v1/images/{image.image_id}").status_code == 204
    assert program.delete(f"/api/v1/images/{image.image_id}").status_code == 404
    assert dashboard.deployment.objects.head(image.bucket, image.key) is None
    # An image in the list of deleted images can still be read.
    listed = program.get("/api/v1/images", params={"status": "deleted", "batch": image.batch}).json()
    assert [one["image_id"] for one in listed["images"]] == [image.image_id]
    assert program.get(f"/api/v1/images/{image.image_id}").json()["status"] == "deleted"
    page = dashboard.browser("ana").get(f"/images/{image.image_id}").text
    assert ("is deleted" in page, "Delete image" in page) == (True, False)
    deleted = dashboard.deployment.images.get(image.image_id)
    assert deleted is not None
    # The worker that handles the event of the bucket reads there which results to delete.
    assert (deleted.status, deleted.superseded) == (Status.DELETED, ("ab" * 16,))
    assert deleted.attempt_log[-1].worker == "ana"
    counts = dashboard.deployment.batches.counts("ana", "gone")
    assert (counts.ready, counts.deleted) == (0, 1)


def test_deleting_an_image_leaves_a_file_that_was_uploaded_under_its_name_meanwhile(dashboard: Dashboard) -> None:
    image = record(dashboard.deployment, "ana", "replaced-now", "a.jpg")
    dashboard.deployment.s3.put_object(Bucket=image.bucket, Key=image.key, Body=b"newer")
    answer = dashboard.program("ana").delete(f"/api/v1/images/{image.image_id}")
    assert (answer.status_code, "nothing was deleted" in answer.json()["detail"]) == (409, True)
    answer = dashboard.browser("ana").post(f"/images/{image.image_id}/delete")
    assert (answer.status_code, "nothing was deleted" in answer.text) == (409, True)
    assert dashboard.deployment.objects.head(image.bucket, image.key) is not None
    assert dashboard.deployment.images.get(image.image_id) == image


def test_the_address_of_a_variant_redirects_to_a_link_that_expires(dashboard: Dashboard) -> None:
    image = record(dashboard.deployment, "ana", "links", "a.jpg")
    answer = dashboard.program("ana").get(f"/api/v1/images/{image.image_id}/variants/thumb")
    assert answer.status_code == 302
    assert "X-Amz-Expires=300" in answer.headers["location"]
    assert image.variants[0].key in answer.headers["location"]


def test_files_that_are_refused_get_a_reason_and_other_files_get_forms(dashboard: Dashboard) -> None:
    files = [
        {"name": "good.jpg", "bytes": 100, "type": "image/jpeg"},
        {"name": "empty.jpg", "bytes": 0, "type": "image/jpeg"},
        {"name": "huge.tif", "bytes": 20_000_000_001, "type": "image/tiff"},
        {"name": "film.mp4", "bytes": 100, "type": "video/mp4"},
        {"name": "raw.heic", "bytes": 100, "type": ""},
    ]
    requested = {"batch": "mixed", "recipe": "catalog", "files": files}
    answer = dashboard.program("ana").post("/api/v1/uploads", json=requested).json()
    refused = {file["name"]: file["refused"] for file in answer["files"]}
    assert refused["good.jpg"] is refused["raw.heic"] is None
    assert refused["empty.jpg"] == "it is empty"
    assert "larger than 20,000,000,000 bytes" in refused["huge.tif"]
    assert refused["film.mp4"] == "it is video/mp4, not an image"
    batch = dashboard.deployment.batches.get("ana", "mixed")
    assert batch is not None
    assert batch.recipe is not None
    assert batch.recipe.name == "catalog"


def put_and_record(dashboard: Dashboard, batch: str, name: str, **facts: Any) -> Image:
    bucket, key = dashboard.deployment.settings.uploads_bucket, key_of("ana", batch, name)
    etag = dashboard.deployment.s3.put_object(Bucket=bucket, Key=key, Body=name.encode())["ETag"].strip('"')
    return record(dashboard.deployment, "ana", batch, name, etag=etag, **facts)


def test_a_batch_is_made_with_its_recipe_before_its_first_upload(dashboard: Dashboard) -> None:
    program = dashboard.program("ana")
    made = program.post("/api/v1/batches", json={"name": "planned", "recipe": "catalog"})
    assert (made.status_code, made.json()["recipe"], made.json()["expected"]) == (201, "catalog", None)
    batch = dashboard.deployment.batches.get("ana", "planned")
    assert batch is not None
    assert batch.recipe is not None
    assert batch.recipe.name == "catalog"
    for body, status in (
        ({"name": "planned", "recipe": "web"}, 409),
        ({"name": "a/b"}, 400),
        ({"name": "other", "recipe": "none-such"}, 422),
        ({"name": "other", "owner": "ben"}, 404),
    ):
        assert program.post("/api/v1/batches", json=body).status_code == status, body


def test_a_sealed_batch_is_complete_when_all_images_are_accounted_for(dashboard: Dashboard) -> None:
    for number in range(2):
        put_and_record(dashboard, "sealed", f"{number}.jpg", cause=Cause.EMPTY if number else None)
    program = dashboard.program("ana")
    path = "/api/v1/batches/ana/sealed"
    assert program.get(path).json()["completed_at"] is None
    sealed = program.post(f"{path}/seal").json()
    assert (sealed["expected"], sealed["ready"], sealed["failed_by_cause"]) == (2, 1, {"empty": 1})
    assert sealed["completed_at"]


def test_a_seal_counts_the_objects_in_the_bucket_and_not_the_ids_of_the_client(dashboard: Dashboard) -> None:
    for number in range(3):
        put_and_record(dashboard, "added-to", f"{number}.jpg")
    one_more = put_and_record(dashboard, "added-to", "one-more.jpg")
    # Programs of earlier releases sent up to 50,000 ids.
    reported = {"image_ids": [one_more.image_id] * 50_000}
    sealed = dashboard.program("ana").post("/api/v1/batches/ana/added-to/seal", json=reported).json()
    assert (sealed["expected"], sealed["ready"]) == (4, 4)


def test_a_batch_without_an_object_is_not_sealed(dashboard: Dashboard) -> None:
    dashboard.deployment.batches.create("ana", "nothing")
    answer = dashboard.program("ana").post("/api/v1/batches/ana/nothing/seal")
    assert answer.status_code == 400
    assert "there is nothing at" in answer.text


def test_a_manifest_has_a_line_for_every_image(dashboard: Dashboard, stocked: list[str]) -> None:
    answer = dashboard.program(OWNER).get(f"/api/v1/batches/{OWNER}/b0/manifest")
    lines = [json.loads(line) for line in answer.text.splitlines()]
    assert sorted(line["name"] for line in lines) == sorted(name for name in stocked if name.startswith("a/"))
    assert answer.headers["content-disposition"] == 'attachment; filename="api-b0.ndjson"'


def test_a_redrive_is_a_background_task_and_is_noted_in_the_activity(dashboard: Dashboard) -> None:
    failed = record(dashboard.deployment, "redo", "b", "a.jpg", cause=Cause.CRASHED)
    operator = dashboard.program("olga", Scope.OPERATE, Scope.READ)
    begun = operator.post("/api/v1/redrive", json={"owner": "redo", "cause": "crashed"})
    assert begun.status_code == 202
    place = begun.headers["location"]
    await_background_tasks()
    task = operator.get(place).json()
    assert (task["state"], task["counts"]["sent"], task["who"]) == ("done", 1, "olga")
    queued = dashboard.deployment.images.get(failed.image_id)
    assert queued is not None
    assert queued.status is Status.QUEUED
    action = next(a for a in dashboard.deployment.activity.actions() if a.on == "cause crashed, owner redo")
    assert (action.who, action.what, action.details["sent"]) == ("olga", "redrive", 1)


def test_the_actions_of_an_operator_on_the_image_of_another_user_are_noted(dashboard: Dashboard) -> None:
    image = record(dashboard.deployment, "ana", "others", "a.jpg")
    operator = dashboard.program("olga", Scope.OPERATE, Scope.WRITE)
    assert operator.post(f"/api/v1/images/{image.image_id}/reprocess", json={}).status_code == 202
    assert operator.delete(f"/api/v1/images/{image.image_id}").status_code == 204
    kept = [action for action in dashboard.deployment.activity.actions() if action.on == "ana: a.jpg"]
    assert {(action.who, action.what) for action in kept} == {("olga", "delete"), ("olga", "reprocess")}
    assert [action.details for action in kept] == 2 * [{"image_id": image.image_id, "outcome": "done"}]
    mine = record(dashboard.deployment, "ana", "mine", "own.jpg")
    dashboard.program("ana").delete(f"/api/v1/images/{mine.image_id}")
    assert not [action for action in dashboard.deployment.activity.actions() if action.on == "ana: own.jpg"]


def test_failures_are_grouped_by_cause_with_examples(dashboard: Dashboard, stocked: list[str]) -> None:
    answer = dashboard.program("olga", Scope.OPERATE).get("/api/v1/failures").json()
    groups = {group["cause"]: group for group in answer["groups"]}
    assert groups["truncated"]["count"] >= 2
    assert len(groups["truncated"]["examples"][0]) == 32
    assert answer["complete"] is True
    assert set(answer["dead_letters"]) == {"uploads", "bulk", "heavy"}


def test_every_answer_states_the_rate_limit_and_a_request_over_the_limit_gets_429(dashboard: Dashboard) -> None:
    program = dashboard.program("ana")
    first = program.get("/api/v1/batches")
    assert first.headers["ratelimit-limit"] == str(API_PER_MINUTE)
    assert first.headers["ratelimit-remaining"] == str(API_PER_MINUTE - 1)
    site = program.app.state.site  # type: ignore[attr-defined]
    for _ in range(API_PER_MINUTE - 1):
        assert site.api_limit.take("ana").passes
    refused = program.get("/api/v1/batches")
    assert refused.status_code == 429
    assert refused.headers["content-type"] == "application/problem+json"
    assert dashboard.program("ben").get("/api/v1/batches").status_code == 200
    dashboard.clock.now += int(refused.headers["retry-after"])
    assert program.get("/api/v1/batches").status_code == 200


def test_the_errors_of_a_wrong_body_name_each_field(dashboard: Dashboard) -> None:
    answer = dashboard.program("ana").post("/api/v1/uploads", json={"files": [{"name": "a", "bytes": -1}], "x": 1})
    problem = answer.json()
    assert (answer.status_code, problem["status"]) == (422, 422)
    assert {item["where"] for item in problem["errors"]} == {"body.files.0.bytes", "body.x"}


@pytest.mark.parametrize("path", ["/api/v1/nothing", "/api/v1/images/short"])
def test_the_answer_for_a_missing_address_is_a_problem_too(dashboard: Dashboard, path: str) -> None:
    answer = dashboard.program("ana").get(path)
    assert answer.status_code in (404, 422)
    assert answer.headers["content-type"] == "application/problem+json"


def _jobs(deployment: Deployment) -> list[Job]:
    jobs: list[Job] = []
    url = deployment.settings.queue_url(Lane.BULK)
    while messages := deployment.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        jobs += [decode_message(message["Body"]) for message in messages]
    return jobs
