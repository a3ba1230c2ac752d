"""Deleted images are restored, and images are moved to another batch; neither action loses an original."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from pixelfleet.deployment import Deployment
from pixelfleet.domain.jobs import Job, JobKind
from pixelfleet.domain.keys import image_id
from pixelfleet.domain.records import BatchState, Image, Status
from pixelfleet.domain.tags import MOST_TAGS, Tags
from pixelfleet.domain.transitions import Aim
from pixelfleet.errors import Cause, TransientError
from pixelfleet.operations.batches import open_for_uploads
from pixelfleet.operations.bulk import BulkResult, delete_images
from pixelfleet.operations.moving import MoveOrder, Patience, move_images
from pixelfleet.operations.removal import delete_image
from pixelfleet.operations.restoring import restore_image
from tests.clock import Clock
from tests.fakes.records import RECIPE, key_of, record
from tests.unit.dashboard.conftest import Dashboard
from tests.unit.dashboard.test_bulk import ended, status_of
from tests.waiting import eventually


@pytest.fixture
def deployment(dashboard: Dashboard) -> Deployment:
    bucket = dashboard.deployment.settings.uploads_bucket
    dashboard.deployment.s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    return dashboard.deployment


def uploaded(deployment: Deployment, batch: str, name: str, body: bytes = b"a picture", **facts: Any) -> Image:
    """Uploads an object of ana and writes its record; returns the record."""
    bucket = deployment.settings.uploads_bucket
    put = deployment.s3.put_object(Bucket=bucket, Key=key_of("ana", batch, name), Body=body)
    etag = put["ETag"].strip('"')
    return record(deployment, "ana", batch, name, version_id=put["VersionId"], etag=etag, **facts)


def body_of(deployment: Deployment, key: str) -> bytes | None:
    present = deployment.objects.head(deployment.settings.uploads_bucket, key)
    if present is None:
        return None
    answer = deployment.s3.get_object(Bucket=deployment.settings.uploads_bucket, Key=key)
    return answer["Body"].read()


def test_a_file_that_appears_in_the_other_batch_at_the_moment_of_the_copy_stays(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = uploaded(deployment, "race-from", "1.jpg")
    bucket, there = deployment.settings.uploads_bucket, key_of("ana", "race-to", "1.jpg")
    copy = deployment.copies.copy_to_new_key

    def late(*arguments: Any) -> None:
        deployment.s3.put_object(Bucket=bucket, Key=there, Body=b"another picture")
        copy(*arguments)

    monkeypatch.setattr(deployment.copies, "copy_to_new_key", late)
    order = MoveOrder("race-to", "ana", "1 image")
    result = move_images(deployment, [image], order, lambda _: True, Workers(deployment, "race-to").patience())
    assert (result.done, result.gone, result.left) == (0, 1, 0)
    assert body_of(deployment, there) == b"another picture"
    assert body_of(deployment, image.key) == b"a picture"


class Workers:
    """Stands for workers: at each sleep of the move, they process the copies in the target batch."""

    def __init__(self, deployment: Deployment, batch: str, cause: Cause | None = None) -> None:
        self.deployment, self.batch, self.cause = deployment, batch, cause
        self.clock = Clock()

    def patience(self) -> Patience:
        return Patience(600, self.clock, self._work)

    def _work(self, seconds: float) -> None:
        self.clock.sleep(seconds)
        bucket = self.deployment.settings.uploads_bucket
        for page in self.deployment.listings.pages(bucket, f"uploads/ana/{self.batch}/"):
            for listed in page:
                if self.deployment.images.get(image_id(bucket, listed.key)) is None:
                    name = listed.key.rpartition("/")[2]
                    version = self.deployment.objects.head(bucket, listed.key)
                    assert version is not None
                    facts: dict[str, Any] = {"etag": version.etag, "version_id": version.version_id}
                    facts |= {"cause": self.cause} if self.cause else {}
                    record(self.deployment, "ana", self.batch, name, **facts)


def moved(deployment: Deployment, images: list[Image], batch: str, patience: Patience) -> BulkResult:
    return move_images(deployment, images, MoveOrder(batch, "ana", "images"), lambda _: True, patience)


def test_a_deleted_image_is_restored_from_its_page_with_the_same_bytes(
    dashboard: Dashboard, deployment: Deployment
) -> None:
    image = uploaded(deployment, "undo", "a.jpg", b"of value")
    ana = dashboard.browser("ana")
    ana.post(f"/images/{image.image_id}/delete")
    assert body_of(deployment, image.key) is None
    assert f'action="/images/{image.image_id}/restore"' in ana.get("/").text
    assert dashboard.browser("ben").post(f"/images/{image.image_id}/restore").status_code == 404
    answer = ana.post(f"/images/{image.image_id}/restore")
    assert answer.headers["location"] == f"/images/{image.image_id}?restored=1"
    assert body_of(deployment, image.key) == b"of value"
    assert "The original is back" in ana.get(answer.headers["location"]).text
    # The second time there is nothing to restore: the present object of the key stays.
    again = ana.post(f"/images/{image.image_id}/restore")
    assert "It cannot be restored" in ana.get(again.headers["location"]).text


def test_a_restore_replaces_no_newer_upload_and_restores_no_version_that_is_gone(deployment: Deployment) -> None:
    image, expired = (uploaded(deployment, "undo", f"{name}.jpg") for name in ("since", "expired"))
    bucket = image.bucket
    for one in (image, expired):
        delete_image(deployment, one, "ana")
    deployment.s3.put_object(Bucket=bucket, Key=image.key, Body=b"another picture")
    deployment.s3.delete_object(Bucket=bucket, Key=expired.key, VersionId=expired.version_id or "")
    removed = deployment.images.get_many((image.image_id, expired.image_id))
    assert [restore_image(deployment, removed[one.image_id]) for one in (image, expired)] == [False, False]
    assert body_of(deployment, image.key) == b"another picture"


class Late:
    """Stands before S3: runs an action just before or just after the copy, once."""

    def __init__(self, client: Any, before: Any = lambda: None, after: Any = lambda: None) -> None:
        self._client, self._before, self._after = client, before, after

    def copy_object(self, **request: Any) -> Any:
        self._before()
        self._client.copy_object(**request)
        self._after()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)


def test_a_file_that_is_uploaded_at_the_moment_of_the_restore_stays(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = uploaded(deployment, "undo", "late.jpg")
    delete_image(deployment, image, "ana")
    removed = deployment.images.get_many([image.image_id])[image.image_id]
    s3 = deployment.s3

    def put() -> None:
        s3.put_object(Bucket=image.bucket, Key=image.key, Body=b"another picture")

    monkeypatch.setattr(deployment.copies, "_client", Late(s3, before=put))
    assert not restore_image(deployment, removed)
    assert body_of(deployment, image.key) == b"another picture"


def test_a_restore_whose_answer_is_lost_has_restored_the_image(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The client repeats the call, and S3 answers that the key has an object."""
    image = uploaded(deployment, "undo", "lost-answer.jpg")
    delete_image(deployment, image, "ana")
    removed = deployment.images.get_many([image.image_id])[image.image_id]
    s3 = deployment.s3
    taken = ClientError({"Error": {"Code": "PreconditionFailed"}}, "CopyObject")

    def refuse() -> None:
        raise taken

    monkeypatch.setattr(deployment.copies, "_client", Late(s3, after=refuse))
    assert restore_image(deployment, removed)
    assert body_of(deployment, image.key) == b"a picture"


