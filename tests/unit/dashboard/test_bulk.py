"""Actions on many images: the owners of the images, the results, and ZIPs that are written while they are sent."""

import csv
import io
import json
import time
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime

from dashboard.zips import Member, zip_of
from pixelfleet.domain.records import Image, Status
from pixelfleet.domain.users import Scope
from pixelfleet.operations.bulk import BulkResult, _each
from tests.fakes.records import key_of, record
from tests.unit.dashboard.conftest import Dashboard
from tests.waiting import eventually


def ended(dashboard: Dashboard, address: str) -> Callable[[], bool]:
    task_id = address.rpartition("/")[2]

    def settled() -> bool:
        task = dashboard.deployment.background_tasks.get(task_id)
        return task is not None and task.settled

    return settled


def status_of(dashboard: Dashboard, image: Image) -> Status:
    present = dashboard.deployment.images.get(image.image_id)
    assert present is not None
    return present.status


def test_selected_images_are_deleted_and_images_of_other_users_stay(dashboard: Dashboard) -> None:
    mine = [record(dashboard.deployment, "ana", "bulk", f"{number}.jpg") for number in range(3)]
    other = record(dashboard.deployment, "ben", "bulk", "his.jpg")
    ids = ",".join(image.image_id for image in (*mine, other))
    ana = dashboard.browser("ana")
    answer = ana.post("/bulk/delete", data={"ids": ids})
    assert answer.status_code == 303
    eventually(ended(dashboard, answer.headers["location"]))
    assert {status_of(dashboard, image) for image in mine} == {Status.DELETED}
    assert status_of(dashboard, other) is Status.READY
    assert "3 images" in ana.get(answer.headers["location"]).text
    # Nobody but the owner and operators may follow the task.
    assert dashboard.browser("ben").get(answer.headers["location"]).status_code == 404
    assert dashboard.browser("olga").get(answer.headers["location"]).status_code == 200


def test_all_images_that_a_filter_shows_are_processed_again(dashboard: Dashboard) -> None:
    meant = record(dashboard.deployment, "ana", "again", "meant.jpg")
    spared = record(dashboard.deployment, "ana", "again", "spared.jpg")
    form = {"all": "batch=again&name=MEANT", "recipe": "catalog"}
    answer = dashboard.browser("ana").post("/bulk/reprocess", data=form)
    eventually(ended(dashboard, answer.headers["location"]))
    assert (status_of(dashboard, meant), status_of(dashboard, spared)) == (Status.QUEUED, Status.READY)


def test_a_filter_for_images_of_another_user_is_not_found(dashboard: Dashboard) -> None:
    for owner in ("ben", "*"):
        assert dashboard.browser("ana").post("/bulk/delete", data={"all": f"owner={owner}"}).status_code == 404


def test_an_empty_selection_is_an_error(dashboard: Dashboard) -> None:
    for form in ({}, {"ids": ""}, {"ids": "nonsense,../x"}):
        answer = dashboard.browser("ana").post("/bulk/delete", data=form)
        assert (answer.status_code, "no image is selected" in answer.text) == (400, True)


def test_a_zip_has_the_existing_files_under_their_names(dashboard: Dashboard) -> None:
    deployment = dashboard.deployment
    first, second = (record(deployment, "ana", "zip", f"{folder}/a.jpg") for folder in ("one", "two"))
    gone = record(deployment, "ana", "zip", "gone.jpg")
    for image, body in ((first, b"first"), (second, b"second")):
        deployment.s3.put_object(Bucket=image.bucket, Key=image.key, Body=body)
        thumb = image.variants[0].key
        deployment.s3.put_object(Bucket=deployment.settings.results_bucket, Key=thumb, Body=b"thumb of " + body)
    ids = ",".join(image.image_id for image in (first, second, gone))
    ana = dashboard.browser("ana")

    def files(variant: str) -> dict[str, bytes]:
        answer = ana.post("/bulk/download", data={"ids": ids, "variant": variant})
        assert answer.headers["content-disposition"] == 'attachment; filename="pixelfleet.zip"'
        with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
            assert archive.testzip() is None
            return {name: archive.read(name) for name in archive.namelist()}

    assert files("original") == {"one/a.jpg": b"first", "two/a.jpg": b"second"}
    assert files("thumb") == {"one/a-thumb.webp": b"thumb of first", "two/a-thumb.webp": b"thumb of second"}
    assert files("no-such") == {}


def test_a_zip_is_written_while_it_is_sent_and_its_names_differ() -> None:
    sent: list[str] = []

    def chunks(name: str) -> list[bytes]:
        sent.append(name)
        return [b"x" * 100_000] * 3

    names = ("../../etc/passwd", "a.jpg", "a.jpg", "/abs.jpg")
    members = (Member(name, chunks(name)) for name in names)
    pieces = zip_of(members, datetime(2026, 11, 20, tzinfo=UTC))
    first = next(pieces)
    assert len(sent) == 1
    whole = io.BytesIO(first + b"".join(pieces))
    with zipfile.ZipFile(whole) as archive:
        assert archive.namelist() == ["etc/passwd", "a.jpg", "a (2).jpg", "abs.jpg"]
        assert len(archive.read("a (2).jpg")) == 300_000


