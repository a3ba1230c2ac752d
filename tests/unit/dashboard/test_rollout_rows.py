"""A rollout is a row of the batches, has a page, and is stopped from it; only its owner and operators see it."""

from pixelfleet.catalog.background import BackgroundTask, BackgroundTaskState
from pixelfleet.domain.records import RecipeRef
from pixelfleet.domain.rollout import RolloutFacts
from pixelfleet.domain.users import Scope
from tests.unit.dashboard.conftest import Dashboard

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
