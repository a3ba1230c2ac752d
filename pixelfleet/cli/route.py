"""`pixelfleet route`: rules that give keys of a bucket an owner, a batch and a recipe."""

from typing import Annotated

import typer

from pixelfleet.cli.app import App
from pixelfleet.cli.console import RESULTS, AsJson, emit, say
from pixelfleet.cli.route_count import NoCount, count_touched
from pixelfleet.cli.selection import who
from pixelfleet.cli.tables import folding_table
from pixelfleet.deployment import Deployment
from pixelfleet.domain.routes import PRIORITY, Route, never_matching
from pixelfleet.operations import routes
from pixelfleet.settings import load_settings

route = App(
    name="route",
    help="Rules that give the keys of a bucket an owner, a batch and a recipe. The first that matches a key takes it.",
)

BucketOption = Annotated[
    str | None, typer.Option("--bucket", metavar="BUCKET", help="The bucket; default the uploads bucket.")
]
#: Said after a change.
WITHIN: str = (
    "Workers read the routes once a minute. Images that are there stay as they are; to count those that get another\n"
    "recipe now for any reason, and to make them again:\n"
    "  pixelfleet reconcile --outdated --dry-run\n"
    "  pixelfleet reconcile --outdated"
)


@route.command("add")
def add(
    match: Annotated[
        str, typer.Option(metavar="GLOB", help="Keys: * takes all characters but /, ** all, ? one, [abc] one of these.")
    ],
    owner: Annotated[str | None, typer.Option(help="The owner of the images whose key names no owner.")] = None,
    recipe: Annotated[str | None, typer.Option(metavar="NAME", help="A built-in or stored recipe.")] = None,
    bucket: BucketOption = None,
    batch_from: Annotated[
        str | None,
        typer.Option(metavar="PATTERN", help="Where the batch's name is in the key, as catalog/{batch}/**."),
    ] = None,
    priority: Annotated[int, typer.Option(help="Routes with a smaller number are tried first.")] = PRIORITY,
    *,
    first: Annotated[bool, typer.Option("--first", help="Put the route before all other routes.")] = False,
    no_count: NoCount = False,
    as_json: AsJson = False,
) -> None:
    """Add a route. It is tried after those of a smaller priority, and after those of the same that are there.

    A key uploads/OWNER/BATCH/... says itself whose it is: such a key gets the route's recipe alone.

        pixelfleet route add --match 'catalog/**' --owner shop --recipe shop --batch-from 'catalog/{batch}/**'

        pixelfleet route add --match '**/*.tif' --recipe archive --first
    """
    order = routes.RouteOrder(match, owner, recipe, bucket, batch_from, priority, first)
    deployment = _deployment()
    added = routes.add_route(deployment, who(), order)
    if as_json:
        touched = {} if no_count else {"touched": count_touched(deployment, added.change)}
        emit(_facts(added.route) | {"blocked": [each.route_id for each in added.blocked]} | touched)
        return
    say(f"route {added.route.route_id} is added: {_in_words(added.route)}")
    for each in added.blocked:
        say(f"route {each.route_id} ({each.match}) can never match any more", style="yellow")
    if not no_count:
        count_touched(deployment, added.change)
    say(WITHIN)


@route.command("list")
def list_routes(*, as_json: AsJson = False) -> None:
    """Show the routes in the order in which they are tried, and which of them can never match."""
    listed = _deployment().recipe_registry.get().routes
    blocked = never_matching(listed)
    if as_json:
        emit([
            _facts(each) | {"blocked_by": [rival.route_id for rival in blocked.get(each.route_id, ())]}
            for each in listed
        ])  # fmt: skip
        return
    if not listed:
        say("there are no routes")
        return
    table = folding_table("id", "priority", "bucket", "match", "gives")
    for each in listed:
        rivals = ", ".join(rival.route_id for rival in blocked.get(each.route_id, ()))
        gives = _gives(each) + (f"; can never match: {rivals} takes its keys" if rivals else "")
        table.add_row(each.route_id, str(each.priority), each.bucket, each.match, gives)
    RESULTS.print(table)


@route.command("rm")
def remove(
    route_id: Annotated[str, typer.Argument(metavar="ID", help="As `pixelfleet route list` shows it.")],
    *,
    no_count: NoCount = False,
    as_json: AsJson = False,
) -> None:
    """Remove a route. Its images keep their owner and their batch."""
    deployment = _deployment()
    removed = routes.remove_route(deployment, who(), route_id)
    if as_json:
        touched = {} if no_count else {"touched": count_touched(deployment, removed)}
        emit({"removed": _facts(removed.route)} | touched)
        return
    say(f"route {route_id} is removed: {_in_words(removed.route)}")
    if not no_count:
        count_touched(deployment, removed)
    say(WITHIN)


@route.command("test")
def explain(
    key: Annotated[str, typer.Argument(metavar="KEY", help="A key; no object need be there.")],
    bucket: BucketOption = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Say which route takes a key, whose the image is, which recipe it gets, and why. Nothing is changed.

        pixelfleet route test catalog/2026/chair.jpg

    The object need not exist.
    """
    answer = routes.explain_key(_deployment(), key, bucket)
    if as_json:
        emit({
            "key": key,
            "route": _facts(answer.route) if answer.route is not None else None,
            "owner": answer.place.owner,
            "batch": answer.place.batch,
            "recipe": answer.recipe.name,
            "digest": answer.recipe.digest,
            "reasons": list(answer.reasons),
        })  # fmt: skip
        return
    batch = answer.place.batch or "none"
    RESULTS.print(f"owner {answer.place.owner}, batch {batch}, recipe {answer.recipe.name}", soft_wrap=True)
    for reason in answer.reasons:
        RESULTS.print(f"  {reason}", soft_wrap=True)


def _deployment() -> Deployment:
    return Deployment(load_settings())


def _in_words(each: Route) -> str:
    return f"keys {each.match} of {each.bucket} get {_gives(each)}"


def _gives(each: Route) -> str:
    given = {"owner": each.owner, "recipe": each.recipe, "batch from": each.batch_from}
    return ", ".join(f"{name} {value}" for name, value in given.items() if value is not None)


def _facts(each: Route) -> dict[str, object]:
    return each.model_dump(mode="json", exclude_none=False)
