"""A worker processes a key that a route matches: owner, batch and recipe in record and results are the route's."""

from pixelfleet.domain.records import Counts, Status
from pixelfleet.operations.completion import seal
from pixelfleet.operations.recipe_registry import put_recipe
from pixelfleet.operations.routes import RouteOrder, add_route
from tests.recipes import shop
from tests.unit.worker.job.desk import Desk

ROUTED = "catalog/2026/chairs/red.png"


def routed(desk: Desk) -> None:
    put_recipe(desk.deployment, "ana", shop())
    order = RouteOrder("catalog/**", owner="shop", recipe="shop", batch_from="catalog/{batch}/**")
    add_route(desk.deployment, "ana", order)


def test_a_routed_key_has_the_routes_owner_batch_and_recipe(desk: Desk) -> None:
    routed(desk)
    job = desk.put(key=ROUTED)
    done = desk.do(job)
    assert done is not None
    assert (done.status, done.owner, done.batch, done.path) == (Status.READY, "shop", "2026", ROUTED)
    assert done.recipe is not None
    assert (done.recipe.name, done.recipe.digest) == ("shop", shop().digest)
    [stored] = desk.results()
    assert stored.startswith(f"shop/{done.image_id}/")
    [notice] = desk.documents()
    assert (notice["owner"], notice["batch"], notice["recipe"]) == ("shop", "2026", "shop")
    images = desk.deployment.images
    [entry] = images.of_batch("shop", "2026", Status.READY)
    assert [glance.path for glance in images.glance([entry.image_id]).values()] == [ROUTED]


def test_the_batch_of_a_route_is_sealed_by_its_records_and_completes(desk: Desk) -> None:
    routed(desk)
    desk.do(desk.put(key=ROUTED))
    batch, counts = seal(desk.deployment, "shop", "2026")
    assert (batch.expected, counts, batch.completed_at is not None) == (1, Counts(ready=1), True)
    assert desk.notices() == ["image.ready", "batch.completed"]


def test_an_image_of_a_removed_route_keeps_its_owner_until_its_removal(desk: Desk) -> None:
    routed(desk)
    desk.do(desk.put(key=ROUTED))
    registry = desk.deployment.recipe_registry
    registry.change(lambda now: now.model_copy(update={"routes": ()}))
    later = Desk(desk.deployment, type(desk.processor)(desk.deployment), desk.listener)
    again = later.do(later.put((20, 10), "06", key=ROUTED))
    assert again is not None
    assert again.recipe is not None
    assert (again.owner, again.batch, again.recipe.name) == ("shop", "2026", "web")
    gone = later.do(later.delete(key=ROUTED))
    assert gone is not None
    assert (gone.status, gone.owner, later.results()) == (Status.DELETED, "shop", set())
    assert desk.deployment.batches.counts("shop", "2026") == Counts(deleted=1)


def test_a_removal_that_comes_before_its_upload_records_the_routes_owner(desk: Desk) -> None:
    routed(desk)
    gone = desk.do(desk.delete(key=ROUTED))
    assert gone is not None
    assert (gone.owner, gone.batch) == ("shop", "2026")
