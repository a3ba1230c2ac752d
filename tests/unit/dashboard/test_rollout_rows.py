"""A rollout is a row of the batches, has a page, and is stopped from it; only its owner and operators see it."""

import pytest

from dashboard.background import COUNT_OUTDATED
from dashboard.stop_notes import stop_in_words
from pixelfleet.catalog.background import BackgroundTask, BackgroundTaskState
from pixelfleet.domain.jobs import Origin
from pixelfleet.domain.records import Image, RecipeRef, timestamp
from pixelfleet.domain.rollout import RolloutFacts
from pixelfleet.domain.transitions import Aim, Success
from pixelfleet.domain.users import Scope
from tests.fakes.records import record
from tests.unit.dashboard.conftest import Dashboard
from tests.waiting import eventually

OLD, NEW = (RecipeRef(name="rolled", digest=digit * 64) for digit in "12")


def begun(dashboard: Dashboard, owner: str | None) -> BackgroundTask:
    facts = RolloutFacts(
        newer=NEW, older=OLD, owner=owner, images=200, canary=2, command="pixelfleet recipe rollout rolled",
        way_back="pixelfleet recipe rollback rolled", machine="desk", sheet="/home/olga/rollout/index.html",
    )  # fmt: skip
    tasks = dashboard.deployment.background_tasks
    task = tasks.begin("rollout", "olga@desk", "rolled", facts)
    task = task.model_copy(update={"counts": {"canary_done": 2, "rest_done": 48, "rest_failed": 1}, "run": 1})
    tasks.save(task)
    return task


def test_the_batches_of_an_owner_have_the_rollouts_of_their_images_and_operators_see_all(dashboard: Dashboard) -> None:
    ours, everybody = begun(dashboard, "dora"), begun(dashboard, None)

    def listed(who: str, *scopes: Scope, **query: str) -> dict[str, dict[str, object]]:
        answer = dashboard.program(who, *scopes).get("/api/v1/batches", params=query)
        return {row["name"]: row for row in answer.json()["batches"] if row["kind"] == "rollout"}

    assert listed("ben") == {}
    assert listed("dora").keys() == {ours.id}
    every = listed("olga", *Scope, owner="*")
    assert every.keys() >= {ours.id, everybody.id}
    row = every[ours.id]
    assert (row["instead_of"], row["recipe"], row["owner"]) == (f"rolled@{'1' * 12}", f"rolled@{'2' * 12}", "dora")
    assert [row[name] for name in ("expected", "ready", "failed", "state", "completed_at")] == [
        200, 50, 1, "running", None,
    ]  # fmt: skip
    link = f'href="/background-tasks/{ours.id}"'
    assert link in dashboard.browser("dora").get("/batches").text
    page = dashboard.browser("olga").get("/batches?owner=*").text
    assert link in page
    assert "25 %" in page
    assert link not in dashboard.browser("ben").get("/batches").text


def test_the_page_of_a_rollout_has_its_progress_for_its_owner_and_commands_for_operators(dashboard: Dashboard) -> None:
    task = begun(dashboard, "dora")
    for address in (f"/background-tasks/{task.id}", f"/background-tasks/{task.id}/live"):
        owners, operators = (dashboard.browser(who).get(address).text for who in ("dora", "olga"))
        for page in (owners, operators):
            assert "51 of 200 done" in page
        for text in ("/stop", "recipe rollout rolled", "recipe rollback rolled", "/home/olga/rollout/index.html"):
            assert (text in operators, text in owners) == (True, False), text
        assert dashboard.browser("ben").get(address).status_code == 404


def test_a_rollout_on_any_machine_is_stopped_by_operators_while_it_runs(dashboard: Dashboard) -> None:
    task = begun(dashboard, "dora")
    tasks = dashboard.deployment.background_tasks
    stop = f"/api/v1/background-tasks/{task.id}/stop"
    assert dashboard.program("dora").post(stop).status_code == 409
    assert tasks.asked_to_stop(task) is None
    assert dashboard.browser("olga").post(f"/background-tasks/{task.id}/stop", data={}).status_code == 303
    assert tasks.asked_to_stop(task) == "olga"
    tasks.save(task.model_copy(update={"state": BackgroundTaskState.STOPPED}))
    assert dashboard.program("olga", *Scope).post(stop).status_code == 409
    assert "/stop" not in dashboard.browser("olga").get(f"/background-tasks/{task.id}").text


def brought(dashboard: Dashboard, batch: str, name: str, *, keep: bool) -> Image:
    """An image of dora's that the newer recipe made after the older one."""
    images = dashboard.deployment.images
    image = record(dashboard.deployment, "dora", batch, name, recipe=OLD)
    marked = images.queue_again(image, "olga", Origin.REPROCESS, NEW)
    assert isinstance(marked, Image)
    aim = Aim(marked.job(Origin.REPROCESS), NEW, "cd" * 16, "w", timestamp())
    claimed = images.claim(aim, 5, marked)
    assert isinstance(claimed, Image)
    made = images.record_ready(aim.claimed(claimed), Success(image.variants, {}, {}), keep=keep)
    assert isinstance(made, Image)
    announced = images.announced(made)
    assert isinstance(announced, Image)
    return announced