@pytest.mark.parametrize("action", ["restore", "move"])
def test_a_lost_answer_is_no_refusal_where_the_copy_has_another_etag_than_its_source(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch, action: str
) -> None:
    """As of an original that was uploaded in parts, or of a bucket with encryption by KMS."""
    body = b"a picture of many parts"
    image = uploaded(deployment, "parts-from", f"{action}.jpg", body)
    source = image.model_copy(update={"etag": f"{image.etag}-2", "bytes": len(body)})
    taken = ClientError({"Error": {"Code": "PreconditionFailed"}}, "CopyObject")

    def refuse() -> None:
        raise taken

    monkeypatch.setattr(deployment.copies, "_client", Late(deployment.s3, after=refuse))
    if action == "restore":
        delete_image(deployment, image, "ana")
        assert restore_image(deployment, source.model_copy(update={"status": Status.DELETED}))
    else:
        result = moved(deployment, [source], "parts-to", Workers(deployment, "parts-to").patience())
        assert (result.done, result.gone, result.left) == (1, 0, 0)


def test_an_archived_original_is_neither_restored_nor_moved_and_others_are(deployment: Deployment) -> None:
    archived, plain = (uploaded(deployment, "frozen", f"{name}.jpg") for name in ("archived", "plain"))
    source: Any = {"Bucket": archived.bucket, "Key": archived.key}
    version = deployment.s3.copy_object(**source, CopySource=source, StorageClass="GLACIER")["VersionId"]
    archived = archived.model_copy(update={"version_id": version})
    both = moved(deployment, [archived, plain], "thaw", Workers(deployment, "thaw").patience())
    assert both == BulkResult(done=1, gone=1)
    deployment.s3.delete_object(Bucket=archived.bucket, Key=archived.key)
    assert not restore_image(deployment, archived.model_copy(update={"status": Status.DELETED}))


