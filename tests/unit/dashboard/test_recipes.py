"""/api/v1/recipes: operators store recipes, everybody reads recipes and chooses recipes for images by name."""

import hashlib
from typing import Any

import pytest

from pixelfleet.domain.registry import with_default
from pixelfleet.domain.users import Scope
from tests.fakes.records import record
from tests.recipes import shop
from tests.unit.dashboard.conftest import Dashboard, no_count


@pytest.fixture
def operator(dashboard: Dashboard) -> Any:
    return dashboard.program("olga", *Scope)


def put(operator: Any, width: int, name: str = "shop") -> Any:
    return operator.put(f"/api/v1/recipes/{name}", json={"text": shop(width, name).to_text()})


def test_a_recipe_is_stored_read_by_its_versions_and_removed(dashboard: Dashboard, operator: Any) -> None:
    first, second = put(operator, 100), put(operator, 200)
    assert (first.status_code, first.json()["before"]) == (200, None)
    assert (second.json()["before"], second.json()["changed"]) == (1, True)
    assert put(operator, 200).json()["changed"] is False
    reader = dashboard.program("ben")
    listed = reader.get("/api/v1/recipes").json()["recipes"]
    # Other tests of the process also store recipes.
    [own] = [each for each in listed if each["name"] == "shop"]
    assert not own["builtin"]
    assert (own["version"], own["who"], own["variants"]) == (2, "olga", ["card"])
    assert reader.get("/api/v1/recipes/shop@1").json()["text"] == shop(100).to_text()
    assert reader.get("/api/v1/recipes/shop").json()["digest"] == shop(200).digest
    assert [each["version"] for each in reader.get("/api/v1/recipes/shop/versions").json()["versions"]] == [2, 1]
    assert reader.get("/api/v1/recipes/shop@9").status_code == 404
    assert operator.delete("/api/v1/recipes/shop").status_code == 204
    assert reader.get("/api/v1/recipes/shop").status_code == 404
    assert operator.delete("/api/v1/recipes/shop").status_code == 404


def test_a_recipe_in_use_is_not_removed_and_the_answer_lists_its_uses(dashboard: Dashboard, operator: Any) -> None:
    put(operator, 100, "used")
    change = dashboard.deployment.recipe_registry.change
    change(lambda registry: with_default(registry, "ana", "used"))
    assert put(operator, 200, "used").json()["uses"] == ["it is the default of ana"]
    answer = operator.delete("/api/v1/recipes/used")
    assert (answer.status_code, "it is the default of ana" in answer.json()["detail"]) == (409, True)
    change(lambda registry: with_default(registry, "ana", None))
    assert operator.delete("/api/v1/recipes/used").status_code == 204


def test_a_wrong_recipe_is_refused_with_line_and_field(operator: Any) -> None:
    wrong = operator.put("/api/v1/recipes/shop", json={"text": 'name = "shop"\n[[variants]]\nname = "a"\nbox = [1]\n'})
    assert (wrong.status_code, "shop, line 4: variants.box" in wrong.json()["detail"]) == (422, True)
    other = operator.put("/api/v1/recipes/other", json={"text": shop().to_text()})
    assert (other.status_code, "they must be equal" in other.json()["detail"]) == (422, True)
    builtin = put(operator, 100, "web")
    assert (builtin.status_code, "built-in" in builtin.json()["detail"]) == (400, True)


def test_a_text_is_checked_without_being_stored(dashboard: Dashboard) -> None:
    reader = dashboard.program("ben", Scope.READ)
    right = reader.post("/api/v1/recipes/check", json={"text": shop(name="draft").to_text()}).json()
    assert (right["right"], right["name"], right["variants"], right["faults"]) == (True, "draft", ["card"], [])
    wrong = reader.post("/api/v1/recipes/check", json={"text": 'name = "shop"\n[[variants]]\nnme = "a"\n'}).json()
    assert wrong["right"] is False
    assert [(fault["line"], fault["field"]) for fault in wrong["faults"]] == [
        (2, "variants.name"),
        (3, "variants.nme"),
    ]
    assert reader.get("/api/v1/recipes/draft").status_code == 404


