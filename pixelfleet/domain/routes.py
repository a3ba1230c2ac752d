"""Routes: rules that give keys of a bucket an owner, a batch and a recipe. The first that matches a key takes it. Pure.

A key `uploads/<owner>/<batch>/...` says itself whose it is: a route gives such a key its recipe alone. So images that
somebody may write only below `uploads/<owner>/` are never given to another owner.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from pixelfleet.domain.globs import Glob, glob, share_a_key, takes_all
from pixelfleet.domain.keys import DEFAULT_OWNER, Place, batch_prefix, check_owner, is_bucket_name, place_of
from pixelfleet.domain.records import WholeRecord
from pixelfleet.errors import Cause, SetupError, TransientError

#: Where a route comes if nothing else is said; the smallest comes first.
PRIORITY: Final = 100
MOST_PRIORITY: Final = 100_000
BATCH: Final = "{batch}"
#: Keys that say themselves whose they are.
_OWNED: Final = glob("uploads/*/*/**")

#: Names of batches, and names that are too long or have other characters after the first.
_NAME: Final = glob("[A-Za-z0-9]*")


class Route(WholeRecord):
    """One rule. `owner` and `batch_from` are for keys that do not say themselves whose they are."""

    route_id: str
    bucket: str
    match: str
    owner: str | None = None
    recipe: str | None = None
    batch_from: str | None = None
    priority: int = PRIORITY
    at: str
    who: str


@dataclass(frozen=True)
class BatchPattern:
    """Where in a key the name of its batch is: `catalog/{batch}/**` names a batch by the second part of the key."""

    text: str
    before: Glob | None = field(repr=False)
    after: Glob = field(repr=False)

    @property
    def whole(self) -> Glob:
        """The keys that have a batch by the pattern, and keys with names that are too long for a batch."""
        before = self.before.tokens if self.before is not None else ()
        return Glob(self.text, (*before, *_NAME.tokens, *self.after.tokens))

    def name_in(self, key: str) -> str | None:
        """The name of the batch of a key; None if the pattern does not fit, or finds what no batch can be called."""
        start = 0
        while (end := key.find("/", start)) >= 0:
            head, name, tail = key[:start], key[start:end], key[end:]
            fits = head == "" if self.before is None else self.before.matches(head)
            if fits and self.after.matches(tail):
                return name if fit_batch(name) else None
            start = end + 1
        return None


def batch_pattern(text: str) -> BatchPattern:
    """Read a pattern.

    Raises:
        SetupError: the text is no such pattern; the message says what would be right.
    """
    before, found, after = text.partition(BATCH)
    if not found or BATCH in after or (before and not before.endswith("/")) or not after.startswith("/"):
        raise SetupError(
            f"{text!r} is no pattern for batches: it has {BATCH} once, as a whole part of the key and not the last, "
            f"such as catalog/{BATCH}/**"
        )
    return BatchPattern(text, glob(before) if before else None, glob(after))


def fit_batch(name: str) -> bool:
    """Whether a batch may be called so."""
    try:
        batch_prefix(DEFAULT_OWNER, name)
    except SetupError:
        return False
    return True


def check_bucket(name: str) -> None:
    """
    Raises:
        SetupError: no bucket can be called so.
    """
    if not is_bucket_name(name):
        raise SetupError(f"{name!r} is no name of a bucket: write it without s3:// and without a slash")


def check_route(route: Route) -> None:
    """
    Raises:
        SetupError: the route is wrong in itself, or gives nothing.
    """
    match = glob(route.match)
    check_bucket(route.bucket)
    if route.match.startswith("s3://"):
        raise SetupError(f"{route.match!r} matches keys, which have no s3://: name the bucket by --bucket")
    if (route.owner or route.batch_from) and takes_all(match, [_OWNED]):
        raise SetupError(
            f"a route of {route.match} could never give an owner or a batch: keys uploads/<owner>/<batch>/... say "
            "themselves whose they are. Leave --owner and --batch-from out, or match other keys"
        )
    if route.match.endswith("/"):
        raise SetupError(
            f"a route of {route.match} takes folder markers alone, which are no images: write {route.match}** for the "
            "keys in the folder"
        )
    if route.batch_from is not None and not share_a_key([match, batch_pattern(route.batch_from).whole]):
        raise SetupError(
            f"--batch-from {route.batch_from} would never give a batch: no key of {route.match} fits this pattern. "
            f"Write it for the keys of the route, as catalog/{BATCH}/** for catalog/**"
        )
    if route.owner is not None:
        check_owner(route.owner)
    if route.owner is None and route.recipe is None and route.batch_from is None:
        raise SetupError(f"the route of {route.match!r} gives nothing: name an owner, a recipe or --batch-from")
    if not 0 <= route.priority <= MOST_PRIORITY:
        raise SetupError(f"a priority is a number from 0 to {MOST_PRIORITY:,}, not {route.priority:,}")


@dataclass(frozen=True)
class _Compiled:
    route: Route
    match: Glob
    batch: BatchPattern | None


class Router:
    """Routes in the order in which they are tried."""

    def __init__(self, routes: Iterable[Route] = ()) -> None:
        self._routes = tuple(routes)

    def route_of(self, bucket: str, key: str) -> Route | None:
        """The first route that matches a key.

        Raises:
            TransientError: a route of this bucket cannot be read, since it is of a newer release.
        """
        compiled = self._first(bucket, key)
        return compiled.route if compiled is not None else None

    def place_of(self, bucket: str, key: str) -> Place:
        """The owner and the batch of a key: what the key says itself, else what its route says.

        Raises:
            TransientError: as `route_of`.
        """
        place = place_of(key)
        compiled = self._first(bucket, key) if place.batch is None else None
        if compiled is None:
            return place
        name = compiled.batch.name_in(key) if compiled.batch is not None else None
        return Place(compiled.route.owner or DEFAULT_OWNER, name, key)

    def _first(self, bucket: str, key: str) -> _Compiled | None:
        of_bucket = self._compiled.get(bucket, ())
        return next((each for each in of_bucket if each.match.matches(key)), None)

    @cached_property
    def _compiled(self) -> dict[str, list[_Compiled]]:
        of_buckets: dict[str, list[_Compiled]] = {}
        for route in self._routes:
            try:
                pattern = batch_pattern(route.batch_from) if route.batch_from is not None else None
                compiled = _Compiled(route, glob(route.match), pattern)
            except SetupError as error:
                raise TransientError(
                    Cause.UNAVAILABLE, f"route {route.route_id} cannot be read by this release: {error}"
                ) from None
            of_buckets.setdefault(route.bucket, []).append(compiled)
        return of_buckets


def in_order(routes: Iterable[Route]) -> tuple[Route, ...]:
    """Routes as they are tried: the smallest priority first, equal ones as they were added."""
    return tuple(sorted(routes, key=lambda route: route.priority))


def blocked_by(route: Route, earlier: Iterable[Route]) -> tuple[Route, ...]:
    """The routes before `route` that take all of its keys, so that it can never match; none if it can match a key."""
    rivals = [other for other in earlier if other.bucket == route.bucket]
    own = glob(route.match)
    for rival in rivals:
        if takes_all(own, [glob(rival.match)]):
            return (rival,)
    together = [other for other in rivals if _may_meet(own, glob(other.match))]
    if len(together) > 1 and takes_all(own, [glob(other.match) for other in together]):
        return tuple(together)
    return ()


def never_matching(routes: Iterable[Route]) -> dict[str, tuple[Route, ...]]:
    """By its id, each route that can never match, with the routes that take its keys."""
    listed = list(routes)
    blocked = {route.route_id: blocked_by(route, listed[:number]) for number, route in enumerate(listed)}
    return {route_id: rivals for route_id, rivals in blocked.items() if rivals}


def _may_meet(one: Glob, other: Glob) -> bool:
    return one.prefix.startswith(other.prefix) or other.prefix.startswith(one.prefix)