def test_a_move_without_any_copy_makes_no_batch(deployment: Deployment) -> None:
    """An empty batch would stay open for ever."""
    gone, archived = (uploaded(deployment, "lost", f"{name}.jpg") for name in ("gone", "archived"))
    deployment.s3.delete_object(Bucket=gone.bucket, Key=gone.key)
    source: Any = {"Bucket": archived.bucket, "Key": archived.key}
    version = deployment.s3.copy_object(**source, CopySource=source, StorageClass="GLACIER")["VersionId"]
    images = [gone, archived.model_copy(update={"version_id": version})]
    assert moved(deployment, images, "no-copy", Workers(deployment, "no-copy").patience()) == BulkResult(gone=2)
    assert deployment.batches.get("ana", "no-copy") is None


def test_deleted_images_are_listed_and_restored_together(dashboard: Dashboard, deployment: Deployment) -> None:
    images = [uploaded(deployment, "together", f"{number}.jpg") for number in range(3)]
    for image in images[:2]:
        delete_image(deployment, image, "ana")
    ana = dashboard.browser("ana")
    page = ana.get("/?batch=together&status=deleted").text
    assert (page.count('data-status="deleted"'), 'formaction="/bulk/restore"' in page) == (2, True)
    assert 'formaction="/bulk/restore"' not in ana.get("/?batch=together").text
    answer = ana.post("/bulk/restore", data={"all": "batch=together"})
    eventually(ended(dashboard, answer.headers["location"]))
    assert "done: 2 images" in ana.get(answer.headers["location"]).text
    assert all(body_of(deployment, image.key) for image in images)
    body = {"action": "restore", "image_ids": [image.image_id for image in images]}
    task = dashboard.program("ana").post("/api/v1/bulk", json=body).json()
    eventually(ended(dashboard, task["id"]))
    assert dashboard.program("ana").get(f"/api/v1/background-tasks/{task['id']}").json()["counts"] == {
        "done": 0,
        "gone": 2,
    }


def test_a_moved_image_is_deleted_when_its_copy_is_ready_and_keeps_its_tags(deployment: Deployment) -> None:
    image = uploaded(deployment, "from", "a.jpg", b"moved")
    tagged = deployment.images.tag(image, Tags(add=("beach",)))
    assert isinstance(tagged, Image)
    assert moved(deployment, [tagged], "to", Workers(deployment, "to").patience()) == BulkResult(1)
    key = key_of("ana", "to", "a.jpg")
    assert (body_of(deployment, key), body_of(deployment, image.key)) == (b"moved", None)
    copies = deployment.images.get_many([image_id(image.bucket, key), image.image_id])
    assert copies[image_id(image.bucket, key)].tags == ("beach",)
    assert copies[image.image_id].status is Status.DELETED
    batch = deployment.batches.get("ana", "to")
    assert batch is not None
    assert (batch.state, batch.expected) == (BatchState.COMPLETE, 1)


def test_a_tag_that_is_added_while_the_copy_is_processed_moves_too(deployment: Deployment) -> None:
    image = uploaded(deployment, "tag-moves-too", "a.jpg")
    workers = Workers(deployment, "tag-moves-too-to")
    patience = workers.patience()

    def tag_first(seconds: float) -> None:
        deployment.images.tag(image, Tags(add=("beach",)))
        patience.sleep(seconds)

    waits = Patience(600, workers.clock, tag_first)
    assert moved(deployment, [image], "tag-moves-too-to", waits) == BulkResult(1)
    copy = deployment.images.get(image_id(image.bucket, key_of("ana", "tag-moves-too-to", "a.jpg")))
    assert copy is not None
    assert copy.tags == ("beach",)


