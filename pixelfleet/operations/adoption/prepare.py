"""Before an adoption: its batch, and whether the routes of the bucket agree with the order."""

from pixelfleet.deployment import Deployment
from pixelfleet.domain.keys import batch_prefix
from pixelfleet.domain.records import Batch
from pixelfleet.errors import SetupError
from pixelfleet.operations.adoption.order import Adoption
from pixelfleet.operations.recipe_texts import store_recipe


def prepared_batch(deployment: Deployment, order: Adoption, name: str) -> Batch | None:
    """The batch, made if it does not exist; its recipe is written before the first record.

    Raises:
        SetupError: the batch is of other images, or has another recipe.
    """
    if order.owner is None:
        return None
    batch_prefix(order.owner, name)
    ref = store_recipe(deployment, order.recipe) if order.recipe is not None else None
    batch = deployment.batches.create(order.owner, name, ref, order.source)
    if batch.source != order.source:
        of = batch.source or "uploads"
        raise SetupError(f"batch {batch.batch_id} is there already, of {of}: name another by --batch")
    if batch.recipe != ref and ref is not None:
        has = f"recipe {batch.recipe.name!r} with another digest" if batch.recipe else "no recipe"
        raise SetupError(f"batch {name} was begun with {has}: leave --recipe out, or name another batch")
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