def ended(dashboard: Dashboard, batch: str) -> BackgroundTask:
    """A rollout of a batch of dora's that has ended."""
    task = begun(dashboard, "dora")
    assert task.rollout is not None
    facts = task.rollout.model_copy(update={"batch": batch})
    task = task.model_copy(update={"rollout": facts, "state": BackgroundTaskState.DONE})
    dashboard.deployment.background_tasks.save(task)
    return task


def test_operators_roll_the_images_of_a_rollout_back_on_its_page(dashboard: Dashboard) -> None:
    kept, gone = (brought(dashboard, "rolled", name, keep=name == "kept.jpg") for name in ("kept.jpg", "gone.jpg"))
    other = brought(dashboard, "unrolled", "other.jpg", keep=True)
    rollout = ended(dashboard, "rolled")
    olga, address = dashboard.browser("olga"), f"/background-tasks/{rollout.id}"
    assert f'action="{address}/roll-back" data-confirm="Roll back to rolled@{"1" * 12}?"' in olga.get(address).text
    location = olga.post(f"{address}/roll-back").headers["location"]
    task = settled(dashboard, location.rpartition("/")[2])
    assert (task.kind, task.state, task.who) == ("roll back", "done", "olga")
    assert task.message.startswith(f"1 image back to rolled@{'1' * 12}; 1 image without kept results of it: run `")
    # A reconcile by that recipe would make every image of the bucket.
    assert f"recipe rollout rolled@{'1' * 12} --instead-of rolled@{'2' * 12} --batch dora/rolled`" in task.message
    recipes = [dashboard.deployment.images.get(image.image_id) for image in (kept, gone, other)]
    assert [image.revision_recipe for image in recipes if image is not None] == [OLD, NEW, NEW]
    assert "rolled@111111111111, batch dora/rolled" in olga.get(location).text
    [note] = [a for a in dashboard.deployment.activity.actions() if a.what == "roll back" and a.who == "olga"]
    assert (note.details["back"], note.details["outcome"]) == (1, "done")


def test_programs_of_operators_roll_back(dashboard: Dashboard) -> None:
    image = brought(dashboard, "by-program", "a.jpg", keep=True)
    address = f"/api/v1/background-tasks/{ended(dashboard, 'by-program').id}/roll-back"
    assert dashboard.program("dora").post(address).status_code == 403
    answer = dashboard.program("olga", *Scope).post(address)
    assert (answer.status_code, answer.json()["kind"]) == (202, "roll back")
    assert answer.headers["location"] == f"/api/v1/background-tasks/{answer.json()['id']}"
    assert settled(dashboard, answer.json()["id"]).counts["back"] == 1
    present = dashboard.deployment.images.get(image.image_id)
    assert present is not None
    assert present.revision_recipe == OLD


def test_a_rollout_under_way_and_another_task_are_not_rolled_back(dashboard: Dashboard) -> None:
    running = begun(dashboard, "dora")
    other = dashboard.deployment.background_tasks.begin("redrive", "olga", "everything")
    olga, program = dashboard.browser("olga"), dashboard.program("olga", *Scope)
    assert "/roll-back" not in olga.get(f"/background-tasks/{running.id}").text
    for task, status in ((running, 409), (other, 404)):
        assert program.post(f"/api/v1/background-tasks/{task.id}/roll-back").status_code == status
    location = olga.post(f"/background-tasks/{running.id}/roll-back").headers["location"]
    assert "Not rolled back: the rollout is under way: stop it first" in olga.get(location).text


def settled(dashboard: Dashboard, task_id: str) -> BackgroundTask:
    """The task, once it has ended."""

    def task() -> BackgroundTask | None:
        present = dashboard.deployment.background_tasks.get(task_id)
        return present if present is not None and present.settled else None

    return eventually(task)


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("redrive", "Jobs that are sent again stay sent."),
        ("purge", "Deleted dead letters are gone, others stay in the queues."),
        ("rollout", "Images that it made keep their new results; the same command goes on."),
        (COUNT_OUTDATED, "no image was changed."),
        ("tag", "“Tag” stops after its present image. Finished images stay finished."),
    ],
)
def test_the_note_of_a_stopped_task_says_what_stops_and_what_stays(kind: str, words: str) -> None:
    task = BackgroundTask(id="1", kind=kind, who="olga", started_at=timestamp(), updated_at=timestamp())
    assert "stop" in stop_in_words(task)
    assert stop_in_words(task).endswith(words)
