"""Before an adoption: its batch, and whether the routes of the bucket agree with the order."""

from pixelfleet.deployment import Deployment
from pixelfleet.domain.keys import batch_prefix
from pixelfleet.domain.records import Batch, RecipeRef
from pixelfleet.errors import SetupError
from pixelfleet.operations.adoption.order import Adoption
from pixelfleet.operations.recipe_texts import reference, store_recipe


def known_batch(deployment: Deployment, order: Adoption, name: str) -> Batch | None:
    """The batch, if it exists. Without an owner, routes give each image its batch.

    Raises:
        SetupError: the batch is of other images, or has another recipe, or no batch can be called so.
    """
    if order.owner is None:
        return None
    batch_prefix(order.owner, name)
    batch = deployment.batches.get(order.owner, name)
    return _checked(batch, order, reference(order.recipe) if order.recipe is not None else None) if batch else None


def made_batch(deployment: Deployment, order: Adoption, name: str) -> Batch | None:
    """The batch, made if it does not exist; its recipe is written before the first record. Raises as `known_batch`."""
    if order.owner is None:
        return None
    ref = store_recipe(deployment, order.recipe) if order.recipe is not None else None
    return _checked(deployment.batches.create(order.owner, name, ref, order.source), order, ref)


def _checked(batch: Batch, order: Adoption, ref: RecipeRef | None) -> Batch:
    if batch.source != order.source:
        of = batch.source or "uploads"
        raise SetupError(f"batch {batch.batch_id} is there already, of {of}: name another by --batch")
    if batch.recipe != ref and ref is not None:
        has = f"recipe {batch.recipe.name!r} with another digest" if batch.recipe else "no recipe"
        raise SetupError(f"batch {batch.name} was begun with {has}: leave --recipe out, or name another batch")
    return batch


def check_routes(deployment: Deployment, order: Adoption) -> None:
    """
    Raises:
        SetupError: the order names neither an owner nor a bucket with routes; or a route gives another recipe.
    """
    routes = [route for route in deployment.recipe_registry.get().routes if route.bucket == order.bucket]
    if order.owner is None and not any(route.owner for route in routes):
        raise SetupError(
            f"name the --owner of the images. To give them to several owners, add routes first: "
            f"pixelfleet route add --bucket {order.bucket} --match 'GLOB' --owner OWNER"
        )
    if order.owner is None and (order.batch is not None or order.recipe is not None):
        raise SetupError(
            "without --owner, routes give each image its batch and its recipe: leave --batch and --recipe out"
        )
    rival = next((route for route in routes if route.recipe is not None), None)
    if order.recipe is not None and rival is not None:
        raise SetupError(
            f"route {rival.route_id} gives the recipe {rival.recipe} to {rival.match} of {order.bucket}, and a route "
            f"takes precedence: leave --recipe out, or remove the route: pixelfleet route rm {rival.route_id}"
        )
