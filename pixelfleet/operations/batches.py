"""Batches as people look at them: one with its counts, and its state in one word."""

from pixelfleet.deployment import Deployment
from pixelfleet.domain.records import Batch, Counts
from pixelfleet.errors import SetupError


def batch_with_counts(deployment: Deployment, owner: str, name: str) -> tuple[Batch, Counts]:
    """
    Raises:
        SetupError: there is no such batch.
        TransientError: DynamoDB does not answer.
    """
    batch = deployment.batches.get(owner, name)
    if batch is None:
        raise SetupError(f"there is no batch {owner}/{name}; `pixelfleet batch list` shows the batches")
    return batch, deployment.batches.counts(owner, name)


def batch_state(batch: Batch, counts: Counts) -> str:
    """`completed`, the per cent that is accounted for, or `open`: the batch is not sealed, more may be uploaded."""
    if batch.completed_at:
        return "completed"
    if batch.expected is None:
        return "open"
    return f"{100 * counts.accounted // max(batch.expected, 1)} %"
