"""Sends to CloudFront the images that workers noted as removed. Any number of processes may do so at once.

A worker's child that has removed images sends them at the end of each slot of its heartbeat; `reconcile` sends those of
dead workers. If CloudFront refuses, the images stay noted, and no job is affected.
"""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from pixelfleet.aws.cdn import MOST_FOLDERS, Cdn, covered, folders_of
from pixelfleet.catalog.invalidations import Invalidations, PendingInvalidation
from pixelfleet.deployment import Deployment
from pixelfleet.errors import Cause, TransientError

#: Images that are read at once, and calls to CloudFront before the next slot goes on: a few seconds in all.
PAGE: Final = 500
MOST_CALLS: Final = 3
#: Images beyond the page that one call covers, at most, if it names folders of owners. A million images of an owner are
#: some 200 calls.
MOST_COVERED: Final = 5_000
THREADS: Final = 8
#: The same for `reconcile`, which has more time.
RECONCILE_CALLS: Final = 200
#: Seconds between two tries while CloudFront has no room, and seconds that a reconcile waits in all. An invalidation
#: takes a minute or a few; fifteen of them make room for the next.
TRY_EVERY: Final = 15.0
LONGEST_WAIT: Final = 600.0


def send_invalidations(deployment: Deployment, first: int = 0, calls: int = MOST_CALLS) -> bool:
    """Send pending images by at most so many calls; returns whether none is left. `first`: see `Invalidations.pending`.

    Raises:
        TransientError: DynamoDB or CloudFront does not answer, or CloudFront refuses for another reason than that too
            many paths are in progress.
    """
    cdn, invalidations = deployment.cdn, deployment.invalidations
    if cdn is None:
        return True
    for _ in range(calls):
        page = invalidations.pending(PAGE, first)
        if not page:
            return True
        # Fewer folders where other invalidations of the distribution leave little room.
        if not any(_send(cdn, invalidations, page, most) for most in (MOST_FOLDERS, 3, 1)):
            return False
    return not invalidations.pending(1)


def send_all_invalidations(
    deployment: Deployment, waits: Callable[[], None], sleep: Callable[[float], None] = time.sleep
) -> bool:
    """Send all pending images, and wait for room at CloudFront; returns whether none is left after `LONGEST_WAIT`.

    `waits` is called before each wait.

    Raises:
        TransientError: see `send_invalidations`.
    """
    tries = int(LONGEST_WAIT / TRY_EVERY)
    for _ in range(tries):
        if send_invalidations(deployment, calls=RECONCILE_CALLS):
            return True
        waits()
        sleep(TRY_EVERY)
    return send_invalidations(deployment, calls=RECONCILE_CALLS)


def _send(cdn: Cdn, invalidations: Invalidations, page: Sequence[PendingInvalidation], most: int) -> bool:
    folders = folders_of([(pending.owner, pending.image_id) for pending in page], most)
    sent = {pending.at: pending for pending in page if covered((pending.owner, pending.image_id), folders)}
    owners = [owner for owner, image_id in folders if image_id is None]
    for owner in owners:
        # Read before the call: an image that is noted later, also of the same owner, is sent by another call.
        sent |= {pending.at: pending for pending in invalidations.of_owner(owner, MOST_COVERED // len(owners))}
    try:
        cdn.invalidate(folders, sent)
    except TransientError as error:
        if error.cause is not Cause.THROTTLED:
            raise
        return False
    with ThreadPoolExecutor(THREADS) as pool:
        for done in [pool.submit(invalidations.done, [pending]) for pending in sent.values()]:
            done.result()
    return True
