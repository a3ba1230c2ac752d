"""Adopting a bucket: images are queued, counted once and sealed, and an interrupted adoption continues."""

import gc
import gzip
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pixelfleet import recipes
from pixelfleet.aws.listing import ListedObject
from pixelfleet.aws.source_buckets import RestoreAnswer
from pixelfleet.domain.archives import RestoreTier
from pixelfleet.domain.jobs import Job, JobKind, Lane, Origin
from pixelfleet.domain.keys import image_id
from pixelfleet.domain.records import BatchState, Status
from pixelfleet.domain.transitions import Aim, Failure
from pixelfleet.errors import Cause, SetupError, TransientError
from pixelfleet.operations.adoption.forecast import forecast_adoption
from pixelfleet.operations.adoption.order import Adoption, source_of
from pixelfleet.operations.adoption.run import AdoptionResult, Step, adopt, interrupted_position
from pixelfleet.operations.completion import complete_if_full
from pixelfleet.operations.pace import Pace
from pixelfleet.operations.recipe_texts import reference
from pixelfleet.operations.routes import RouteOrder, add_route
from tests.clock import Clock
from tests.unit.operations.adoption.fakes import BUCKET, Masters, masters

ORDER = Adoption("anna", BUCKET, owner="museum", batch="scans")


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def there() -> Masters:
    return masters()


def test_every_image_gets_a_record_and_a_job_and_the_batch_is_sealed(there: Masters) -> None:
    there.put("a/1.jpg", "a/2.tif", "b/without-ending")
    result = adopt(there.deployment, ORDER)
    assert [job.key for job in there.sent] == ["a/1.jpg", "a/2.tif", "b/without-ending"]
    assert {job.origin for job in there.sent} == {Origin.ADOPT}
    assert (result.sent, result.steps, result.sealed) == (3, {Step.NEW: 3}, True)
    image = there.deployment.images.get(image_id(BUCKET, "a/1.jpg"))
    assert (image.owner, image.batch, image.status, image.bytes) == ("museum", "scans", Status.QUEUED, 6)
    batch = there.deployment.batches.get("museum", "scans")
    assert (batch.expected, batch.source) == (3, "s3://masters/")


def test_objects_that_cannot_be_images_are_skipped_by_key_and_size(there: Masters) -> None:
    there.put("a.jpg", "film.MP4", "notes.txt", ".DS_Store")
    there.put("empty.jpg", "folder/", body=b"")
    result = adopt(there.deployment, ORDER)
    assert [job.key for job in there.sent] == ["a.jpg"]
    assert result.rejects.causes == {"not_an_image": 3, "empty": 1}


def test_a_prefix_and_a_date_select_objects(there: Masters) -> None:
    there.put("old/1.jpg", "new/1.jpg")
    there.clock.now += 86_400
    there.put("new/2.jpg")
    since = datetime.fromtimestamp(there.clock.now - 3_600, UTC)
    result = adopt(there.deployment, Adoption("anna", BUCKET, "new/", "museum", "scans", since=since))
    assert [job.key for job in there.sent] == ["new/2.jpg"]
    assert result.rejects.older == 1


def test_a_second_adoption_skips_known_images_and_queues_new_objects(there: Masters) -> None:
    there.put("1.jpg", "2.jpg")
    adopt(there.deployment, ORDER)
    claim(there, "1.jpg")
    there.put("3.jpg")
    there.deployment.queues.sent.clear()
    result = adopt(there.deployment, ORDER)
    # The job of 2.jpg may be lost: no worker has claimed the image.
    assert [job.key for job in there.sent] == ["2.jpg", "3.jpg"]
    assert result.steps == {Step.THERE: 1, Step.WAITING: 1, Step.NEW: 1}
    assert there.deployment.batches.get("museum", "scans").expected == 3


def removed(there: Masters, key: str, *, released: bool) -> None:
    """Removes the image of an adopted object; `released`: the object stays."""
    removal = Job(JobKind.REMOVE, BUCKET, key, sequencer="5")
    there.deployment.images.remove(removal, "anna", released=released)
    [tombstone] = images(there, key)
    assert tombstone.status is Status.DELETED


