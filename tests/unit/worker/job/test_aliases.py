"""Aliases stay as the catalog says: for each revision, each removal, each claim, and after a death at any call."""

import hashlib
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from pixelfleet import recipes
from pixelfleet.aws.alias_objects import AliasObjects
from pixelfleet.aws.listing import Listings
from pixelfleet.aws.objects import Objects
from pixelfleet.catalog.alias_claims import AliasClaims
from pixelfleet.domain.jobs import Job, JobKind, Origin
from pixelfleet.domain.records import AliasState, Image, NoticeKind, RecipeRef, Status, StoredVariant
from pixelfleet.domain.transitions import Aim, Success
from pixelfleet.operations.aliases import Aliases
from pixelfleet.operations.kept_revisions import make_current
from pixelfleet.operations.recipe_texts import store_recipe
from pixelfleet.operations.reconcile.records import settle_records
from pixelfleet.operations.reconcile.sweep import Sweep, Swept
from pixelfleet.operations.reconcile.verdict import Horizon
from pixelfleet.settings import Settings
from tests.clock import Clock
from tests.fakes.s3 import FakeS3
from tests.unit.operations.fakes import fake_deployment
from worker.job.finish import Finish
from worker.job.process import Processor

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
LATER = datetime.now(UTC) + timedelta(hours=1)
BUCKET = "shop"
CAT, TWIN = "uploads/me/b1/cat.png", "uploads/me/b1/cat.gif"
TEMPLATE = "{path}/{stem}_{variant}.{ext}"


