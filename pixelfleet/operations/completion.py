"""The one word that is said when a batch is complete."""

from pixelfleet.deployment import Deployment
from pixelfleet.domain.records import Batch


def announce(deployment: Deployment, batch: Batch | None) -> None:
    """Publish a completion that `Batches.complete` or `completed_by` handed out; None is nothing to say.

    Raises:
        TransientError: it was not published; whoever looks at the batch next publishes it.
    """
    if batch is not None:
        deployment.notices.batch_completed(batch, deployment.batches.counts(batch.owner, batch.name))
        deployment.batches.announced(batch)


def complete_if_full(deployment: Deployment, owner: str, name: str) -> None:
    """After sealing, or a look at a sealed batch: its last image may have come first."""
    announce(deployment, deployment.batches.complete(owner, name))