def test_an_object_that_was_gone_and_was_put_again_is_queued(there: Masters) -> None:
    there.put("back.jpg", "removed.jpg")
    adopt(there.deployment, ORDER)
    removed(there, "back.jpg", released=False)
    removed(there, "removed.jpg", released=True)
    there.deployment.queues.sent.clear()
    assert forecast_adoption(there.deployment, ORDER).images == 1
    result = adopt(there.deployment, ORDER)
    [job] = there.sent
    assert (job.key, result.steps) == ("back.jpg", {Step.RETURNED: 1, Step.THERE: 1})
    aim = Aim(job, reference(recipes.builtin("web")), "ab" * 16, "w", "2026-11-20T10:00:00.000Z")
    claimed = there.deployment.images.claim(aim, 5, None)
    assert claimed.status is Status.PROCESSING
    assert forecast_adoption(there.deployment, ORDER).there == 2


def test_objects_that_another_owner_has_make_no_batch_and_are_told(there: Masters) -> None:
    there.put("1.jpg", "2.jpg")
    adopt(there.deployment, ORDER)
    result = adopt(there.deployment, replace(ORDER, owner="bob", batch="mine"))
    assert (result.batch, result.sent, result.others) == (None, 2, {"museum": 2})
    assert there.deployment.batches.get("bob", "mine") is None


def test_an_object_that_an_event_reported_first_keeps_its_owner_and_is_not_counted(there: Masters) -> None:
    there.put("1.jpg", "2.jpg")
    job = adopted_job(there, "1.jpg")
    aim = Aim(job, reference(recipes.builtin("web")), "ab" * 16, "w", "2026-11-20T10:00:00.000Z")
    assert there.deployment.images.begin(aim, 5) is not None
    result = adopt(there.deployment, ORDER)
    assert result.steps == {Step.THERE: 1, Step.NEW: 1}
    assert there.deployment.batches.get("museum", "scans").expected == 1


def test_an_interrupted_adoption_continues_after_the_last_page_and_counts_each_image_once(there: Masters) -> None:
    there.put(*(f"{number:04}.jpg" for number in range(250)))
    there.list_by(100)
    calls = 0

    def dies(jobs: Any) -> None:
        nonlocal calls
        calls += 1
        # In the middle of the second page.
        if calls > 15:
            raise KeyboardInterrupt

    there.deployment.queues.on_send = dies
    with pytest.raises(KeyboardInterrupt):
        adopt(there.deployment, ORDER)
    assert interrupted_position(there.deployment, ORDER) == "0099.jpg"
    there.deployment.queues.on_send = lambda jobs: None
    result = adopt(there.deployment, ORDER)
    assert {job.key for job in there.sent} == {f"{number:04}.jpg" for number in range(250)}
    assert result.listed == 150
    assert there.deployment.batches.get("museum", "scans").expected == 250
    assert interrupted_position(there.deployment, ORDER) == ""


def interrupted(there: Masters, order: Adoption) -> None:
    """Begins an adoption of 20 objects, and interrupts it after its first page of ten."""

    def dies(_: Any) -> None:
        if len(there.deployment.queues.sent) > 10:
            raise KeyboardInterrupt

    there.put(*(f"{number:02}.jpg" for number in range(20)))
    there.list_by(10)
    there.deployment.queues.on_send = dies
    with pytest.raises(KeyboardInterrupt):
        adopt(there.deployment, order)
    assert interrupted_position(there.deployment, order) == "09.jpg"


@pytest.mark.parametrize(
    "change", [{}, {"uploads_queue_url": "https://sqs.us-east-1.amazonaws.com/2/pixelfleet-uploads"}]
)
@pytest.mark.parametrize("owner", ["museum", None])
def test_an_adoption_that_another_deployment_or_an_emptied_one_began_is_not_continued(
    there: Masters, change: dict[str, str], owner: str | None
) -> None:
    order = replace(ORDER, owner=owner, batch="scans" if owner else None)
    other = masters()
    for masters_ in (there, other):
        add_route(masters_.deployment, "anna", RouteOrder("**", owner="museum", bucket=BUCKET))
    interrupted(there, order)
    other.put(*(f"{number:02}.jpg" for number in range(20)))
    other.deployment.settings = other.deployment.settings.model_copy(update=change)
    assert interrupted_position(other.deployment, order) == ""
    assert adopt(other.deployment, order).sent == 20