class Shop:
    """A worker whose aliases go to a bucket that has a file of somebody else, too."""

    def __init__(self, **settings: Any) -> None:
        self._fields = {"alias": TEMPLATE, "alias_bucket": BUCKET, "alias_prefix": "img/"} | settings
        self.settings = Settings(**self._fields)
        client: Any = FakeS3(Clock(NOW.timestamp()))
        self.s3: Any = client
        for name in dict.fromkeys((self.settings.uploads_bucket, self.settings.results_bucket, BUCKET)):
            self.s3.create_bucket(Bucket=name)
        self.s3.put_object(Bucket=BUCKET, Key="img/theirs.jpg", Body=b"theirs")
        self.published: list[Image] = []
        self.deployment = fake_deployment()
        no_bytes: Any = None
        for name, adapter in {
            "settings": self.settings,
            "alias_claims": AliasClaims(self.deployment.images._client, "images"),
            "alias_objects": AliasObjects(client, self.settings.results_bucket, self.settings.stable_max_age),
            "objects": Objects(client, no_bytes, self.settings.results_bucket),
            "listings": Listings(client),
            "notices": SimpleNamespace(image=self.published.append),
            "cdn": None,
        }.items():
            setattr(self.deployment, name, adapter)
        self.with_template(self.settings.alias)

    def with_template(self, template: str) -> None:
        """Another template, for a worker that starts again."""
        self.settings = self.deployment.settings = Settings(**self._fields | {"alias": template})
        self.finish = Finish(self.deployment)

    def put(self, key: str, body: bytes) -> Job:
        stored = self.s3.put_object(Bucket=self.settings.uploads_bucket, Key=key, Body=body)
        bucket = self.s3.bucket(self.settings.uploads_bucket)
        sequencer, etag = bucket.current(key).sequencer, stored["ETag"].strip('"')
        return Job(JobKind.PROCESS, self.settings.uploads_bucket, key, None, etag, sequencer, len(body))

    def do(self, job: Job, recipe: RecipeRef | None = None, names: tuple[str, ...] = ("thumb", "card")) -> Image:
        """Carry out a job, with variants of these names."""
        revision = hashlib.sha256(f"{job.etag}{names!r}".encode()).hexdigest()[:32]
        aim = Aim(job, recipe or _ref("web"), revision, "w1", "2026-11-20T12:00:00.000Z")
        claimed = self.deployment.images.claim(aim, 5, self.deployment.images.get(job.image_id))
        assert isinstance(claimed, Image)
        aim = aim.claimed(claimed)
        variants = tuple(self._store(claimed, aim.revision, name) for name in names)
        keep = self.settings.keep_revisions > 0
        recorded = self.deployment.images.record_ready(aim, Success(variants, {}, {}), claimed, keep=keep)
        assert isinstance(recorded, Image)
        return self.finish.settled(recorded)

    def ready(self, key: str = CAT, body: bytes = b"first", names: tuple[str, ...] = ("thumb", "card")) -> Image:
        return self.do(self.put(key, body), names=names)

    def remove(self, image: Image) -> None:
        self.s3.delete_object(Bucket=image.bucket, Key=image.key)
        removed = self.deployment.images.remove(Job(JobKind.REMOVE, image.bucket, image.key), "w1")
        self.finish.settled(removed)

    def image(self, image: Image | Job) -> Image:
        found: Image = self.deployment.images.get(image.image_id)
        return found

    def _store(self, image: Image, revision: str, name: str) -> StoredVariant:
        key = f"{image.owner}/{image.image_id}/{revision}/{name}.jpg"
        body = f"{revision} {name}".encode()
        self.s3.put_object(Bucket=self.settings.results_bucket, Key=key, Body=body, ContentType="image/jpeg")
        return StoredVariant(
            name=name, key=key, format="jpeg", width=1, height=1, bytes=len(body), content_type="image/jpeg"
        )

    def aliases(self) -> dict[str, str]:
        """Each alias with the key of the result that it is a copy of; the bytes are compared."""
        listed = {}
        for entry in self.s3.list_objects_v2(Bucket=self.settings.alias_bucket, Prefix=self.settings.alias_prefix).get(
            "Contents", []
        ):
            copy = self.s3.get_object(Bucket=self.settings.alias_bucket, Key=entry["Key"])
            if entry["Key"] != "img/theirs.jpg":
                result = copy["Metadata"]["pixelfleet-result"]
                original = self.s3.get_object(Bucket=self.settings.results_bucket, Key=result)
                assert (copy["Body"].read(), copy["ContentType"]) == (original["Body"].read(), "image/jpeg")
                listed[entry["Key"]] = result
        return listed

    def sweep(self, *, dry_run: bool = False) -> Swept:
        return Sweep(self.deployment, LATER, dry_run=dry_run).run(lambda _: None)

    def settle(self) -> int:
        """The second part of a reconcile; returns how many records were sent again."""
        horizon = Horizon(LATER, dict.fromkeys(self.settings.lanes, LATER))
        return settle_records(self.deployment, horizon, "", lambda _: None, dry_run=False).unfinished

    def do_sent(self) -> None:
        """Carry out the jobs that a reconcile sent: each is of an image that has its outcome."""
        sent, self.deployment.queues.sent = self.deployment.queues.sent, []
        for _, job in sent:
            self.finish.again(job.image_id)

    def reconcile(self) -> None:
        self.settle()
        self.do_sent()
        self.sweep()
        self.do_sent()


@pytest.fixture
def shop() -> Shop:
    return Shop()


def by_template(image: Image) -> dict[str, str]:
    stem = image.path.rpartition(".")[0]
    return {f"img/{stem}_{one.name}.jpg": one.key for one in image.variants}


def _ref(name: str) -> RecipeRef:
    return RecipeRef(name=name, digest=recipes.builtin(name).digest)


def test_a_ready_image_has_its_aliases_before_its_notice(shop: Shop) -> None:
    image = shop.ready()
    assert shop.aliases() == by_template(image)
    assert {alias.state for alias in image.aliases} == {AliasState.HELD}
    [published] = shop.published
    assert published.aliases == image.aliases


def test_the_aliases_follow_each_revision(shop: Shop) -> None:
    first, second = shop.ready(), shop.ready(body=b"second")
    assert first.revision != second.revision
    assert shop.aliases() == by_template(second)


def test_a_revision_with_fewer_variants_removes_the_aliases_of_the_others(shop: Shop) -> None:
    shop.ready()
    after = shop.ready(body=b"second", names=("card",))
    assert shop.aliases() == by_template(after)
    assert len(after.variants) == 1


def test_a_recipe_has_a_template_of_its_own(shop: Shop) -> None:
    text = (
        recipes.builtin("catalog")
        .to_text()
        .replace('name = "catalog"', 'name = "own"\nalias = "own/{owner}-{batch}-{stem}.{variant}.{ext}"')
    )
    image = shop.do(shop.put(CAT, b"first"), store_recipe(shop.deployment, recipes.parse(text, "own")))
    assert shop.aliases() == {f"img/own/me-b1-cat.{one.name}.jpg": one.key for one in image.variants}


