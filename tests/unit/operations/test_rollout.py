"""A rollout makes a canary and then the rest; it stops at its bound, and goes on after any interruption."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pixelfleet import recipes
from pixelfleet.catalog.background import SILENT, BackgroundTaskState
from pixelfleet.domain.jobs import Job, JobKind, Lane, Origin
from pixelfleet.domain.records import Alias, AliasState, Image, RecipeRef, Status, StoredVariant, timestamp
from pixelfleet.domain.rollout import Bound
from pixelfleet.domain.rollout_sample import SampledImage, SampledRecipe, SampledVariant
from pixelfleet.domain.transitions import Aim, Failure, Success
from pixelfleet.errors import Cause, PermanentError, SetupError
from pixelfleet.operations import task_progress
from pixelfleet.operations.redrive import Clock as Waits
from pixelfleet.operations.rollout.order import RolloutOrder, upload_bytes, waiting
from pixelfleet.operations.rollout.run import Rollout, RolloutResult, Step, ended_rollout, journal_of
from pixelfleet.operations.rollout.sample import SampleRenderer
from tests.clock import Clock
from tests.fakes.records import record
from tests.recipes import shop
from tests.unit.operations.fakes import fake_deployment
from tests.waiting import eventually

OLD, NEW = shop(100), shop(200)
OLD_REF, NEW_REF = (RecipeRef(name="shop", digest=each.digest) for each in (OLD, NEW))


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))


@pytest.fixture
def deployment() -> Any:
    return fake_deployment()


def attempt(deployment: Any, image: Image, recipe: RecipeRef, cause: Cause | None = None, size: int = 500) -> None:
    """A worker's attempt at an image by a recipe."""
    aim = Aim(image.job(Origin.REPROCESS), recipe, recipe.digest[:32], "w", timestamp())
    claimed = deployment.images.claim(aim, 5, image)
    assert isinstance(claimed, Image)
    aim = aim.claimed(claimed)
    if cause is not None:
        settled = deployment.images.record_failed(aim, Failure(cause, "it does not fit"))
    else:
        card = StoredVariant(
            name="card", key="k", format="jpeg", width=9, height=9, bytes=size, content_type="image/jpeg"
        )
        facts: dict[str, object] = {"format": "jpeg", "width": 400, "height": 300}
        settled = deployment.images.record_ready(aim, Success((card,), facts, {}), keep=True)
    assert isinstance(settled, Image)
    deployment.images.announced(settled)


def made(deployment: Any, count: int, owner: str = "ana", recipe: RecipeRef = OLD_REF) -> list[str]:
    """Images of the batch b1 that a recipe made; returns their ids."""
    ids = []
    for number in range(count):
        image = record(deployment, owner, "b1", f"{number:03}.jpg")
        marked = deployment.images.queue_again(image, "ana", Origin.REPROCESS, recipe)
        attempt(deployment, marked, recipe)
        ids.append(image.image_id)
    return ids


def worker(deployment: Any, fails: Callable[[str], bool] = lambda _: False, size: int = 500) -> None:
    """A worker that takes each job when it is sent."""

    def take(jobs: list[Job]) -> None:
        for job in jobs:
            image = deployment.images.get(job.image_id)
            assert image.status is Status.QUEUED
            cause = Cause.RECIPE_UNFIT if fails(image.path) else None
            attempt(deployment, image, image.chosen_recipe, cause, size)

    deployment.queues.on_send = take


def no_pixels(_: Any, __: Any, ___: Any, chosen: Sequence[str], ____: Any) -> list[SampledImage]:
    one = SampledVariant(name="card", file="card.jpg", format="jpeg", width=9, height=9, bytes=500, ssim=0.9)
    recipe = SampledRecipe(variants=(one,), cpu_ms=10)
    return [
        SampledImage(image_id=i, path=i, owner="ana", format="jpeg", bytes=9, older=recipe, newer=recipe)
        for i in chosen
    ]