def test_a_second_adoption_that_was_interrupted_counts_the_images_of_both_runs(there: Masters) -> None:
    there.put("1.jpg")
    adopt(there.deployment, ORDER)
    there.put("2.jpg")
    there.list_by(1)
    real = there.deployment.images.get_many

    def dies(ids: Any) -> Any:
        if image_id(BUCKET, "3.jpg") in ids:
            raise KeyboardInterrupt
        return real(ids)

    there.put("3.jpg")
    claim(there, "3.jpg")
    there.deployment.images.get_many = dies
    with pytest.raises(KeyboardInterrupt):
        adopt(there.deployment, ORDER)
    there.deployment.images.get_many = real
    # The third image is of another owner: this run makes no record.
    assert adopt(there.deployment, ORDER).steps == {Step.THERE: 1}
    assert there.deployment.batches.get("museum", "scans").expected == 2


def test_a_batch_whose_images_are_done_before_its_seal_is_completed_by_the_repeated_command(there: Masters) -> None:
    """The first run seals the batch, and ends before it completes the batch."""
    there.put("1.jpg")
    there.deployment.queues.on_send = lambda _: fail_as_archived(there, "1.jpg")
    seal = there.deployment.batches.seal

    def answer_lost(*arguments: Any) -> bool:
        seal(*arguments)
        raise TransientError(Cause.UNAVAILABLE, "the answer is lost")

    there.deployment.batches.seal = answer_lost
    with pytest.raises(TransientError):
        adopt(there.deployment, ORDER)
    there.deployment.batches.seal = seal
    there.deployment.queues.on_send = lambda _: None
    adopt(there.deployment, ORDER)
    assert there.deployment.notices.batches == ["museum/scans"]
    assert there.deployment.batches.get("museum", "scans").state is BatchState.COMPLETE


def test_an_archived_object_that_is_gone_by_the_time_of_its_restore_stops_no_adoption(there: Masters) -> None:
    """An inventory is up to two days old. A worker finds the object gone, and settles the image."""
    there.put("1.jpg", "2.jpg", storage_class="GLACIER")
    add = there.deployment.images.add

    def delete_first(image: Any) -> Any:
        there.s3.delete_object(Bucket=BUCKET, Key="1.jpg")
        return add(image)

    there.deployment.images.add = delete_first
    result = adopt(there.deployment, replace(ORDER, restore=RestoreTier.BULK))
    assert result.restores == {RestoreAnswer.GONE: 1, RestoreAnswer.REQUESTED: 1}
    assert [job.key for job in there.sent] == ["1.jpg"]
    assert (result.sealed, there.deployment.batches.get("museum", "scans").expected) == (True, 2)


def test_a_key_that_an_inventory_lists_twice_counts_once(there: Masters, tmp_path: Path) -> None:
    there.put("a b.jpg", "c.jpg")
    rows = [row("a+b.jpg"), *(row("c.jpg") for _ in range(1_500)), row("a+b.jpg")]
    order = Adoption("anna", BUCKET, owner="museum", batch="scans", inventory=report(tmp_path, rows))
    result = adopt(there.deployment, order)
    assert [job.key for job in there.sent] == ["a b.jpg", "c.jpg"]
    assert (result.listed, there.deployment.batches.get("museum", "scans").expected) == (2, 2)
    assert result.repeated == 1_500


def test_an_owner_that_nobody_can_be_called_is_an_error_before_the_bucket_is_listed(there: Masters) -> None:
    for owner, batch in (("a b", "scans"), ("museum", "a/b")):
        with pytest.raises(SetupError, match="letters, digits and"):
            forecast_adoption(there.deployment, replace(ORDER, bucket="none", owner=owner, batch=batch))


def test_a_manifest_that_cannot_be_read_says_what_to_do(there: Masters) -> None:
    for address, message in {
        "s3://none/manifest.json": "there is no bucket none: compare the name",
        "s3://masters/manifest.json": "there is no such object; compare the key",
    }.items():
        with pytest.raises(SetupError, match=message):
            adopt(there.deployment, replace(ORDER, inventory=address))


def test_an_adoption_keeps_to_its_rate(there: Masters) -> None:
    there.put(*(f"{number}.jpg" for number in range(50)))
    clock = Clock(0.0)
    adopt(there.deployment, ORDER, pace=Pace(100.0, clock, clock.sleep))
    # Five calls of ten jobs each; the first call does not wait.
    assert clock.now == pytest.approx(0.4)