def test_a_removed_image_has_no_alias(shop: Shop) -> None:
    image = shop.ready()
    shop.remove(image)
    assert (shop.aliases(), shop.image(image).aliases) == ({}, ())


def test_a_revision_that_is_made_current_again_gets_the_aliases_before_its_notice() -> None:
    shop = Shop(keep_revisions=2)
    job = shop.put(CAT, b"first")
    first = shop.do(job)
    shop.deployment.images.queue_again(first, "anna", Origin.REPROCESS, _ref("catalog"))
    second = shop.do(job.asked_by(Origin.REPROCESS), _ref("catalog"), ("card",))
    current = make_current(shop.deployment, second, first.revision or "", "anna")
    assert (current.notice, len(shop.published)) == (NoticeKind.IMAGE_READY, 2)
    shop.do_sent()
    assert shop.aliases() == by_template(first)
    assert (shop.image(first).notice, len(shop.published)) == (None, 3)


def test_the_older_image_keeps_a_key_and_the_newer_one_says_so(shop: Shop) -> None:
    older, newer = shop.ready(), shop.ready(TWIN, b"twin")
    assert shop.aliases() == by_template(older)
    assert {alias.state for alias in newer.aliases} == {AliasState.TAKEN}
    assert newer.attempt_log[-1].what == "alias taken"
    assert "another image has this key" in shop.published[-1].aliases[0].problem
    again = shop.ready(body=b"second")
    assert shop.aliases() == by_template(again)


THEIR_FILES = {f"img/cat_{name}.jpg": f"their {name}".encode() for name in ("card", "thumb")}


def put_theirs(shop: Shop) -> None:
    for key, body in THEIR_FILES.items():
        shop.s3.put_object(Bucket=BUCKET, Key=key, Body=body)


def theirs(shop: Shop) -> dict[str, bytes]:
    listed = shop.s3.list_objects_v2(Bucket=BUCKET, Prefix="img/cat").get("Contents", [])
    return {entry["Key"]: shop.s3.get_object(Bucket=BUCKET, Key=entry["Key"])["Body"].read() for entry in listed}


def test_a_file_of_somebody_else_is_neither_overwritten_nor_deleted_and_the_image_says_so(shop: Shop) -> None:
    put_theirs(shop)
    image = shop.ready()
    assert theirs(shop) == THEIR_FILES
    assert {alias.state for alias in image.aliases} == {AliasState.TAKEN}
    assert (image.status, image.attempt_log[-1].what) == (Status.READY, "alias taken")
    assert "a file that pixelfleet did not write" in shop.published[-1].aliases[0].problem
    again = shop.ready(body=b"second")
    assert (theirs(shop), again.aliases[0].state) == (THEIR_FILES, AliasState.TAKEN)
    shop.sweep()
    shop.do_sent()
    shop.remove(again)
    shop.sweep()
    assert (theirs(shop), shop.image(again).aliases) == (THEIR_FILES, ())


def test_a_file_that_somebody_put_in_the_place_of_an_alias_is_not_overwritten_by_the_next_revision(shop: Shop) -> None:
    shop.ready()
    put_theirs(shop)
    again = shop.ready(body=b"second")
    assert theirs(shop) == THEIR_FILES
    assert {alias.state for alias in again.aliases} == {AliasState.TAKEN}


def test_the_alias_is_written_by_the_next_reconcile_once_the_file_of_somebody_else_is_gone(shop: Shop) -> None:
    put_theirs(shop)
    image = shop.ready()
    shop.reconcile()
    assert theirs(shop) == THEIR_FILES
    for key in THEIR_FILES:
        shop.s3.delete_object(Bucket=BUCKET, Key=key)
    assert shop.settle() == 1
    shop.do_sent()
    assert shop.aliases() == by_template(image)
    assert (shop.image(image).alias_due, shop.settle()) == (None, 0)


