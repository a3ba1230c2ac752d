"""The models of routes."""

from typing import Final

from pydantic import Field

from dashboard.api.models.base import Model
from pixelfleet.domain.globs import MOST_CHARACTERS
from pixelfleet.domain.keys import MAX_KEY_BYTES
from pixelfleet.domain.routes import MOST_PRIORITY, PRIORITY, Route
from pixelfleet.operations.routes import RouteTest

_MATCH: Final = "Which keys: `*` takes all characters but `/`, `**` all, `?` one, `[abc]` one of these."
_OWNER: Final = "The owner of the images whose key names no owner."
_BATCH_FROM: Final = "The place of the batch's name in the key."
COUNT: Final = "Count the images that get another recipe, as a background task. Nothing is processed."
_COUNTING: Final = (
    "The id of the background task that counts the images that get another recipe. None if no count was asked for, "
    "or none could begin, as while another count is under way: `POST /outdated` counts all outdated images."
)
_TASK: Final = "20261127T101500Z-1a2b3c4d"
_PRIORITY: Final = "Routes with a smaller number are tried first."


class RouteOut(Model):
    """A rule that gives keys of a bucket an owner, a batch and a recipe."""

    id: str = Field(examples=["1a2b3c"])
    bucket: str = Field(examples=["pixelfleet-uploads"])
    match: str = Field(description=_MATCH, examples=["catalog/**"])
    owner: str | None = Field(description=_OWNER, examples=["shop"])
    recipe: str | None = Field(examples=["shop"])
    batch_from: str | None = Field(description=_BATCH_FROM, examples=["catalog/{batch}/**"])
    priority: int = Field(description=_PRIORITY, examples=[PRIORITY])
    added_at: str = Field(examples=["2026-11-26T09:00:00.000Z"])
    who: str = Field(description="Who added it.", examples=["olga"])
    blocked_by: list[str] = Field(
        description="Ids of earlier routes that take all keys of this route. The route can never match.", examples=[[]]
    )

    @classmethod
    def of(cls, route: Route, blocked_by: tuple[Route, ...] = ()) -> "RouteOut":
        return cls(
            id=route.route_id,
            bucket=route.bucket,
            match=route.match,
            owner=route.owner,
            recipe=route.recipe,
            batch_from=route.batch_from,
            priority=route.priority,
            added_at=route.at,
            who=route.who,
            blocked_by=[rival.route_id for rival in blocked_by],
        )


class RoutesOut(Model):
    routes: list[RouteOut] = Field(description="The routes, in the order in which they are tried.")


class RouteIn(Model):
    match: str = Field(max_length=MOST_CHARACTERS, description=_MATCH, examples=["catalog/**"])
    owner: str | None = Field(None, max_length=64, description=_OWNER, examples=["shop"])
    recipe: str | None = Field(None, max_length=64, description="A built-in or stored recipe.", examples=["web"])
    bucket: str | None = Field(None, max_length=63, description="Default: the uploads bucket.")
    batch_from: str | None = Field(
        None, max_length=2 * MOST_CHARACTERS, description=_BATCH_FROM, examples=["catalog/{batch}/**"]
    )
    priority: int = Field(PRIORITY, ge=0, le=MOST_PRIORITY, description=_PRIORITY, examples=[PRIORITY])
    first: bool = Field(default=False, description="Put the route before all other routes.", examples=[False])
    count: bool = Field(default=True, description=COUNT, examples=[True])


class RouteAddedOut(Model):
    route: RouteOut
    blocked: list[RouteOut] = Field(description="Later routes that can never match now.", examples=[[]])
    counting: str | None = Field(description=_COUNTING, examples=[_TASK])


class RouteRemovedOut(Model):
    counting: str | None = Field(description=_COUNTING, examples=[_TASK])


class RouteTestIn(Model):
    key: str = Field(min_length=1, max_length=MAX_KEY_BYTES, examples=["catalog/2026/chair.jpg"])
    bucket: str | None = Field(None, max_length=63, description="Default: the uploads bucket.")


class RouteTestOut(Model):
    """The owner, batch and recipe of a key, with the reasons."""

    route: RouteOut | None
    owner: str = Field(examples=["shop"])
    batch: str | None = Field(examples=["2026"])
    recipe: str = Field(examples=["shop"])
    digest: str = Field(examples=["9f86d081884c7d65"])
    reasons: list[str] = Field(examples=[["Route 1a2b3c (catalog/**) is the first that matches."]])

    @classmethod
    def of(cls, answer: RouteTest) -> "RouteTestOut":
        return cls(
            route=RouteOut.of(answer.route) if answer.route is not None else None,
            owner=answer.place.owner,
            batch=answer.place.batch,
            recipe=answer.recipe.name,
            digest=answer.recipe.digest,
            reasons=list(answer.reasons),
        )


class DefaultRecipeIn(Model):
    recipe: str | None = Field(max_length=64, description="None takes the default away.", examples=["web"])


class DefaultRecipeOut(Model):
    owner: str = Field(examples=["ana"])
    recipe: str | None = Field(description="None: the deployment's default.", examples=["web"])