def test_an_action_that_is_stopped_ends_after_its_present_image() -> None:
    images = [object() for _ in range(10)]
    done: list[object] = []

    def act(image: object) -> bool:
        done.append(image)
        return True

    result = _each(images, act, lambda so_far: so_far.done < 3, {})  # type: ignore[arg-type]
    assert (result, len(done)) == (BulkResult(3, stopped=True), 3)


def test_a_program_starts_an_action_and_follows_its_task(dashboard: Dashboard) -> None:
    image = record(dashboard.deployment, "ana", "bulk", "by-api.jpg")
    program = dashboard.program("ana", Scope.READ, Scope.WRITE)
    body = {"action": "reprocess", "image_ids": [image.image_id, "a" * 32], "recipe": "catalog"}
    task = program.post("/api/v1/bulk", json=body).json()
    until = time.monotonic() + 60
    while (state := program.get(f"/api/v1/background-tasks/{task['id']}").json())["state"] == "running":
        assert time.monotonic() < until
    assert (state["state"], state["counts"]) == ("done", {"done": 1})
    assert dashboard.program("ben").get(f"/api/v1/background-tasks/{task['id']}").status_code == 404


def test_a_page_and_a_program_tag_images_and_filter_images_by_tags(dashboard: Dashboard) -> None:
    first, second = (record(dashboard.deployment, "ana", "tagged", f"{name}.jpg") for name in "ab")
    other = record(dashboard.deployment, "ben", "tagged", "his.jpg")
    ana = dashboard.browser("ana")
    ids = ",".join(one.image_id for one in (first, second, other))
    answer = ana.post("/bulk/tag", data={"ids": ids, "tags": "Beach, summer"})
    eventually(ended(dashboard, answer.headers["location"]))
    program = dashboard.program("ana")
    body = {"action": "tag", "image_ids": [first.image_id], "add_tags": ["Best"], "remove_tags": ["summer"]}
    task = program.post("/api/v1/bulk", json=body).json()
    eventually(ended(dashboard, task["id"]))

    def tagged(tag: str) -> list[str]:
        page = program.get("/api/v1/images", params={"batch": "tagged", "tag": tag}).json()
        return [image["name"] for image in page["images"]]

    assert (tagged("beach"), tagged("summer"), tagged("best")) == (["a.jpg", "b.jpg"], ["b.jpg"], ["a.jpg"])
    assert program.get(f"/api/v1/images/{first.image_id}").json()["tags"] == ["beach", "best"]
    present = dashboard.deployment.images.get(other.image_id)
    assert present is not None
    assert present.tags == ()
    assert "his.jpg" not in ana.get("/?tag=beach").text
    assert ana.post("/bulk/tag", data={"ids": ids, "tags": "<script>"}).status_code == 400


def test_a_program_selects_images_by_filters_for_a_zip_and_for_an_action(dashboard: Dashboard) -> None:
    deployment = dashboard.deployment
    bucket = deployment.settings.uploads_bucket
    put = deployment.s3.put_object(Bucket=bucket, Key=key_of("ana", "byfilter", "meant.jpg"), Body=b"meant")
    meant = record(deployment, "ana", "byfilter", "meant.jpg", etag=put["ETag"].strip('"'))
    record(deployment, "ana", "byfilter", "other.jpg")
    program = dashboard.program("ana", Scope.READ, Scope.WRITE)
    matching = {"batch": "byfilter", "name": "MEANT"}
    answer = program.post("/api/v1/bulk/download", json={"matching": matching})
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.namelist() == ["meant.jpg"]
    task = program.post("/api/v1/bulk", json={"action": "delete", "matching": matching}).json()
    assert task["on"] == "all images: owner ana, batch byfilter, name MEANT"
    eventually(ended(dashboard, task["id"]))
    assert status_of(dashboard, meant) is Status.DELETED
    both = {"image_ids": [meant.image_id], "matching": matching}
    for body in (both, {}):
        assert program.post("/api/v1/bulk/download", json=body).status_code == 422
    assert program.post("/api/v1/bulk/download", json={"matching": {"owner": "ben"}}).status_code == 404


def test_the_manifest_of_a_selection_has_its_images_for_pages_and_programs(dashboard: Dashboard) -> None:
    images = [record(dashboard.deployment, "ana", "listed", f"{number}.jpg") for number in range(2)]
    other = record(dashboard.deployment, "ben", "listed", "his.jpg")
    ids = [image.image_id for image in (*images, other)]
    answer = dashboard.browser("ana").post("/bulk/manifest", data={"ids": ",".join(ids), "format": "csv"})
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="pixelfleet.csv"'
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [(row["path"], row["variant"]) for row in rows[:2]] == [("0.jpg", "thumb"), ("0.jpg", "optimized")]
    assert {row["owner"] for row in rows} == {"ana"}
    program = dashboard.program("ana", Scope.READ)
    lines = program.post("/api/v1/bulk/manifest", json={"matching": {"batch": "listed"}}).text.splitlines()
    assert [json.loads(line)["image_id"] for line in lines] == [image.image_id for image in images]