def order(**changes: Any) -> RolloutOrder:
    fields: dict[str, Any] = {"newer": NEW, "older": OLD, "who": "ana@here"} | changes
    return RolloutOrder(**fields)


def roll_out(deployment: Any, of: RolloutOrder, clock: Clock | None = None) -> RolloutResult:
    clock = clock or Clock()
    with journal_of(deployment, of) as journal:
        run = Rollout(deployment, of, journal, clock=Waits(clock, clock.sleep))
        if run.begin(seed=7).step is Step.SAMPLE:
            run.sample(no_pixels)
        return run.carry_out()


def digests(deployment: Any, ids: list[str]) -> list[str]:
    return [image.revision_recipe.digest for image in deployment.images.get_many(ids).values()]


def test_a_rollout_makes_the_canary_and_then_the_rest_and_leaves_other_images(deployment: Any) -> None:
    ids = made(deployment, 30)
    other = made(deployment, 1, "ben", RecipeRef(name="web", digest="f" * 64))
    worker(deployment)
    result = roll_out(deployment, order(canary=0.1))
    assert (result.canary, result.rest, result.reason) == ({"done": 3}, {"done": 27}, None)
    assert set(digests(deployment, ids)) == {NEW.digest}
    assert digests(deployment, other) == ["f" * 64]
    [task] = deployment.background_tasks.recent(9)
    assert (task.kind, task.state, task.who) == ("rollout", BackgroundTaskState.DONE, "ana@here")
    assert (task.counts, "30 images were made by shop@" in task.message) == ({"canary_done": 3, "rest_done": 27}, True)
    assert deployment.recipe_texts.text(NEW.digest) == NEW.to_text()
    [note] = [action for action in deployment.activity.actions() if action.what == "rollout"]
    assert note.details == {"canary": 3, "rest": 27, "outcome": "done"}