def test_large_objects_go_to_the_heavy_lane(there: Masters) -> None:
    there.deployment.settings = there.deployment.settings.model_copy(update={"bulk_max_bytes": 10})
    there.put("small.jpg")
    there.put("large.jpg", body=b"x" * 11)
    adopt(there.deployment, ORDER)
    assert {(lane, job.key) for lane, job in there.deployment.queues.sent} == {
        (Lane.BULK, "small.jpg"),
        (Lane.HEAVY, "large.jpg"),
    }


def test_jobs_that_sqs_refuses_are_counted_and_sent_by_the_next_run(there: Masters) -> None:
    there.put("1.jpg")
    taken = there.deployment.queues.send
    there.deployment.queues.send = lambda lane, jobs, group=None: list(jobs)
    assert (adopt(there.deployment, ORDER).sent, adopt(there.deployment, ORDER).refused) == (0, 1)
    there.deployment.queues.send = taken
    assert adopt(there.deployment, ORDER).sent == 1


def test_without_an_owner_the_routes_of_the_bucket_give_each_image_its_owner(there: Masters) -> None:
    there.put("anna/x/1.jpg", "berta/y/1.jpg")
    order = Adoption("anna", BUCKET)
    with pytest.raises(SetupError, match="name the --owner"):
        adopt(there.deployment, order)
    for name in ("anna", "berta"):
        add_route(
            there.deployment,
            "anna",
            RouteOrder(f"{name}/**", owner=name, bucket=BUCKET, batch_from=f"{name}/{{batch}}/**"),
        )
    result = adopt(there.deployment, order)
    places = {(image.owner, image.batch) for image in images(there, "anna/x/1.jpg", "berta/y/1.jpg")}
    assert places == {("anna", "x"), ("berta", "y")}
    assert (result.batch, result.sealed) == (None, False)


def test_a_route_with_another_recipe_is_an_error_before_anything_is_changed(there: Masters) -> None:
    there.put("1.jpg")
    add_route(there.deployment, "anna", RouteOrder("**", recipe="zoom", bucket=BUCKET))
    order = Adoption("anna", BUCKET, owner="museum", recipe=recipes.builtin("web"))
    with pytest.raises(SetupError, match="gives the recipe zoom"):
        adopt(there.deployment, order)
    assert list(there.deployment.batches.all()) == []


def test_a_batch_of_other_images_is_an_error(there: Masters) -> None:
    there.deployment.batches.create("museum", "scans")
    with pytest.raises(SetupError, match="is there already, of uploads"):
        adopt(there.deployment, ORDER)


@pytest.mark.parametrize(
    ("bucket", "message"), [("pixelfleet-uploads", "pixelfleet reconcile"), ("pixelfleet-results", "bucket of results")]
)
def test_the_buckets_of_the_deployment_are_not_adopted(there: Masters, bucket: str, message: str) -> None:
    with pytest.raises(SetupError, match=message):
        adopt(there.deployment, Adoption("anna", bucket, owner="museum"))


def test_an_address_names_a_bucket_and_a_prefix() -> None:
    assert source_of("s3://masters/scans/2024/") == ("masters", "scans/2024/")
    assert source_of("s3://masters") == ("masters", "")
    for wrong in ("masters", "s3://", "https://masters/"):
        with pytest.raises(SetupError, match="s3://BUCKET"):
            source_of(wrong)
    for wrong in ("s3://My_Masters/scans/", "s3://x", "s3://masters?/"):
        with pytest.raises(SetupError, match="is no name of a bucket, which has 3 to 63 lower-case letters"):
            source_of(wrong)


def test_memory_does_not_grow_with_the_bucket(there: Masters) -> None:
    """Each page is released: at most the keys of two pages are held, however many keys were listed."""
    there.put(*(f"{number:05}.jpg" for number in range(500)))
    there.list_by(100)
    held: list[int] = []

    def count(_: AdoptionResult) -> None:
        held.append(sum(type(each) is ListedObject for each in gc.get_objects()))

    result = adopt(there.deployment, ORDER, count)
    assert result.listed == 500
    assert max(held) <= 200


