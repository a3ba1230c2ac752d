"""The pages of recipes and routes: everybody reads recipes; operators write, remove and route them."""

import hashlib

import pytest

from dashboard.bodies import MOST_FORM, MOST_RECIPE_FORM, MOST_VALUES
from pixelfleet import recipes
from pixelfleet.domain.users import Scope
from pixelfleet.errors import Cause, TransientError
from pixelfleet.operations.recipe_texts import store_recipe
from pixelfleet.recipes import MAX_TEXT_BYTES
from tests.fakes.records import record
from tests.recipes import shop
from tests.unit.dashboard.conftest import Dashboard, no_count
from tests.waiting import eventually


def stored(dashboard: Dashboard, name: str, *widths: int) -> None:
    """Stores versions of a recipe on the page, as an operator does."""
    olga = dashboard.browser("olga")
    for width in widths:
        answer = olga.post(f"/recipes/{name}/edit", data={"text": shop(width, name).to_text()})
        assert (answer.status_code, answer.headers["location"]) == (303, f"/recipes/{name}"), answer.text


def test_the_list_has_built_in_and_stored_recipes_with_digest_version_and_author(dashboard: Dashboard) -> None:
    stored(dashboard, "listed", 100, 200)
    page = dashboard.browser("ana").get("/recipes").text
    row = page.partition('href="/recipes/listed"')[2].partition("</tr>")[0]
    for fact in (shop(200, "listed").digest[:12], ">2<", "olga", "card", "for the shop"):
        assert fact in row, fact
    assert 'href="/recipes/archive"' in page
    # The link is shown only to users who may store a recipe.
    assert "New recipe" not in page
    assert "New recipe" in dashboard.browser("olga").get("/recipes").text


def test_the_page_of_a_recipe_shows_its_text_its_versions_and_their_differences(dashboard: Dashboard) -> None:
    stored(dashboard, "paged", 100, 200)
    ana = dashboard.browser("ana")
    page = ana.get("/recipes/paged").text
    assert "box = [200, 200]" in page
    assert 'href="/recipes/paged@1"' in page
    assert 'href="/recipes/paged?against=paged%401"' in page
    changed = ana.get("/recipes/paged?against=paged%401").text
    assert "<del>-box = [100, 100]</del>\n<ins>+box = [200, 200]</ins>\n" in changed
    assert "There is no difference" in ana.get("/recipes/paged?against=paged%402").text
    assert "This is an earlier version" in ana.get("/recipes/paged@1").text
    assert ana.get("/recipes/paged@7").status_code == 404
    assert ana.get("/recipes/paged?against=none-such").status_code == 404


def test_only_operators_see_where_a_recipe_applies(dashboard: Dashboard) -> None:
    stored(dashboard, "spread", 100)
    olga = dashboard.browser("olga")
    assert olga.post("/routes/default", data={"owner": "ben", "recipe": "spread"}).status_code == 303
    assert "it is the default of ben" in olga.get("/recipes/spread").text
    assert "the default of ben" not in dashboard.browser("ana").get("/recipes/spread").text
    assert olga.post("/routes/default", data={"owner": "ben", "recipe": ""}).status_code == 303


def test_a_wrong_text_is_shown_again_with_the_line_and_the_field_of_the_error(dashboard: Dashboard) -> None:
    olga = dashboard.browser("olga")
    wrong = 'name = "never-stored"\n[[variants]]\nname = "a"\nbox = [1]\n'
    answer = olga.post("/recipes/web/edit", data={"text": wrong})
    assert answer.status_code == 422
    assert "box = [1]" in answer.text
    assert "line 4: variants.box" in answer.text
    assert olga.get("/recipes/never-stored").status_code == 404
    builtin = olga.post("/recipes/web/edit", data={"text": shop(name="web").to_text()})
    assert (builtin.status_code, "the name of a built-in recipe" in builtin.text) == (422, True)


