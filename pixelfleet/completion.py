"""The one word that is said when a batch is complete."""

from pixelfleet.bootstrap import Fleet
from pixelfleet.catalog.records import Batch


def announce(fleet: Fleet, batch: Batch | None) -> None:
    """Publish a completion that `Batches.complete` or `completed_by` handed out; None is nothing to say.

    Raises:
        TransientError: it was not published; whoever looks at the batch next publishes it.
    """
    if batch is not None:
        fleet.notices.batch_completed(batch, fleet.batches.counts(batch.owner, batch.name))
        fleet.batches.announced(batch)


def complete_if_full(fleet: Fleet, owner: str, name: str) -> None:
    """After sealing, or a look at a sealed batch: its last image may have come first."""
    announce(fleet, fleet.batches.complete(owner, name))