def test_a_fleet_that_is_faster_than_the_rollout_gets_every_image(
    deployment: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pixelfleet.operations.rollout.wave.WINDOW", 50)
    ids = made(deployment, 300)
    worker(deployment)
    assert roll_out(deployment, order()).made == 300
    assert set(digests(deployment, ids)) == {NEW.digest}


def test_a_slow_rollout_looks_at_outcomes_between_its_jobs(deployment: Any) -> None:
    made(deployment, 300)
    worker(deployment, fails=lambda path: int(path[:3]) >= 100)
    result = roll_out(deployment, order(rate=1.0, canary=0.001, bound=Bound(number=5)))
    assert result.reason is not None
    assert result.total("failed") < 30


def test_a_rollout_has_its_facts_in_the_catalog_and_stops_when_somebody_asks_elsewhere(
    deployment: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pixelfleet.operations.rollout.wave.WINDOW", 50)
    clock = Clock()
    made(deployment, 300)
    worker(deployment)
    of = order(owner="ana", command="pixelfleet recipe rollout", way_back="pixelfleet recipe rollback")
    tasks = deployment.background_tasks
    calls = 0

    def ask(jobs: list[Job], take: Callable[[list[Job]], None] = deployment.queues.on_send) -> None:
        nonlocal calls
        take(jobs)
        clock.sleep(2.5)
        calls += 1
        if calls == 2:
            [task] = tasks.recent(9)
            tasks.ask_to_stop(task, "olga")

    deployment.queues.on_send = ask
    result = roll_out(deployment, of, clock)
    assert (result.stopped_by, result.reason) == ("olga", None)
    [task] = tasks.recent(9)
    assert (task.state, task.message) == (
        BackgroundTaskState.STOPPED, "stopped by olga; the same command goes on where it stopped",
    )  # fmt: skip
    assert task.rollout.model_dump(include={"owner", "images", "canary", "command", "way_back"}) == {
        "owner": "ana", "images": 300, "canary": 3, "command": of.command, "way_back": of.way_back,
    }  # fmt: skip
    assert task.rollout_counts.accounted < 300
    result = roll_out(deployment, of)
    assert (result.made, result.stopped_by) == (300, None)
    [task] = tasks.recent(9)
    assert (task.state, task.rollout_counts.made, task.run) == (BackgroundTaskState.DONE, 300, 2)


def test_the_scope_is_an_owner_or_a_batch(deployment: Any) -> None:
    ana, ben = made(deployment, 2), made(deployment, 2, "ben")
    worker(deployment)
    assert roll_out(deployment, order(owner="ben")).made == 2
    assert (set(digests(deployment, ana)), set(digests(deployment, ben))) == ({OLD.digest}, {NEW.digest})
    assert roll_out(deployment, order(owner="ana", batch="b1")).made == 2


def test_failures_in_the_canary_stop_the_rollout_before_the_rest(deployment: Any) -> None:
    ids = made(deployment, 30)
    worker(deployment, fails=lambda _: True)
    result = roll_out(deployment, order(canary=0.1))
    assert (result.canary, result.rest) == ({"failed": 3}, {})
    assert result.reason is not None
    assert "3 failed and 0 are outliers of 3 images of the canary" in result.reason
    assert "recipe_unfit: it does not fit" in result.examples[0]
    assert digests(deployment, ids) == [OLD.digest] * 30
    assert [task.state for task in deployment.background_tasks.recent(9)] == [BackgroundTaskState.STOPPED]
    with journal_of(deployment, order()) as journal:
        assert Rollout(deployment, order(), journal).begin().stopped == result.reason


def test_a_rollback_ends_a_rollout_that_stopped(deployment: Any, tmp_path: Path) -> None:
    made(deployment, 3)
    worker(deployment, fails=lambda _: True)
    roll_out(deployment, order())
    with (
        journal_of(deployment, order()),
        pytest.raises(SetupError, match="another process carries out"),
        ended_rollout(deployment, order()),
    ):
        pass
    with ended_rollout(deployment, order()):
        pass
    assert list((tmp_path / "pixelfleet/rollout").iterdir()) == []
    with ended_rollout(deployment, order()):
        pass
    assert list((tmp_path / "pixelfleet/rollout").iterdir()) == []


def test_results_that_weigh_far_more_than_the_sample_expects_stop_the_rollout(deployment: Any) -> None:
    made(deployment, 10)
    worker(deployment, size=5_000_000)
    result = roll_out(deployment, order())
    assert result.canary == {"outlier": 1}
    assert result.reason is not None


def test_lazy_variants_that_somebody_requested_make_no_outlier(deployment: Any) -> None:
    [image_id] = made(deployment, 1)
    text = f'{OLD.to_text()}\n[[variants]]\nname = "print"\nlazy = true\n'
    image = deployment.images.get(image_id)
    [card] = image.variants
    lazily = card.model_copy(update={"name": "print", "bytes": 9_000_000})
    both = image.model_copy(update={"variants": (card, lazily)})
    assert upload_bytes(both, OLD) == 9_000_500
    assert upload_bytes(both, recipes.parse(text, "shop.toml")) == 500


def test_failures_in_the_rest_stop_it_once_they_exceed_the_bound(deployment: Any) -> None:
    made(deployment, 120)
    worker(deployment, fails=lambda path: path >= "060.jpg")
    result = roll_out(deployment, order(bound=Bound(number=5), canary=0.0001))
    assert result.reason is not None
    assert "images of the rest, more than --max-failures 5 allows" in result.reason
    assert sum(result.canary.values()) == 1
    assert result.rest["failed"] > 5


def test_a_failure_that_the_bound_allows_leaves_the_image_with_its_old_results(deployment: Any) -> None:
    ids = made(deployment, 20)
    worker(deployment, fails=lambda path: path == "007.jpg")
    result = roll_out(deployment, order(bound=Bound(number=1)))
    assert (result.made, result.total("failed"), result.reason) == (19, 1, None)
    assert sorted(digests(deployment, ids)) == sorted([NEW.digest] * 19 + [OLD.digest])


def test_a_rollout_that_is_interrupted_after_any_number_of_calls_goes_on_and_tries_each_image_once(
    deployment: Any,
) -> None:
    ids = made(deployment, 25)
    attempts: list[str] = []
    worker(deployment)
    take = deployment.queues.on_send

    class KilledError(BaseException):
        """Nothing catches it, as nothing catches SIGKILL."""

    calls = [0, 0]

    def killed(jobs: list[Job]) -> None:
        calls[0] += 1
        if calls[0] > calls[1]:
            raise KilledError
        queued = [job for job in jobs if deployment.images.get(job.image_id).status is Status.QUEUED]
        attempts.extend(job.image_id for job in queued)
        take(queued)

    deployment.queues.on_send = killed
    for most in range(20):
        calls[:] = [0, most]
        try:
            result = roll_out(deployment, order(canary=0.3))
        except KilledError:
            continue
        break
    assert result.made == 25
    assert sorted(attempts) == sorted(ids)
    assert set(digests(deployment, ids)) == {NEW.digest}


def test_a_job_that_was_lost_after_its_record_was_marked_is_sent_again(deployment: Any) -> None:
    made(deployment, 1)
    of, clock = order(), Clock()

    def interrupt(_: float) -> None:
        raise KeyboardInterrupt

    with journal_of(deployment, of) as journal:
        run = Rollout(deployment, of, journal, clock=Waits(clock, interrupt))
        run.begin()
        run.sample(no_pixels)
        with pytest.raises(KeyboardInterrupt):
            run.carry_out()
    [task] = deployment.background_tasks.recent(9)
    assert task.state is BackgroundTaskState.INTERRUPTED
    worker(deployment)
    assert roll_out(deployment, of).made == 1
    [task] = deployment.background_tasks.recent(9)
    assert task.state is BackgroundTaskState.DONE


def test_jobs_that_sqs_refuses_are_sent_again(deployment: Any) -> None:
    ids = made(deployment, 12)
    worker(deployment)
    send, refusals = deployment.queues.send, [True, False, True]

    def refusing(lane: Any, jobs: Any, group: str | None = None) -> list[Job]:
        if refusals and refusals.pop():
            return list(jobs)
        refused: list[Job] = send(lane, jobs, group)
        return refused

    deployment.queues.send = refusing
    assert roll_out(deployment, order()).made == 12
    assert set(digests(deployment, ids)) == {NEW.digest}


def test_an_image_whose_job_sqs_refused_may_be_deleted_meanwhile(deployment: Any) -> None:
    deleted, other = made(deployment, 2)
    send, clock, of = deployment.queues.send, Clock(), order(canary=1.0)

    def refusing(lane: Any, jobs: Any, group: str | None = None) -> list[Job]:
        refused = [job for job in jobs if job.image_id == deleted]
        send(lane, [job for job in jobs if job.image_id != deleted], group)
        return refused

    def wait(seconds: float) -> None:
        clock.sleep(seconds)
        image = deployment.images.get(deleted)
        if image.status is not Status.DELETED:
            deployment.images.remove(Job(JobKind.REMOVE, image.bucket, image.key, sequencer="20"), "w")
        elif clock.now > 1_003:
            attempt(deployment, deployment.images.get(other), NEW_REF)

    deployment.queues.send = refusing
    with journal_of(deployment, of) as journal:
        run = Rollout(deployment, of, journal, clock=Waits(clock, wait))
        run.begin()
        run.sample(no_pixels)
        assert run.carry_out().canary == {"done": 1, "gone": 1}


@pytest.mark.parametrize("ends", [True, False])
def test_an_image_that_somebody_else_has_processed_at_that_moment_is_taken_at_the_end(
    deployment: Any, *, ends: bool
) -> None:
    ids = made(deployment, 3)
    worker(deployment)
    busy = deployment.images.queue_again(deployment.images.get(ids[1]), "ben", Origin.REPROCESS, OLD_REF)
    clock, of = Clock(), order()

    def wait(seconds: float) -> None:
        clock.sleep(seconds)
        if ends and clock.now > 1_010 and deployment.images.get(ids[1]).version == busy.version:
            attempt(deployment, busy, OLD_REF)

    with journal_of(deployment, of) as journal:
        run = Rollout(deployment, of, journal, clock=Waits(clock, wait))
        run.begin(seed=7)
        run.sample(no_pixels)
        result = run.carry_out()
    assert (result.reason, result.made, result.busy) == (None, 3 if ends else 2, 0 if ends else 1)
    assert digests(deployment, [ids[1]]) == [(NEW if ends else OLD).digest]


def test_a_step_without_any_outcome_for_an_hour_stops(deployment: Any) -> None:
    made(deployment, 3)
    clock = Clock()
    result = roll_out(deployment, order(), clock)
    assert result.reason is not None
    assert "1 images of the canary have no outcome" in result.reason
    assert 3_600 < clock.now - 1_000 < 3_700


def test_a_second_run_at_the_same_time_is_refused(deployment: Any) -> None:
    with (
        journal_of(deployment, order()),
        pytest.raises(SetupError, match="another process carries out this rollout"),
        journal_of(deployment, order()),
    ):
        pass


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"older": NEW}, "are the same recipe"),
        ({"sample": 0}, "a sample has 1 to 10,000 images, not 0"),
        ({"batch": "b1"}, "Write --batch OWNER/b1"),
        ({"owner": "ana", "batch": "none"}, "there is no batch ana/none"),
        ({"owner": "zed"}, "because there are no images with results"),
        ({"owner": "ana", "batch": "empty"}, r"ana/empty\), because there are no images with results"),
        ({"older": shop(300)}, "no ready image was made by shop@"),
        ({"older": shop(300), "owner": "ana"}, f"made by shop@{OLD.digest[:12]} .2.: name one of these"),
    ],
)
def test_an_order_that_can_change_nothing_is_refused_and_says_why(
    deployment: Any, changes: dict[str, Any], reason: str
) -> None:
    made(deployment, 2)
    deployment.batches.create("ana", "empty")
    of = order(**changes)
    with journal_of(deployment, of) as journal, pytest.raises(SetupError, match=reason):
        Rollout(deployment, of, journal).begin()


