"""A batch with its counts, and its state in one word."""

from difflib import get_close_matches
from itertools import islice
from typing import Final

from pixelfleet.catalog.background import is_rollout_id
from pixelfleet.deployment import Deployment
from pixelfleet.domain.records import Batch, BatchState, Counts, RecipeRef
from pixelfleet.errors import SetupError

#: The number of recent batches that a wrong name is compared with.
RECENT: Final = 200


def batch_with_counts(deployment: Deployment, owner: str, name: str) -> tuple[Batch, Counts]:
    """
    Raises:
        SetupError: there is no such batch.
        TransientError: DynamoDB does not answer.
    """
    batch = deployment.batches.get(owner, name)
    if batch is None:
        raise _missing(deployment, owner, name)
    return batch, deployment.batches.counts(owner, name)


def open_for_uploads(deployment: Deployment, owner: str, name: str, recipe: RecipeRef | None = None) -> Batch:
    """The batch, made unless it exists; an existing batch keeps its recipe. Called before files are uploaded into it.

    An open batch that a move has made is one of uploads from now on: neither the move nor a reconcile seals the batch.

    Raises:
        TransientError: DynamoDB does not answer.
    """
    batch = deployment.batches.create(owner, name, recipe)
    if batch.made_by_move and batch.state is BatchState.OPEN:
        deployment.batches.forget_move(owner, name)
    return batch


def check_batch(deployment: Deployment, owner: str | None, name: str | None) -> None:
    """Check that a selection of images names a batch that exists. Without owner or name it names no single batch.

    Raises:
        SetupError: there is no such batch.
        TransientError: DynamoDB does not answer.
    """
    if owner is not None and name is not None and deployment.batches.get(owner, name) is None:
        raise _missing(deployment, owner, name)


def check_no_rollout(name: str) -> None:
    """
    Raises:
        SetupError: the name of a batch that does not exist is the id of a rollout.
    """
    if is_rollout_id(name):
        raise SetupError(
            f"{name} is a rollout, whose images are in their own batches: `pixelfleet batch show {name}` shows it"
        )


def _missing(deployment: Deployment, owner: str, name: str) -> SetupError:
    check_no_rollout(name)
    return SetupError(f"there is no batch {owner}/{name}{_suggestion(deployment, owner, name)}")


def _suggestion(deployment: Deployment, owner: str, name: str) -> str:
    """Recent batches with the same name of another owner, or with a similar name."""
    recent = [batch.batch_id for batch in islice(deployment.batches.all(), RECENT)]
    same = [batch_id for batch_id in recent if batch_id.partition("/")[2] == name]
    similar = same or get_close_matches(f"{owner}/{name}", recent, n=3)
    if similar:
        return f": did you mean {' or '.join(similar)}?"
    return "; `pixelfleet batch list` shows the batches"


def batch_state(batch: Batch, counts: Counts) -> str:
    """The state in a word; for a sealed batch, the percentage of images that are accounted for."""
    if batch.state is BatchState.SEALED:
        return f"{100 * counts.accounted // max(batch.expected or 0, 1)} %"
    return batch.state.value