def test_a_tag_that_is_added_at_the_moment_of_the_deletion_moves_too(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = uploaded(deployment, "tag-at-last", "a.jpg")
    delete = deployment.objects.delete_original

    def tag_first(*arguments: Any) -> bool:
        deployment.images.tag(image, Tags(add=("late",)))
        return delete(*arguments)

    monkeypatch.setattr(deployment.objects, "delete_original", tag_first)
    waits = Workers(deployment, "tag-at-last-to").patience()
    assert moved(deployment, [image], "tag-at-last-to", waits) == BulkResult(1)
    assert tags_of(deployment, key_of("ana", "tag-at-last-to", "a.jpg")) == ("late",)


def test_an_image_stays_whose_tags_find_no_room_at_its_copy(deployment: Deployment) -> None:
    """The batch had the same picture already, with its own tags."""
    tagged = deployment.images.tag(uploaded(deployment, "full-of-tags", "a.jpg"), Tags(add=("beach",)))
    there = uploaded(deployment, "full-of-tags-to", "a.jpg")
    deployment.images.tag(there, Tags(add=tuple(f"own {number:02}" for number in range(MOST_TAGS))))
    assert isinstance(tagged, Image)
    waits = Workers(deployment, "full-of-tags-to").patience()
    assert moved(deployment, [tagged], "full-of-tags-to", waits) == BulkResult(left=1)
    assert status_of_record(deployment, tagged) is Status.READY


def tags_of(deployment: Deployment, key: str) -> tuple[str, ...]:
    image = deployment.images.get(image_id(deployment.settings.uploads_bucket, key))
    assert image is not None
    return image.tags


def test_an_image_that_became_ready_meanwhile_stays_if_its_copy_failed(deployment: Deployment) -> None:
    image = uploaded(deployment, "ready-meanwhile", "a.jpg")
    selected = image.model_copy(update={"status": Status.PROCESSING})
    waits = Workers(deployment, "ready-meanwhile-to", Cause.CRASHED).patience()
    assert moved(deployment, [selected], "ready-meanwhile-to", waits) == BulkResult(left=1)
    assert body_of(deployment, image.key) is not None


@pytest.mark.parametrize("cause", [None, Cause.CRASHED])
def test_an_image_stays_while_its_copy_is_not_ready_and_a_second_move_continues(
    deployment: Deployment, cause: Cause | None
) -> None:
    """Without a worker the move waits ten minutes on its clock."""
    place = f"late-{cause}"
    image = uploaded(deployment, place, "a.jpg")
    clock = Clock()
    waits = Workers(deployment, f"{place}-to", cause).patience() if cause else Patience(600, clock, clock.sleep)
    assert moved(deployment, [image], f"{place}-to", waits) == BulkResult(left=1)
    assert body_of(deployment, image.key) is not None
    assert deployment.images.get(image.image_id) == image
    if cause is None:
        # The copy is not made again: the second move waits for its outcome.
        assert moved(deployment, [image], f"{place}-to", Patience(2, clock, clock.sleep)) == BulkResult(left=1)
        assert moved(deployment, [image], f"{place}-to", Workers(deployment, f"{place}-to").patience()) == BulkResult(1)


def test_a_move_that_was_interrupted_seals_its_batch_when_it_is_repeated(deployment: Deployment) -> None:
    images = [uploaded(deployment, "broken", f"{name}.jpg") for name in "ab"]

    def interrupt(_: float) -> None:
        raise TransientError(Cause.UNAVAILABLE, "S3 does not answer")

    with pytest.raises(TransientError):
        moved(deployment, images[:1], "broken-to", Patience(600, Clock(), interrupt))
    assert state_of(deployment, "broken-to") is BatchState.OPEN
    assert moved(deployment, images, "broken-to", Workers(deployment, "broken-to").patience()) == BulkResult(2)
    assert state_of(deployment, "broken-to") is BatchState.COMPLETE


def test_an_original_stays_whose_copy_somebody_replaced_by_another_file(deployment: Deployment) -> None:
    image = uploaded(deployment, "raced", "a.jpg", b"of value")
    key, workers = key_of("ana", "raced-to", "a.jpg"), Workers(deployment, "raced-to")

    def replace_first(seconds: float) -> None:
        if deployment.images.get(image_id(image.bucket, key)) is None:
            deployment.s3.put_object(Bucket=image.bucket, Key=key, Body=b"another picture")
            version = deployment.objects.head(image.bucket, key)
            assert version is not None
            facts = {"etag": version.etag, "version_id": version.version_id}
            record(deployment, "ana", "raced-to", "a.jpg", sha256="e" * 64, **facts)
        workers.clock.sleep(seconds)

    patience = Patience(5, workers.clock, replace_first)
    assert moved(deployment, [image], "raced-to", patience) == BulkResult(left=1)
    assert body_of(deployment, image.key) == b"of value"
    assert status_of_record(deployment, image) is Status.READY


def test_an_original_stays_whose_copy_somebody_deleted(deployment: Deployment) -> None:
    image = uploaded(deployment, "dropped", "a.jpg", b"of value")
    key, workers = key_of("ana", "dropped-to", "a.jpg"), Workers(deployment, "dropped-to")

    def delete_after(seconds: float) -> None:
        workers.patience().sleep(seconds)
        deployment.s3.delete_object(Bucket=image.bucket, Key=key)

    patience = Patience(5, workers.clock, delete_after)
    assert moved(deployment, [image], "dropped-to", patience) == BulkResult(left=1)
    assert body_of(deployment, image.key) == b"of value"


def test_a_file_that_replaces_the_original_at_the_moment_of_its_deletion_stays(deployment: Deployment) -> None:
    image = uploaded(deployment, "overtaken", "a.jpg", b"of value")
    looks = deployment.objects.head
    last_looks: list[str] = []

    def replaced_after_the_last_look(bucket: str, key: str) -> Any:
        """The move looks at the image's key, and then at its copy, before it deletes the original."""
        present = looks(bucket, key)
        last_looks.append(key)
        if last_looks[-2:-1] == [image.key] and key != image.key and deployment.images.get(image_id(bucket, key)):
            deployment.s3.put_object(Bucket=bucket, Key=image.key, Body=b"newer")
        return present

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(deployment.objects, "head", replaced_after_the_last_look)
        result = moved(deployment, [image], "overtaken-to", Workers(deployment, "overtaken-to").patience())
    assert result == BulkResult(left=1)
    assert body_of(deployment, image.key) == b"newer"
    assert status_of_record(deployment, image) is Status.READY


def test_a_move_whose_copies_somebody_deleted_ends_without_an_error(deployment: Deployment) -> None:
    image = uploaded(deployment, "emptied", "a.jpg", b"of value")
    clock = Clock()

    def delete(seconds: float) -> None:
        deployment.s3.delete_object(Bucket=image.bucket, Key=key_of("ana", "emptied-to", "a.jpg"))
        clock.sleep(seconds)

    assert moved(deployment, [image], "emptied-to", Patience(2, clock, delete)) == BulkResult(left=1)
    assert body_of(deployment, image.key) == b"of value"


def test_deleting_many_images_leaves_a_file_that_was_uploaded_under_one_of_their_names_meanwhile(
    deployment: Deployment,
) -> None:
    image = uploaded(deployment, "replaced-meanwhile", "a.jpg", b"earlier")
    deployment.s3.put_object(Bucket=image.bucket, Key=image.key, Body=b"newer")
    result = delete_images(deployment, [image], "ana", "images", lambda _: True)
    assert (result.done, result.gone, result.unchanged) == (0, 1, [image.key])
    assert body_of(deployment, image.key) == b"newer"
    assert status_of_record(deployment, image) is Status.READY


def test_a_record_of_an_earlier_file_of_the_name_is_no_outcome_of_the_copy(deployment: Deployment) -> None:
    """The earlier file was removed, and the event of its removal is still on its way."""
    image = uploaded(deployment, "stale", "a.jpg", b"of value")
    earlier = uploaded(deployment, "stale-to", "a.jpg", b"earlier")
    deployment.s3.delete_object(Bucket=image.bucket, Key=earlier.key)
    clock = Clock()
    assert moved(deployment, [image], "stale-to", Patience(5, clock, clock.sleep)) == BulkResult(left=1)
    assert body_of(deployment, image.key) == b"of value"
    assert clock.now == 1_005


def test_a_copy_of_an_earlier_version_is_not_taken_for_that_of_a_version_that_is_being_processed(
    deployment: Deployment,
) -> None:
    """The record has the digest of the version before, which an interrupted move had copied."""
    image = uploaded(deployment, "newer", "a.jpg", b"earlier")
    uploaded(deployment, "newer-to", "a.jpg", b"earlier")
    put = deployment.s3.put_object(Bucket=image.bucket, Key=image.key, Body=b"of value")
    etag, version = put["ETag"].strip('"'), put["VersionId"]
    job = Job(JobKind.PROCESS, image.bucket, image.key, version, etag, sequencer="20", bytes=8)
    claimed = deployment.images.claim(Aim(job, RECIPE, "cd" * 16, "w", "2026-11-26T12:00:00.000Z"), 5, image)
    assert isinstance(claimed, Image)
    assert moved(deployment, [claimed], "newer-to", Workers(deployment, "newer-to").patience()) == BulkResult(gone=1)
    assert body_of(deployment, image.key) == b"of value"


def test_a_move_that_waits_for_workers_can_be_stopped(deployment: Deployment) -> None:
    image = uploaded(deployment, "impatient", "a.jpg")
    clock, order = Clock(), MoveOrder("impatient-to", "ana", "images")
    result = move_images(deployment, [image], order, lambda _: clock.now < 1_005, Patience(600, clock, clock.sleep))
    assert (result.stopped, result.left, clock.now < 1_010) == (True, 1, True)
    assert body_of(deployment, image.key) is not None


def state_of(deployment: Deployment, batch: str) -> BatchState:
    stored = deployment.batches.get("ana", batch)
    assert stored is not None
    return stored.state


def status_of_record(deployment: Deployment, image: Image) -> Status:
    present = deployment.images.get(image.image_id)
    assert present is not None
    return present.status


def test_an_image_that_changed_meanwhile_or_whose_name_is_taken_stays(deployment: Deployment) -> None:
    changed, taken = (uploaded(deployment, "busy", f"{name}.jpg") for name in ("changed", "taken"))
    deployment.s3.put_object(Bucket=taken.bucket, Key=key_of("ana", "busy-to", "taken.jpg"), Body=b"other")
    deployment.s3.put_object(Bucket=changed.bucket, Key=changed.key, Body=b"newer")
    assert moved(deployment, [changed, taken], "busy-to", Workers(deployment, "busy-to").patience()) == BulkResult(
        gone=1, left=1
    )
    assert body_of(deployment, changed.key) == b"newer"
    assert body_of(deployment, taken.key) == b"a picture"
    assert body_of(deployment, key_of("ana", "busy-to", "taken.jpg")) == b"other"


def test_an_open_batch_stays_open_and_images_of_the_batch_stay(deployment: Deployment) -> None:
    deployment.batches.create("ana", "open-to")
    image, there = uploaded(deployment, "open-from", "a.jpg"), uploaded(deployment, "open-to", "b.jpg")
    assert moved(deployment, [image, there], "open-to", Workers(deployment, "open-to").patience()) == BulkResult(
        1, gone=1
    )
    batch = deployment.batches.get("ana", "open-to")
    assert batch is not None
    assert batch.state is BatchState.OPEN


def test_a_move_leaves_its_batch_open_if_somebody_uploads_into_the_batch_meanwhile(deployment: Deployment) -> None:
    image = uploaded(deployment, "shared-from", "a.jpg")
    workers = Workers(deployment, "shared-to")

    def begin_uploads(seconds: float) -> None:
        open_for_uploads(deployment, "ana", "shared-to")
        workers.patience().sleep(seconds)

    assert moved(deployment, [image], "shared-to", Patience(600, workers.clock, begin_uploads)) == BulkResult(1)
    assert state_of(deployment, "shared-to") is BatchState.OPEN


def test_a_move_by_page_or_program_needs_a_valid_name_of_a_batch(dashboard: Dashboard, deployment: Deployment) -> None:
    image = uploaded(deployment, "named", "a.jpg")
    for name in ("", "a/b", "my holiday"):
        form = {"ids": image.image_id, "batch": name}
        assert dashboard.browser("ana").post("/bulk/move", data=form).status_code == 400
        body = {"action": "move", "image_ids": [image.image_id], "batch": name}
        assert dashboard.program("ana").post("/api/v1/bulk", json=body).status_code == 400
    form = {"ids": image.image_id, "batch": "named"}
    answer = dashboard.browser("ana").post("/bulk/move", data=form)
    eventually(ended(dashboard, answer.headers["location"]))
    assert "done: 0 images; 1 image left as before" in dashboard.browser("ana").get(answer.headers["location"]).text
    assert status_of(dashboard, image) is Status.READY
