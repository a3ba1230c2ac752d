"""CloudFront in memory, with the boto3 call that invalidates paths. Each distribution is an edge cache.

Rules: CloudFront developer guide, "Invalidate files": 15 paths that end in `*` may be in progress at once, 3,000 paths
in all. A repeated CallerReference returns the invalidation of the first call; with other paths the call is refused.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from tests.fakes.errors import aws_error

MOST_WILDCARDS: Final = 15
MOST_PATHS: Final = 3_000
#: Duration of an invalidation in seconds.
DURATION: Final = 60.0


@dataclass(frozen=True, slots=True)
class Invalidation:
    """`at` is epoch seconds."""

    identity: str
    paths: tuple[str, ...]
    at: float


class FakeCloudFront:
    """The invalidations of one account. `clock` returns epoch seconds.

    `most_wildcards` below CloudFront's 15 simulates other programs that invalidate paths of the same distribution.
    """

    def __init__(self, clock: Callable[[], float] = time.time, most_wildcards: int = MOST_WILDCARDS) -> None:
        self._clock = clock
        self._most_wildcards = most_wildcards
        self._by_reference: dict[tuple[str, str], Invalidation] = {}

    def create_invalidation(self, *, DistributionId: str, InvalidationBatch: Mapping[str, Any]) -> dict[str, Any]:
        """Raises ClientError: TooManyInvalidationsInProgress, InvalidationBatchAlreadyExists, InvalidArgument."""
        paths = tuple(InvalidationBatch["Paths"]["Items"])
        if InvalidationBatch["Paths"]["Quantity"] != len(paths) or not all(path.startswith("/") for path in paths):
            raise aws_error("InvalidArgument", 400, "CreateInvalidation")
        reference = (DistributionId, str(InvalidationBatch["CallerReference"]))
        known = self._by_reference.get(reference)
        if known is not None and known.paths != paths:
            raise aws_error("InvalidationBatchAlreadyExists", 400, "CreateInvalidation")
        if known is None:
            self._check_room(paths)
            known = Invalidation(f"I{len(self._by_reference) + 1}", paths, self._clock())
            self._by_reference[reference] = known
        done = known.at + DURATION <= self._clock()
        return {"Invalidation": {"Id": known.identity, "Status": "Completed" if done else "InProgress"}}

    def forgotten_since(self, moment: float, path: str) -> bool:
        """Whether an invalidation made at or after `moment` covers a path."""
        return any(
            invalidation.at >= moment and any(_covers(pattern, path) for pattern in invalidation.paths)
            for invalidation in self._by_reference.values()
        )

    def _check_room(self, paths: tuple[str, ...]) -> None:
        pending = [
            path for one in self._by_reference.values() if one.at + DURATION > self._clock() for path in one.paths
        ]
        wildcards = sum(path.endswith("*") for path in (*pending, *paths))
        if wildcards > self._most_wildcards or len(pending) + len(paths) > MOST_PATHS:
            raise aws_error("TooManyInvalidationsInProgress", 400, "CreateInvalidation")


def _covers(pattern: str, path: str) -> bool:
    return path.startswith(pattern[:-1]) if pattern.endswith("*") else path == pattern