def test_the_editor_of_a_built_in_recipe_begins_with_a_copy_that_can_be_stored(dashboard: Dashboard) -> None:
    page = dashboard.browser("olga").get("/recipes/archive/edit").text
    assert "name = &#34;my-archive&#34;" in page
    assert "recipe-editor.js" in page


def test_the_largest_recipe_fits_only_into_the_form_of_a_signed_in_user(dashboard: Dashboard) -> None:
    padding = "# " + "é" * (MAX_TEXT_BYTES // 2 - 400) + "\n"
    text = padding + shop(100, "largest").to_text()
    assert MOST_FORM < len(text.encode()) <= MAX_TEXT_BYTES
    assert dashboard.browser("olga").post("/recipes/web/edit", data={"text": text}).status_code == 303
    assert dashboard.browser().post("/recipes/web/edit", data={"text": text}).status_code == 413
    assert dashboard.browser("olga").post("/routes", data={"match": text}).status_code == 413
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    many = dashboard.browser("olga").post("/recipes/web/edit", content=b"a&" * (MOST_VALUES + 1), headers=headers)
    assert (many.status_code, "20,000 values" in many.text) == (413, True)
    over = {"text": "x" * (MOST_RECIPE_FORM + 1)}
    assert dashboard.browser("olga").post("/recipes/web/edit", data=over).status_code == 413


def test_a_recipe_that_a_route_names_is_not_removed_and_the_page_names_the_route(dashboard: Dashboard) -> None:
    stored(dashboard, "routed", 100)
    olga = dashboard.browser("olga")
    assert olga.post("/routes", data={"match": "routed/**", "recipe": "routed"}).status_code == 303
    route = next(r for r in dashboard.deployment.recipe_registry.get().routes if r.recipe == "routed")
    answer = olga.post("/recipes/routed/delete")
    assert answer.headers["location"] == "/recipes/routed"
    assert f"route {route.route_id} gives it to routed/**" in olga.get("/recipes/routed").text
    assert olga.post(f"/routes/{route.route_id}/delete").headers["location"].startswith("/routes")
    assert olga.post("/recipes/routed/delete").headers["location"] == "/recipes"
    assert "routed is removed" in olga.get("/recipes").text
    assert olga.get("/recipes/routed").status_code == 404
    # The versions of the recipe are kept, since records name them by their digests.
    assert "The name routed is removed" in olga.get("/recipes/routed@1").text


def test_routes_are_listed_in_their_order_tested_and_removed(dashboard: Dashboard) -> None:
    olga = dashboard.browser("olga")
    second = {"match": "shop/**", "owner": "shop", "recipe": "zoom", "batch_from": "shop/{batch}/**"}
    assert olga.post("/routes", data=second).status_code == 303
    assert olga.post("/routes", data={"match": "shop/*.tif", "recipe": "archive", "first": "true"}).status_code == 303
    page = olga.get("/routes?key=shop/2026/a.jpg").text
    assert page.index("<code>shop/*.tif</code>") < page.index("<code>shop/**</code>")
    assert "is the first that matches, after 1 that does not match." in page
    assert "<dt>Batch</dt><dd>2026</dd>" in page
    blocked = olga.post("/routes", data={"match": "**", "recipe": "web", "first": "true"})
    assert "can never match any more" in olga.get(blocked.headers["location"]).text
    assert "can never match</span>" in olga.get("/routes").text
    for route in dashboard.deployment.recipe_registry.get().routes:
        assert olga.post(f"/routes/{route.route_id}/delete").status_code == 303
    assert dashboard.deployment.recipe_registry.get().routes == ()
    assert "No routes" in olga.get("/routes").text


@pytest.mark.parametrize(
    ("form", "reason"),
    [
        ({"match": "a***", "recipe": "web"}, "a***"),
        ({"match": ""}, "The pattern is missing"),
        ({"match": "a/**", "recipe": "none-such"}, "No recipe &#39;none-such&#39; is stored"),
        ({"match": "a/**"}, "gives nothing"),
        ({"match": "a/**", "recipe": "web", "priority": "soon"}, "whole number from 0 to"),
        ({"match": "a/**", "recipe": "web", "bucket": "{results}"}, "is the bucket of results"),
        ({"match": "a/**", "batch_from": "a/**"}, "is no pattern for batches"),
    ],
)
def test_a_wrong_route_is_shown_again_with_the_reason(dashboard: Dashboard, form: dict[str, str], reason: str) -> None:
    form = {name: value.format(results=dashboard.deployment.settings.results_bucket) for name, value in form.items()}
    answer = dashboard.browser("olga").post("/routes", data=form)
    assert (answer.status_code, reason in answer.text) == (422, True), answer.text
    assert form["match"] not in {route.match for route in dashboard.deployment.recipe_registry.get().routes}


def test_a_key_that_is_too_long_for_s3_is_shown_as_an_error(dashboard: Dashboard) -> None:
    answer = dashboard.browser("olga").get("/routes", params={"key": "é" * 1000})
    assert (answer.status_code, "1 to 1,024 bytes" in answer.text) == (200, True)


def test_a_route_is_added_by_a_browser_without_scripts(dashboard: Dashboard) -> None:
    olga = dashboard.browser("olga")
    token = olga.headers.pop("X-CSRF-Token")
    form = {"csrf_token": token, "match": "plain/**", "recipe": "web", "priority": "7"}
    assert olga.post("/routes", data=form).status_code == 303
    route = next(r for r in dashboard.deployment.recipe_registry.get().routes if r.match == "plain/**")
    assert (route.recipe, route.owner, route.priority, route.who) == ("web", None, 7, "olga")
    assert olga.post(f"/routes/{route.route_id}/delete", data={"csrf_token": token}).status_code == 303


def test_the_images_that_a_change_affects_are_counted_and_can_be_processed_again(dashboard: Dashboard) -> None:
    image = record(dashboard.deployment, "dora", "touched", "a.jpg", etag=hashlib.md5(b"x").hexdigest())
    dashboard.deployment.s3.put_object(Bucket=image.bucket, Key=image.key, Body=b"x")
    olga = dashboard.browser("olga")
    assert "pixelfleet reconcile --outdated" in olga.get("/routes").text
    begun = olga.post("/outdated", data={"count": "true"})
    task_id = begun.headers["location"].rpartition("/")[2]

    def counted() -> bool:
        task = dashboard.deployment.background_tasks.get(task_id)
        return task is not None and task.settled

    eventually(counted)
    task = dashboard.deployment.background_tasks.get(task_id)
    assert task is not None
    assert (task.state, task.counts["outdated"] >= 1, "queued" in task.counts) == ("done", True, False)
    page = olga.get(begun.headers["location"]).text
    assert "another recipe now" in page
    assert "Make them again" in page
    assert dashboard.browser("ana").get(begun.headers["location"]).status_code == 404
    assert "Count them" not in dashboard.browser("ana").get("/recipes/web").text


def test_the_page_of_routes_counts_the_images_that_a_changed_route_touches(dashboard: Dashboard) -> None:
    image = record(dashboard.deployment, "elsa", "moved", "a.jpg", etag=hashlib.md5(b"y").hexdigest())
    dashboard.deployment.s3.put_object(Bucket=image.bucket, Key=image.key, Body=b"y")
    olga = dashboard.browser("olga")

    def changed(address: str, form: dict[str, str]) -> str:
        """The page after a change of the routes, once the count has ended."""
        with no_count(olga):
            pass
        location = olga.post(address, data=form).headers["location"]
        with no_count(olga):
            return str(olga.get(location).text)

    page = changed("/routes", {"match": "uploads/elsa/moved/**", "recipe": "zoom"})
    assert "is added; workers follow it" in page
    assert "1 image was made by web, would now be made by zoom" in page
    assert 'href="/routes#outdated-title"' in page
    [route] = [r for r in dashboard.deployment.recipe_registry.get().routes if r.match == "uploads/elsa/moved/**"]
    assert "would now be made by web@" in changed(f"/routes/{route.route_id}/delete", {})
    assert olga.get("/routes?counting=none").status_code == 200


def test_a_route_is_added_while_another_count_is_under_way(dashboard: Dashboard) -> None:
    olga = dashboard.browser("olga")
    with no_count(olga):
        assert olga.post("/routes", data={"match": "busy/**", "recipe": "zoom"}).headers["location"] == "/routes"
        page = olga.get("/routes").text
    assert "is added; workers follow it within a minute. The images that get another recipe are not counted" in page
    [route] = [r for r in dashboard.deployment.recipe_registry.get().routes if r.match == "busy/**"]
    assert olga.post(f"/routes/{route.route_id}/delete").status_code == 303


def test_a_route_is_added_although_its_count_cannot_be_stored(
    dashboard: Dashboard, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise TransientError(Cause.THROTTLED, "DynamoDB does not answer")

    olga, program = dashboard.browser("olga"), dashboard.program("olga", *Scope)
    monkeypatch.setattr(dashboard.deployment.background_tasks, "begin", fails)
    assert olga.post("/routes", data={"match": "uncounted/**", "recipe": "zoom"}).status_code == 303
    assert "are not counted: the fleet&#39;s storage did not answer" in olga.get("/routes").text
    added = program.post("/api/v1/routes", json={"match": "uncounted-too/**", "recipe": "zoom"})
    assert (added.status_code, added.json()["counting"]) == (201, None)
    for route in dashboard.deployment.recipe_registry.get().routes:
        if route.match.startswith("uncounted"):
            assert program.delete(f"/api/v1/routes/{route.route_id}").json() == {"counting": None}


def test_the_page_of_an_image_links_to_the_exact_version_of_its_recipe(dashboard: Dashboard) -> None:
    ana = dashboard.browser("ana")
    draft = shop(123, "unnamed")
    store_recipe(dashboard.deployment, draft)
    assert "box = [123, 123]" in ana.get(f"/recipes/unnamed@{draft.digest}").text
    builtin = recipes.builtin("zoom")
    assert ana.get(f"/recipes/zoom@{builtin.digest}").status_code == 200
    assert ana.get("/recipes/zoom@" + "0" * 64).status_code == 404
    image = record(dashboard.deployment, "ana", "leads", "a.jpg")
    assert image.recipe is not None
    assert f'href="/recipes/web@{image.recipe.digest}"' in ana.get(f"/images/{image.image_id}").text


def test_the_page_of_an_unknown_recipe_names_recipes_and_no_file_and_leads_to_the_recipes(dashboard: Dashboard) -> None:
    ana = dashboard.browser("ana")
    ana.headers["Accept"] = "text/html"
    for address in ("/recipes/qqq", "/recipes/qqq/edit", "/recipes/web?against=qqq"):
        answer = ana.get(address)
        assert (answer.status_code, "TOML" in answer.text) == (404, False)
        assert "name one of web, " in answer.text
        assert '<a class="button" href="/recipes">To the recipes</a>' in answer.text
    assert "did you mean zoom?</p>" in ana.get("/recipes/zoomm").text
    assert "name one of web, " in dashboard.program("ana").get("/api/v1/recipes/qqq").json()["detail"]


def test_the_page_of_an_error_leads_to_the_list_of_its_kind(dashboard: Dashboard) -> None:
    ana = dashboard.browser("ana")
    ana.headers["Accept"] = "text/html"
    for address, leads in (
        ("/batches/ana/no-such-batch", 'href="/batches">To the batches<'),
        ("/background-tasks/none", 'href="/background-tasks">To the tasks<'),
        ("/images/none", 'href="/">To the images<'),
        ("/no-such-page", 'href="/">To the images<'),
    ):
        answer = ana.get(address)
        assert (answer.status_code, leads in answer.text) == (404, True), address
