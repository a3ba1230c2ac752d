"""What an exception says about an attempt: the cause to record, and whether trying again may help."""

import errno
from collections.abc import Mapping

from celery.exceptions import SoftTimeLimitExceeded

from pixelfleet.domain.transitions import Failure
from pixelfleet.errors import Cause, LeaseLostError, ProcessingError, TransientError


def is_passing(error: Exception) -> bool:
    """Whether this attempt is ours to judge: without the lease, another worker's attempt is what counts."""
    return not isinstance(error, LeaseLostError)


def failure_of(error: Exception) -> Failure:
    """The cause and message that the record keeps of an error."""
    match error:
        case ProcessingError():
            return Failure(error.cause, error.message)
        case SoftTimeLimitExceeded():
            return Failure(Cause.TIME_LIMIT, "it took longer than its lane allows")
        case MemoryError():
            return Failure(Cause.OUT_OF_MEMORY, "it needed more memory than its lane has")
        case OSError(errno=errno.ENOSPC):
            return Failure(Cause.UNAVAILABLE, "the worker's scratch disk is full; give its lane more ephemeral storage")
        case _:
            return Failure(Cause.INTERNAL, f"{type(error).__name__}: {error}")


def out_of_time(milliseconds: Mapping[str, int], limit: float) -> Exception:
    """The error for an attempt whose time limit, in seconds, has struck, by how long each of its steps took.

    Where most of it went into S3 the heavy lane, which has more time for pixels, would wait for S3 as this one did.
    """
    waited = milliseconds.get("fetch", 0) + milliseconds.get("store", 0)
    if waited > limit * 1000 / 2:
        return TransientError(Cause.UNAVAILABLE, f"S3 was too slow: {waited} ms of the lane's {limit:.0f} s")
    return SoftTimeLimitExceeded()