def claim(there: Masters, key: str) -> None:
    job = adopted_job(there, key)
    aim = Aim(job, reference(recipes.builtin("web")), "ab" * 16, "w", "2026-11-20T10:00:00.000Z")
    there.deployment.images.claim(aim, 5, there.deployment.images.get(job.image_id))


def adopted_job(there: Masters, key: str) -> Any:
    head = there.deployment.objects.head(BUCKET, key)
    return Job(JobKind.PROCESS, BUCKET, key, None, head.etag, "0", head.bytes, Origin.ADOPT)


def images(there: Masters, *keys: str) -> list[Any]:
    return [there.deployment.images.get(image_id(BUCKET, key)) for key in keys]


def row(key: str) -> str:
    moment = (datetime.now(UTC) - timedelta(days=1)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return f'"{BUCKET}","{key}","9","{moment}","e1"'


def report(folder: Path, rows: list[str], **changed: object) -> str:
    """Writes an inventory to the disk; returns the path of its manifest."""
    (folder / "part.csv.gz").write_bytes(gzip.compress("\n".join(rows).encode()))
    manifest = {
        "sourceBucket": BUCKET,
        "destinationBucket": "arn:aws:s3:::inventories",
        "fileFormat": "CSV",
        "fileSchema": "Bucket, Key, Size, LastModifiedDate, ETag",
        "files": [{"key": "part.csv.gz", "size": 1}],
    }
    path = folder / "manifest.json"
    path.write_text(json.dumps(manifest | changed))
    return str(path)


def test_an_inventory_of_another_bucket_or_form_is_an_error_before_anything_is_changed(
    there: Masters, tmp_path: Path
) -> None:
    cases = {
        r"of bucket others, not of masters: name the manifest.json of an inventory of masters": {
            "sourceBucket": "others"
        },
        "in ORC: configure it to be written as CSV": {"fileFormat": "ORC"},
    }
    for message, changed in cases.items():
        order = Adoption("anna", BUCKET, owner="museum", inventory=report(tmp_path, [row("a.jpg")], **changed))
        with pytest.raises(SetupError, match=message):
            adopt(there.deployment, order)
    assert list(there.deployment.batches.all()) == []


def test_a_wrong_row_of_an_inventory_is_an_error_that_names_the_row(there: Masters, tmp_path: Path) -> None:
    order = Adoption(
        "anna", BUCKET, owner="museum", inventory=report(tmp_path, [row("a.jpg"), '"masters","b.jpg","x"'])
    )
    with pytest.raises(SetupError, match=r"row 2 of part\.csv\.gz is no row of an inventory: it has 3 fields, not 5"):
        adopt(there.deployment, order)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ('"masters","b.jpg","x","2026-11-01T00:00:00.000Z","e1"', "Size 'x' is no number of bytes"),
        ('"masters","b.jpg","9","yesterday","e1"', "LastModifiedDate 'yesterday' is no date"),
        ('"others","b.jpg","9","2026-11-01T00:00:00.000Z","e1"', "an object of bucket others, not of masters"),
    ],
)
def test_a_wrong_field_of_an_inventory_is_named(there: Masters, tmp_path: Path, wrong: str, message: str) -> None:
    order = Adoption("anna", BUCKET, owner="museum", inventory=report(tmp_path, [row("a.jpg"), wrong]))
    with pytest.raises(SetupError, match=f"row 2 of part.csv.gz is no row of an inventory: {message}"):
        forecast_adoption(there.deployment, order)


@pytest.mark.parametrize("content", [b"\x1f\x8b\x08\xff", b"no JSON"])
def test_a_file_that_is_no_manifest_is_refused_in_words(there: Masters, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "report.csv.gz").write_bytes(content)
    order = Adoption("anna", BUCKET, owner="museum", inventory=str(tmp_path / "report.csv.gz"))
    with pytest.raises(
        SetupError, match=r"is no inventory manifest: it is no JSON\. Name the manifest.json of the report"
    ):
        forecast_adoption(there.deployment, order)


def test_archived_objects_without_restore_are_queued_and_fail_with_their_cause(there: Masters) -> None:
    there.put("1.jpg", storage_class="GLACIER")
    assert adopt(there.deployment, ORDER).sent == 1


