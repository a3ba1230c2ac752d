"""After an unclean end of the embedded cloud: lost jobs are queued again, from bucket and catalog."""

from datetime import UTC, datetime

from pixelfleet.deployment import Deployment
from pixelfleet.domain.jobs import Lane
from pixelfleet.operations.reconcile.compare import CompareOptions, Reconcile, ReconcileResult
from pixelfleet.operations.reconcile.listing import BucketListing
from pixelfleet.operations.reconcile.verdict import Horizon

WHO = "up"


def queue_again(deployment: Deployment, now: datetime | None = None) -> ReconcileResult:
    """Reconcile the whole bucket, also images that are young.

    A job that still waits is then done twice, which changes nothing.

    Raises:
        TransientError: the embedded cloud does not answer.
    """
    moment = now or datetime.now(UTC)
    everything = Horizon(moment, dict.fromkeys(Lane, moment))
    listing = BucketListing(deployment.listings, deployment.settings.uploads_bucket, "")
    return Reconcile(deployment, everything, CompareOptions(WHO)).run(listing.pages(""), lambda _position: None)
