"""The note in the activity about an operation on many images or messages, written once and whatever its outcome."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from pixelfleet.deployment import Deployment
from pixelfleet.errors import PixelfleetError
from pixelfleet.operations.stopping import StopAskedError

#: The numbers of an operation by name, as its note has them, and its outcome.
Details = dict[str, int | str]


@contextmanager
def noted(deployment: Deployment, who: str, what: str, on: str) -> Iterator[Details]:
    """Note the operation of the block when the block ends. The block puts its numbers into the details.

    `outcome` is `done`, unless the block names another, `failed` after an error, `interrupted` after Ctrl-C, `stopped`
    after a StopAskedError.

    Raises:
        TransientError: DynamoDB does not answer. An error of the block is raised instead, if there is one.
    """
    details: Details = {}
    try:
        yield details
    except (Exception, KeyboardInterrupt) as error:
        details["outcome"] = _outcome(error)
        with suppress(PixelfleetError):
            deployment.activity.note(who, what, on, details)
        raise
    deployment.activity.note(who, what, on, {"outcome": "done"} | details)


def _outcome(error: BaseException) -> str:
    if isinstance(error, StopAskedError):
        return "stopped"
    return "failed" if isinstance(error, Exception) else "interrupted"