def test_an_image_and_an_upload_may_have_a_stored_recipe(dashboard: Dashboard, operator: Any) -> None:
    put(operator, 100, "mine")
    image = record(dashboard.deployment, "ana", "recipes", "a.jpg")
    writer = dashboard.program("ana")
    assert writer.post(f"/api/v1/images/{image.image_id}/reprocess", json={"recipe": "mine"}).status_code == 202
    queued = dashboard.deployment.images.get(image.image_id)
    assert queued is not None
    assert queued.chosen_recipe is not None
    assert queued.chosen_recipe.digest == shop(100, "mine").digest
    wrong = writer.post(f"/api/v1/images/{image.image_id}/reprocess", json={"recipe": "none"})
    assert (wrong.status_code, "mine" in wrong.json()["detail"]) == (422, True)
    upload = {"files": [{"name": "a.jpg", "bytes": 1}], "batch": "with-a-stored-recipe", "recipe": "mine"}
    assert writer.post("/api/v1/uploads", json=upload).status_code == 201
    batch = dashboard.deployment.batches.get("ana", "with-a-stored-recipe")
    assert batch is not None
    assert batch.recipe == queued.chosen_recipe


def test_routes_are_added_tested_and_removed(dashboard: Dashboard, operator: Any) -> None:
    body = {"match": "catalog/**", "owner": "shop", "recipe": "zoom", "batch_from": "catalog/{batch}/**"}
    added = operator.post("/api/v1/routes", json=body)
    assert (added.status_code, added.json()["blocked"]) == (201, [])
    route = added.json()["route"]
    tested = operator.post("/api/v1/routes/test", json={"key": "catalog/2026/a.jpg"}).json()
    assert (tested["route"], tested["owner"], tested["batch"], tested["recipe"]) == (route, "shop", "2026", "zoom")
    never = operator.post("/api/v1/routes", json={"match": "catalog/*.jpg", "recipe": "web"})
    assert (never.status_code, "could never match" in never.json()["detail"]) == (400, True)
    first = operator.post("/api/v1/routes", json={"match": "**", "recipe": "web", "first": True}).json()
    assert [each["id"] for each in first["blocked"]] == [route["id"]]
    listed = operator.get("/api/v1/routes").json()["routes"]
    assert [(each["id"], each["blocked_by"]) for each in listed] == [
        (first["route"]["id"], []),
        (route["id"], [first["route"]["id"]]),
    ]
    for each in listed:
        assert operator.delete(f"/api/v1/routes/{each['id']}").status_code == 200
    assert operator.get("/api/v1/routes").json() == {"routes": []}


def test_a_change_of_routes_counts_the_images_that_get_another_recipe(dashboard: Dashboard, operator: Any) -> None:
    image = record(dashboard.deployment, "eva", "counted-by-api", "a.jpg", etag=hashlib.md5(b"y").hexdigest())
    dashboard.deployment.s3.put_object(Bucket=image.bucket, Key=image.key, Body=b"y")
    body = {"match": "uploads/eva/counted-by-api/**", "recipe": "zoom"}

    def counted(task_id: str) -> Any:
        with no_count(operator):
            pass
        return operator.get(f"/api/v1/background-tasks/{task_id}").json()

    added = operator.post("/api/v1/routes", json=body).json()
    count = counted(added["counting"])
    assert (count["kind"], count["state"], count["counts"]["images"]) == ("count images of a route", "done", 1)
    removed = operator.delete(f"/api/v1/routes/{added['route']['id']}").json()
    assert counted(removed["counting"])["message"].startswith("1 image was made by web@")
    silent = operator.post("/api/v1/routes", json=body | {"count": False}).json()
    assert silent["counting"] is None
    assert operator.delete(f"/api/v1/routes/{silent['route']['id']}?count=false").json() == {"counting": None}


def test_a_route_is_added_by_the_api_while_another_count_is_under_way(operator: Any) -> None:
    with no_count(operator):
        added = operator.post("/api/v1/routes", json={"match": "busy-api/**", "recipe": "zoom"})
        assert (added.status_code, added.json()["counting"]) == (201, None)
        removed = operator.delete(f"/api/v1/routes/{added.json()['route']['id']}")
    assert (removed.status_code, removed.json()) == (200, {"counting": None})


def test_the_default_recipe_of_an_owner_is_set_and_removed(operator: Any) -> None:
    address = "/api/v1/owners/ben/default-recipe"
    assert operator.put(address, json={"recipe": "zoom"}).json() == {"owner": "ben", "recipe": "zoom"}
    assert operator.get(address).json()["recipe"] == "zoom"
    assert operator.put(address, json={"recipe": None}).status_code == 200
    assert operator.get(address).json()["recipe"] is None


def test_every_form_with_a_recipe_field_offers_the_stored_recipes(dashboard: Dashboard, operator: Any) -> None:
    put(operator, 100, "offered")
    image = record(dashboard.deployment, "ana", "offers", "a.jpg")
    browser = dashboard.browser("ana")
    for page in ("/upload", "/?owner=ana", f"/images/{image.image_id}", "/batches/ana/offers"):
        assert "offered" in browser.get(page).text, page