def test_a_restore_is_requested_and_the_job_is_sent_when_the_object_can_be_read(there: Masters) -> None:
    there.put("1.jpg", storage_class="GLACIER")
    there.put("2.jpg")
    order = replace(ORDER, restore=RestoreTier.BULK)
    result = adopt(there.deployment, order)
    assert [job.key for job in there.sent] == ["2.jpg"]
    assert (result.steps, result.restores) == ({Step.ARCHIVED: 1, Step.NEW: 1}, {RestoreAnswer.REQUESTED: 1})
    # The batch also waits for the restored image.
    assert there.deployment.batches.get("museum", "scans").expected == 2
    assert adopt(there.deployment, order).restores == {RestoreAnswer.UNDER_WAY: 1}
    there.s3.finish_restore(BUCKET, "1.jpg")
    there.deployment.queues.sent.clear()
    adopt(there.deployment, order)
    assert "1.jpg" in [job.key for job in there.sent]


def test_a_sealed_batch_also_waits_for_an_image_whose_restore_a_later_adoption_requests(there: Masters) -> None:
    there.put("1.jpg")
    adopt(there.deployment, ORDER)
    removed(there, "1.jpg", released=True)
    there.put("2.jpg", storage_class="GLACIER")
    result = adopt(there.deployment, replace(ORDER, restore=RestoreTier.BULK))
    assert (result.steps, result.sent) == ({Step.THERE: 1, Step.ARCHIVED: 1}, 0)
    assert there.deployment.batches.get("museum", "scans").expected == 2


def test_an_adoption_that_died_before_it_sealed_its_batch_again_seals_it_when_it_is_repeated(
    there: Masters, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No job was sent: S3 restores the object first."""
    there.put("1.jpg")
    adopt(there.deployment, ORDER)
    removed(there, "1.jpg", released=True)
    there.put("2.jpg", storage_class="GLACIER")

    def dies(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("pixelfleet.operations.adoption.run.seal", dies)
        with pytest.raises(KeyboardInterrupt):
            adopt(there.deployment, replace(ORDER, restore=RestoreTier.BULK))
    assert adopt(there.deployment, replace(ORDER, restore=RestoreTier.BULK)).sealed
    assert there.deployment.batches.get("museum", "scans").expected == 2


def test_an_image_that_was_done_before_an_interrupted_adoption_noted_its_page_is_expected_by_its_batch(
    there: Masters,
) -> None:
    there.put("1.jpg")
    adopt(there.deployment, ORDER)
    removed(there, "1.jpg", released=True)
    complete_if_full(there.deployment, "museum", "scans")
    there.put("2.jpg")

    def dies(_: Any) -> None:
        fail_as_archived(there, "2.jpg")
        raise KeyboardInterrupt

    there.deployment.queues.on_send = dies
    with pytest.raises(KeyboardInterrupt):
        adopt(there.deployment, ORDER)
    there.deployment.queues.on_send = lambda _: None
    assert adopt(there.deployment, ORDER).steps == {Step.THERE: 2}
    assert there.deployment.batches.get("museum", "scans").expected == 2


def test_a_second_adoption_restores_an_image_that_failed_as_archived(there: Masters) -> None:
    there.put("1.jpg")
    there.s3.archive(BUCKET, "1.jpg", "ARCHIVE_ACCESS")
    adopt(there.deployment, ORDER)
    fail_as_archived(there, "1.jpg")
    there.deployment.queues.sent.clear()
    order = replace(ORDER, restore=RestoreTier.STANDARD)
    assert adopt(there.deployment, order).restores == {RestoreAnswer.REQUESTED: 1}
    there.s3.finish_restore(BUCKET, "1.jpg")
    assert adopt(there.deployment, order).restores == {RestoreAnswer.READABLE: 1}
    assert [(job.key, job.origin) for job in there.sent] == [("1.jpg", Origin.RESTORE)]


def fail_as_archived(there: Masters, key: str) -> None:
    job = adopted_job(there, key)
    aim = Aim(job, reference(recipes.builtin("web")), "ab" * 16, "w", "2026-11-20T10:00:00.000Z")
    claimed = there.deployment.images.claim(aim, 5, there.deployment.images.get(job.image_id))
    there.deployment.images.record_failed(aim.claimed(claimed), Failure(Cause.ARCHIVED, "it is archived"))