def test_a_finished_rollout_that_is_repeated_has_nothing_to_do(deployment: Any) -> None:
    made(deployment, 2)
    worker(deployment)
    roll_out(deployment, order())
    assert list(waiting(deployment, order())) == []
    with journal_of(deployment, order()) as journal:
        state = Rollout(deployment, order(), journal).begin()
    assert (state.images, state.newer) == (0, 2)


def test_images_that_an_earlier_rollout_failed_are_tried_again_and_are_no_failures_before(deployment: Any) -> None:
    """The last line of their history is that of another recipe's failure."""
    ids = made(deployment, 30)
    broken = RecipeRef(name="shop", digest=shop(150).digest)
    for image in deployment.images.get_many(ids).values():
        marked = deployment.images.queue_again(image, "ana", Origin.REPROCESS, broken)
        attempt(deployment, marked, broken, Cause.RECIPE_UNFIT)
    worker(deployment)
    result = roll_out(deployment, order(canary=0.1))
    assert (result.canary, result.rest, result.reason) == ({"done": 3}, {"done": 27}, None)
    assert set(digests(deployment, ids)) == {NEW.digest}


def test_a_failure_counts_although_an_alias_was_noted_after_it(deployment: Any) -> None:
    [image_id] = made(deployment, 1)

    def fail(jobs: list[Job]) -> None:
        for job in jobs:
            image = deployment.images.get(job.image_id)
            attempt(deployment, image, image.chosen_recipe, Cause.RECIPE_UNFIT)
            present = deployment.images.get(job.image_id)
            alias = Alias(file="card.jpg", bucket="b", key="a.jpg", state=AliasState.TAKEN, problem="taken")
            deployment.images.set_aliases(present, (alias,))

    deployment.queues.on_send = fail
    result = roll_out(deployment, order())
    assert result.canary == {"failed": 1}
    assert deployment.images.get(image_id).attempt_log[-1].what == "alias taken"
    assert "recipe_unfit: it does not fit" in result.examples[0]