def test_a_file_that_appears_between_the_look_and_the_copy_stays(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """The key has a copy of ours, which is not in the record; somebody replaces the copy after the worker's look."""
    dies(shop, monkeypatch, "alias_objects.copy", shop.ready)
    look = shop.s3.head_object

    def replaced(**request: Any) -> Any:
        answer = look(**request)
        if request["Bucket"] == BUCKET:
            put_theirs(shop)
        return answer

    monkeypatch.setattr(shop.s3, "head_object", replaced)
    job = Job(JobKind.PROCESS, shop.settings.uploads_bucket, CAT)
    shop.finish.again(job.image_id)
    assert theirs(shop) == THEIR_FILES
    assert {alias.state for alias in shop.image(job).aliases} == {AliasState.TAKEN}


def test_a_copy_of_an_alias_that_somebody_made_is_a_file_of_somebody_else(shop: Shop) -> None:
    """S3 copies the metadata, too."""
    shop.ready()
    source = {"Bucket": BUCKET, "Key": "img/cat_card.jpg"}
    shop.s3.copy_object(Bucket=BUCKET, Key="img/dog_card.jpg", CopySource=source)
    before = shop.s3.head_object(Bucket=BUCKET, Key="img/dog_card.jpg")
    dog = shop.ready("uploads/me/b1/dog.png", b"dog")
    states = {alias.key: alias.state for alias in dog.aliases}
    assert states == {"img/dog_card.jpg": AliasState.TAKEN, "img/dog_thumb.jpg": AliasState.HELD}
    assert shop.s3.head_object(Bucket=BUCKET, Key="img/dog_card.jpg")["Metadata"] == before["Metadata"]
    shop.remove(dog)
    assert shop.deployment.alias_objects.result_of((BUCKET, "img/dog_card.jpg")) is None
    assert shop.s3.head_object(Bucket=BUCKET, Key="img/dog_card.jpg")["ETag"] == before["ETag"]


def test_a_file_that_appears_between_the_look_and_the_delete_stays(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    image = shop.ready()
    look = shop.s3.head_object

    def replaced(**request: Any) -> Any:
        answer = look(**request)
        if request["Bucket"] == BUCKET:
            shop.s3.put_object(**request, Body=THEIR_FILES[request["Key"]])
        return answer

    monkeypatch.setattr(shop.s3, "head_object", replaced)
    shop.remove(image)
    assert theirs(shop) == THEIR_FILES


def test_an_alias_of_an_earlier_release_is_deleted_with_its_image(shop: Shop) -> None:
    image = shop.ready()
    for key, result in shop.aliases().items():
        shop.s3.put_object(Bucket=BUCKET, Key=key, Body=b"x", Metadata={"pixelfleet-result": result})
    shop.remove(image)
    assert shop.aliases() == {}


def test_a_freed_key_goes_to_the_image_that_waits(shop: Shop) -> None:
    older, newer, third = shop.ready(), shop.ready(TWIN, b"twin"), shop.ready("uploads/me/b1/cat.bmp", b"third")
    shop.remove(older)
    assert shop.aliases() == {}
    assert [job.image_id for _, job in shop.deployment.queues.sent] == [newer.image_id]
    shop.do_sent()
    assert shop.aliases() == by_template(newer)
    assert shop.image(third).alias_due is True
    shop.remove(newer)
    shop.reconcile()
    assert shop.aliases() == by_template(third)


def test_a_reconcile_gives_a_freed_key_to_the_image_that_waits_if_its_job_is_lost(shop: Shop) -> None:
    older, newer = shop.ready(), shop.ready(TWIN, b"twin")
    assert shop.settle() == 0
    shop.remove(older)
    shop.deployment.queues.sent.clear()
    assert shop.aliases() == {}
    assert shop.settle() == 1
    shop.do_sent()
    assert shop.aliases() == by_template(newer)
    assert (shop.image(newer).alias_due, shop.settle()) == (None, 0)


def test_a_bucket_that_refuses_writes_holds_nothing_up_and_is_tried_again(shop: Shop) -> None:
    missing = shop.s3._buckets.pop(BUCKET)
    image = shop.ready()
    assert {alias.state for alias in image.aliases} == {AliasState.REFUSED}
    assert (image.notice, len(shop.published)) == (None, 1)
    shop.s3._buckets[BUCKET] = missing
    assert shop.settle() == 1
    shop.do_sent()
    assert shop.aliases() == by_template(image)


def test_an_image_is_removed_although_the_bucket_of_its_aliases_is_gone(shop: Shop) -> None:
    image = shop.ready()
    del shop.s3._buckets[BUCKET]
    shop.remove(image)
    assert (shop.image(image).aliases, shop.image(image).superseded) == ((), ())


def test_a_path_that_makes_no_key_is_noted_and_is_not_tried_again(shop: Shop) -> None:
    image = shop.ready("uploads/me/b1/a//cat.png")
    assert {alias.state for alias in image.aliases} == {AliasState.INVALID}
    assert (shop.aliases(), shop.settle(), shop.sweep().aliases) == ({}, 0, 0)


@pytest.mark.parametrize("kept", [False, True])
def test_a_late_copy_of_older_results_is_replaced_by_the_copier_itself(
    monkeypatch: pytest.MonkeyPatch, *, kept: bool
) -> None:
    """Between a worker's copy and its look at the record, another worker records a newer revision."""
    shop = Shop(keep_revisions=2 if kept else 0)
    job = shop.put(CAT, b"first")
    first = shop.do(job)
    newer: list[Image] = []

    def again() -> Image:
        shop.deployment.images.queue_again(first, "anna", Origin.REPROCESS, _ref("catalog"))
        return shop.do(job.asked_by(Origin.REPROCESS), _ref("catalog"), ("card", "thumb"))

    late = _before(shop.deployment.alias_objects.copy, newer, again, None if kept else shop)
    monkeypatch.setattr(shop.deployment.alias_objects, "copy", late)
    Aliases(shop.deployment).sync(first)
    assert shop.aliases() == by_template(newer[0])


def test_a_late_copy_for_a_removed_image_gives_the_key_back_to_the_next_image(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = shop.ready()
    heirs: list[Image] = []

    def inherited() -> Image:
        shop.remove(first)
        return shop.ready(TWIN, b"twin")

    late = _before(shop.deployment.alias_objects.copy, heirs, inherited, shop)
    monkeypatch.setattr(shop.deployment.alias_objects, "copy", late)
    Aliases(shop.deployment).sync(first)
    assert shop.aliases() == by_template(heirs[0])
    assert shop.image(first).aliases == ()


def _before(
    copy: Callable[..., None], made: list[Image], change: Callable[[], Image], shop: Shop | None
) -> Callable[..., None]:
    """A copy at S3 whose first call is slow: meanwhile `change` happens. S3 copies results that `shop` then deletes."""
    busy: list[bool] = []

    def slow(result: str, *rest: Any, **held: bool) -> None:
        if busy:
            copy(result, *rest, **held)
            return
        busy.append(True)
        if shop is None:
            made.append(change())
            copy(result, *rest, **held)
            return
        body = shop.s3.get_object(Bucket=shop.settings.results_bucket, Key=result)["Body"].read()
        made.append(change())
        where = {"Bucket": shop.settings.results_bucket, "Key": result}
        shop.s3.put_object(**where, Body=body, ContentType="image/jpeg")
        copy(result, *rest, **held)
        shop.s3.delete_object(**where)

    return slow


#: Every call after the record of an outcome, at which a worker may die.
CALLS = (
    "queues.send_one", "alias_claims.wait",
    "alias_claims.claim", "alias_claims.release", "alias_claims.holder", "alias_objects.copy", "alias_objects.delete",
    "images.set_aliases", "images.get", "notices.image", "images.announced", "images.forget_revisions",
)  # fmt: skip


@pytest.mark.parametrize("before", [True, False], ids=["before the call", "after the call"])
@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("step", ["first", "second", "fewer", "removal", "freed"])
def test_a_death_at_any_call_leaves_nothing_that_a_reconcile_does_not_mend(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, step: str, call: str, *, before: bool
) -> None:
    """The message of the job is lost, too."""
    image = shop.ready() if step != "first" else None
    twin = shop.ready(TWIN, b"twin") if step == "freed" else None
    name, _, method = call.partition(".")
    adapter = getattr(shop.deployment, name)
    names = ("card",) if step == "fewer" else ("thumb", "card")
    with monkeypatch.context() as patch, suppress(SystemExit):
        patch.setattr(adapter, method, _dying(getattr(adapter, method), before=before))
        if step in ("removal", "freed") and image is not None:
            shop.remove(image)
        else:
            image = shop.do(shop.put(CAT, b"second"), names=names)
    shop.reconcile()
    shop.reconcile()
    key = Job(JobKind.PROCESS, shop.settings.uploads_bucket, CAT)
    heir = shop.image(twin) if twin is not None else shop.image(key)
    assert shop.aliases() == ({} if step == "removal" else by_template(heir))
    assert shop.image(key).superseded == ()
    assert shop.image(key).notice is None


def _dying(call: Callable[..., Any], *, before: bool) -> Callable[..., Any]:
    """The call, at which the process dies; the first read of a record comes before the outcome, and succeeds."""
    calls: list[int] = []

    def die(*arguments: Any, **named: Any) -> Any:
        calls.append(1)
        if call.__name__ == "get" and len(calls) <= 1:
            return call(*arguments, **named)
        if not before:
            call(*arguments, **named)
        raise SystemExit

    return die


def test_a_sweep_makes_a_missing_and_an_old_alias_again(shop: Shop) -> None:
    image = shop.ready()
    one, other = sorted(shop.aliases())
    shop.s3.delete_object(Bucket=BUCKET, Key=one)
    shop.s3.put_object(Bucket=BUCKET, Key=other, Body=b"old", Metadata={"pixelfleet-result": "me/x/old/card.jpg"})
    assert shop.sweep(dry_run=True).aliases == 1
    assert shop.deployment.queues.sent == []
    assert shop.sweep().aliases == 1
    shop.do_sent()
    assert shop.aliases() == by_template(image)
    assert shop.sweep().aliases == 0


def test_a_sweep_deletes_copies_of_no_image_and_leaves_files_of_others(shop: Shop) -> None:
    image = shop.ready()
    stray = {"pixelfleet-result": image.variants[0].key}
    shop.s3.put_object(Bucket=BUCKET, Key="img/stray.jpg", Body=b"x", Metadata=stray)
    assert shop.sweep(dry_run=True).stray_aliases == 1
    assert shop.sweep().stray_aliases == 1
    keys = {entry["Key"] for entry in shop.s3.list_objects_v2(Bucket=BUCKET)["Contents"]}
    assert keys == {*by_template(image), "img/theirs.jpg"}


def dies(shop: Shop, monkeypatch: pytest.MonkeyPatch, call: str, work: Callable[[], object]) -> None:
    """The worker dies after this call, and its message is lost."""
    name, _, method = call.partition(".")
    adapter = getattr(shop.deployment, name)
    with monkeypatch.context() as patch, suppress(SystemExit):
        patch.setattr(adapter, method, _dying(getattr(adapter, method), before=False))
        work()


def claimed(shop: Shop) -> dict[str, str]:
    """The image of each claim."""
    return {claim.place[1]: claim.holder for page in shop.deployment.alias_claims.pages() for claim in page}


@pytest.mark.parametrize("call", ["alias_claims.claim", "alias_objects.copy"])
def test_a_sweep_has_the_claims_of_a_removed_image_given_up_that_its_record_does_not_name(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    dies(shop, monkeypatch, call, shop.ready)
    image = shop.image(Job(JobKind.PROCESS, shop.settings.uploads_bucket, CAT))
    shop.remove(image)
    twin = shop.ready(TWIN, b"twin")
    assert claimed(shop) != dict.fromkeys(by_template(twin), twin.image_id)
    assert shop.sweep(dry_run=True).stray_claims == 1
    assert shop.deployment.queues.sent == []
    assert shop.sweep().stray_claims == 1
    shop.do_sent()
    # The job of the image that waited.
    shop.do_sent()
    assert shop.aliases() == by_template(twin)
    assert claimed(shop) == dict.fromkeys(by_template(twin), twin.image_id)
    assert shop.image(image).aliases == ()
    assert shop.sweep().stray_claims == 0


def test_a_sweep_has_the_claims_of_former_results_given_up_that_no_record_names(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    dies(shop, monkeypatch, "alias_objects.copy", lambda: shop.ready(names=("extra", "card")))
    image = shop.image(Job(JobKind.PROCESS, shop.settings.uploads_bucket, CAT))
    shop.deployment.images.announced(image)
    image = shop.do(shop.put(CAT, b"second"), names=("card",))
    assert set(claimed(shop)) == {"img/cat_extra.jpg", "img/cat_card.jpg"}
    assert shop.sweep().stray_claims == 1
    shop.do_sent()
    assert shop.aliases() == by_template(image)
    assert set(claimed(shop)) == {"img/cat_card.jpg"}


def test_a_sweep_leaves_claims_of_images_under_way_or_changed_just_now_and_those_that_belong_to_results(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    dies(shop, monkeypatch, "alias_objects.copy", shop.ready)
    image = shop.image(Job(JobKind.PROCESS, shop.settings.uploads_bucket, CAT))
    shop.deployment.images.announced(image)
    assert shop.sweep().stray_claims == 0
    shop.remove(image)
    young = Sweep(shop.deployment, NOW - timedelta(days=1), dry_run=False)
    assert young.run(lambda _: None).stray_claims == 0
    claim = Aim(shop.put(CAT, b"second"), _ref("web"), "r", "w1", "2026-11-20T12:00:00.000Z")
    assert isinstance(shop.deployment.images.claim(claim, 5, shop.image(image)), Image)
    assert shop.sweep().stray_claims == 0


def test_a_worker_that_records_its_aliases_during_a_sweep_keeps_them(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    dies(shop, monkeypatch, "alias_objects.copy", shop.ready)
    image = shop.image(Job(JobKind.PROCESS, shop.settings.uploads_bucket, CAT))
    shop.remove(image)
    note = shop.deployment.images.note_claims

    def noted_late(*arguments: Any) -> Any:
        shop.ready(CAT, b"second")
        return note(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(shop.deployment.images, "note_claims", noted_late)
        assert shop.sweep().stray_claims == 1
    shop.do_sent()
    assert shop.aliases() == by_template(shop.image(image))
    assert claimed(shop) == dict.fromkeys(by_template(shop.image(image)), image.image_id)


def test_a_reconcile_finishes_an_inheritance_that_a_death_cut_short(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    older, newer = shop.ready(names=("card",)), shop.ready(TWIN, b"twin", names=("card",))
    shop.remove(older)
    dies(shop, monkeypatch, "alias_claims.claim", shop.do_sent)
    assert shop.settle() == 1
    shop.do_sent()
    assert shop.aliases() == by_template(newer)


def test_a_changed_template_moves_the_aliases_at_the_next_sweep(shop: Shop) -> None:
    image = shop.ready()
    shop.with_template("new/{stem}-{variant}.{ext}")
    assert shop.sweep().aliases == 1
    shop.do_sent()
    assert set(shop.aliases()) == {"img/new/cat-thumb.jpg", "img/new/cat-card.jpg"}
    shop.with_template("")
    assert shop.sweep().aliases == 1
    shop.do_sent()
    assert (shop.aliases(), shop.image(image).aliases) == ({}, ())


def test_aliases_in_the_bucket_of_results_are_no_results_to_the_sweep() -> None:
    shop = Shop(alias_bucket="", alias_prefix="")
    shop.ready("uploads/me/b1/a/b/cat.png")
    assert set(shop.aliases()) == {"_alias/a/b/cat_thumb.jpg", "_alias/a/b/cat_card.jpg"}
    swept = shop.sweep()
    assert (swept.unexplained, swept.orphaned, swept.aliases, swept.stray_aliases) == (0, 0, 0, 0)


def test_without_a_template_nothing_is_claimed_or_copied() -> None:
    shop = Shop(alias="")
    del shop.deployment.alias_claims, shop.deployment.alias_objects
    assert shop.ready().aliases == ()


def test_a_job_for_aliases_makes_aliases_and_renders_nothing(shop: Shop) -> None:
    image = shop.ready()
    shop.s3.delete_object(Bucket=BUCKET, Key="img/cat_card.jpg")
    assert Processor(shop.deployment).carry_out(image.job(Origin.ALIASES), image.lane, _NoHold()) is None
    assert shop.aliases() == by_template(image)
    assert shop.image(image).attempt_log == image.attempt_log


class _NoHold:
    receives = 1

    def check(self) -> None:
        raise AssertionError("nothing is rendered")
