"""Aliases that an image has claimed, and that its record does not name.

A worker died between the claim, or the copy, and the record, and its message was lost; by now the image is removed, or
has results without this file. Other images of the same key would wait for ever.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import islice

from pixelfleet.catalog.alias_claims import Claim
from pixelfleet.catalog.dynamo import BATCH_GET_KEYS
from pixelfleet.deployment import Deployment
from pixelfleet.domain.jobs import Origin
from pixelfleet.domain.records import Image, Status, timestamp
from pixelfleet.domain.transitions import Refusal
from pixelfleet.errors import PermanentError
from pixelfleet.operations.alias_plan import AliasPlan
from pixelfleet.operations.reconcile.compare import GROUP
from pixelfleet.operations.reconcile.verdict import last_touched

_UNDER_WAY = frozenset({Status.QUEUED, Status.PROCESSING})


class StrayClaims:
    """Has such aliases given up, by a worker: the record is made to name them, and a job makes the image's aliases.

    Nothing is released here, so that no other worker can be in the way: a worker that makes aliases writes them into
    the record on a condition, and repeats its work if the image has other results by then. Images that changed after
    `before` may have such a worker, and are left to a later sweep.
    """

    def __init__(self, deployment: Deployment, plan: AliasPlan, before: datetime) -> None:
        self._deployment = deployment
        self._plan = plan
        self._before = before

    def find(self, claims: Iterable[Claim]) -> Iterator[tuple[Image, list[Claim]]]:
        """The images of these claims that have strays, with their strays. A claim of an unknown image is kept.

        Raises:
            TransientError: S3 or DynamoDB does not answer.
        """
        of_image: defaultdict[str, list[Claim]] = defaultdict(list)
        for claim in claims:
            of_image[claim.holder].append(claim)
        waiting = iter(of_image)
        while ids := list(islice(waiting, BATCH_GET_KEYS)):
            for image in self._deployment.images.get_many(ids).values():
                if strays := self._strays(image, of_image[image.image_id]):
                    yield image, strays

    def give_up(self, image: Image, strays: Iterable[Claim]) -> None:
        """
        Raises:
            TransientError: DynamoDB or SQS does not answer.
        """
        noted = self._deployment.images.note_claims(image, [claim.place for claim in strays])
        if not isinstance(noted, Refusal):
            self._deployment.queues.send(noted.next_lane, [noted.job(Origin.ALIASES)], GROUP)

    def _strays(self, image: Image, claims: list[Claim]) -> list[Claim]:
        if image.status in _UNDER_WAY or image.notice is not None or last_touched(image) > timestamp(self._before):
            return []
        recorded = {(alias.bucket, alias.key) for alias in image.aliases}
        unrecorded = [claim for claim in claims if claim.place not in recorded]
        try:
            planned = {each.key for each in self._plan.planned(image)} if unrecorded else set()
        except PermanentError:
            # A release that can read the recipe knows the aliases.
            return []
        bucket = self._deployment.settings.alias_bucket
        return [claim for claim in unrecorded if claim.place[0] != bucket or claim.place[1] not in planned]