@pytest.mark.parametrize("status", [Status.READY, Status.QUEUED])
def test_a_recipe_that_somebody_chose_for_an_image_after_it_was_read_stays(deployment: Any, status: Status) -> None:
    """Another rollout has made the image by the new recipe, or a user has chosen a third recipe."""
    [image_id] = made(deployment, 1)
    third = RecipeRef(name="third", digest="3" * 64)
    bring = deployment.images.bring_to

    def choose_first(image: Image, *arguments: Any) -> Any:
        chosen = deployment.images.queue_again(
            image, "ben", Origin.REPROCESS, NEW_REF if status is Status.READY else third
        )
        if status is Status.READY:
            attempt(deployment, chosen, NEW_REF)
        return bring(image, *arguments)

    deployment.images.bring_to = choose_first
    worker(deployment)
    clock = Clock()
    result = roll_out(deployment, order(), clock)
    image = deployment.images.get(image_id)
    if status is Status.READY:
        assert result.canary == {"done": 1}
        assert deployment.queues.sent == []
        assert [line.what for line in image.attempt_log].count("ready") == 3
    else:
        assert (image.chosen_recipe, image.status) == (third, Status.QUEUED)


def test_an_image_whose_lane_only_a_newer_release_has_is_sent_to_the_heavy_lane(deployment: Any) -> None:
    [image_id] = made(deployment, 1)
    client = deployment.images._client
    item = client.get_item(TableName="images", Key={"image_id": {"S": image_id}})["Item"]
    client.put_item(TableName="images", Item=item | {"lane": {"S": "gigantic"}})
    worker(deployment)
    assert roll_out(deployment, order()).made == 1
    assert [lane for lane, _ in deployment.queues.sent] == [Lane.HEAVY]


def test_an_archived_original_is_left_out_of_the_sample_and_stops_no_rollout(deployment: Any, tmp_path: Path) -> None:
    [image_id] = made(deployment, 1)

    def refuse(*_: Any) -> Any:
        raise PermanentError(Cause.ARCHIVED, "the object is archived")

    deployment.objects.fetch = refuse
    no_child: Any = None
    tried = SampleRenderer(deployment, order(), no_child).of_image(deployment.images.get(image_id), tmp_path)
    assert tried.skipped == "the object is archived"


def test_a_rollout_that_waits_long_for_its_images_is_shown_as_running(
    deployment: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While a large table is read, or the rate lets no job pass, nothing is reported."""
    monkeypatch.setattr(task_progress, "BEAT", 0.01)
    made(deployment, 1)
    of, clock = order(), Clock()
    shown: list[BackgroundTaskState] = []

    def wait(seconds: float) -> None:
        clock.sleep(seconds)
        [task] = deployment.background_tasks.recent(1)
        old = timestamp(datetime.now(UTC) - timedelta(seconds=SILENT + 1))
        deployment.background_tasks.save(task.model_copy(update={"updated_at": old}))
        eventually(lambda: deployment.background_tasks.recent(1)[0].updated_at > old)
        shown.append(deployment.background_tasks.recent(1)[0].state)
        raise KeyboardInterrupt

    with journal_of(deployment, of) as journal:
        run = Rollout(deployment, of, journal, clock=Waits(clock, wait))
        run.begin()
        run.sample(no_pixels)
        with pytest.raises(KeyboardInterrupt):
            run.carry_out()
    assert shown == [BackgroundTaskState.RUNNING]
