"""The table of actions after an error of an attempt. It is read from the top; the first row that fits counts.

`decide` reads the table and changes nothing. `worker.job.process.Processor` acts on the decision, in one place.
"""

import errno
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from celery.exceptions import SoftTimeLimitExceeded

from pixelfleet.aws.objects import ObjectGoneError
from pixelfleet.domain.jobs import Lane
from pixelfleet.domain.transitions import Failure
from pixelfleet.errors import Cause, LeaseLostError, PermanentError, ProcessingError, TransientError, WrongLaneError


class ErrorAction(Enum):
    """The worker's action. "Raised" means that the error leaves the task, so that the message stays in its queue."""

    #: Record the failure, announce it, acknowledge the message.
    RECORD_FAILED = auto()
    #: Note the cause; the error is raised, and the message becomes visible after a pause.
    BACK_OFF = auto()
    #: As RECORD_FAILED, and leave the job on the lane's DLQ. In place of BACK_OFF when no attempt is left.
    GIVE_UP = auto()
    #: Send the job to the heavy lane, return the attempt, acknowledge the message.
    PASS_ON = auto()
    #: Return the attempt; the error is raised, and the main process shows the message to other workers at once.
    HAND_BACK = auto()
    #: The object version does not exist any more: process the version that the bucket holds now.
    FOLLOW_BUCKET = auto()
    #: Write nothing; the error is raised. Another attempt holds the message, or this process is ending.
    DROP = auto()


@dataclass(frozen=True, slots=True)
class Row:
    """One row: the errors, the action of each lane, and the cause and message to record.

    Without `cause`, the error's own cause and message are recorded, or none at all. `having_cause` narrows the row
    to errors with one of these causes, `having_errno` to one errno.
    """

    error: type[BaseException]
    bulk: ErrorAction
    heavy: ErrorAction
    cause: Cause | None = None
    message: str = "{error}"
    having_cause: frozenset[Cause] = frozenset()
    having_errno: int | None = None

    def fits(self, error: BaseException) -> bool:
        return (
            isinstance(error, self.error)
            and (not self.having_cause or getattr(error, "cause", None) in self.having_cause)
            and (self.having_errno is None or getattr(error, "errno", None) == self.having_errno)
        )

    def failure(self, error: BaseException) -> Failure | None:
        if self.cause is not None:
            return Failure(self.cause, self.message.format(error=error, kind=type(error).__name__))
        return Failure(error.cause, error.message) if isinstance(error, ProcessingError) else None


#: The heavy lane has more of both.
_MEMORY_OR_TIME: Final = frozenset({Cause.OUT_OF_MEMORY, Cause.TIME_LIMIT})
_TOO_SLOW: Final = "the work took longer than the time limit of its lane"
_TOO_LITTLE_MEMORY: Final = "the work needed more memory than its lane has"
_DISK_FULL: Final = "the worker's scratch disk is full; give its lane more ephemeral storage"
_A: Final = ErrorAction

#: Columns: error, action in bulk, action in heavy, and the recorded cause.
TABLE: Final = (
    Row(LeaseLostError, _A.DROP, _A.DROP),
    Row(PermanentError, _A.RECORD_FAILED, _A.RECORD_FAILED),
    # No lane is larger than heavy: the image would be passed on for ever.
    Row(WrongLaneError, _A.PASS_ON, _A.RECORD_FAILED, Cause.TOO_MANY_PIXELS),
    Row(ObjectGoneError, _A.FOLLOW_BUCKET, _A.FOLLOW_BUCKET),
    Row(TransientError, _A.PASS_ON, _A.BACK_OFF, having_cause=_MEMORY_OR_TIME),
    Row(TransientError, _A.BACK_OFF, _A.BACK_OFF),
    Row(SoftTimeLimitExceeded, _A.PASS_ON, _A.BACK_OFF, Cause.TIME_LIMIT, _TOO_SLOW),
    Row(MemoryError, _A.PASS_ON, _A.BACK_OFF, Cause.OUT_OF_MEMORY, _TOO_LITTLE_MEMORY),
    Row(OSError, _A.BACK_OFF, _A.BACK_OFF, Cause.UNAVAILABLE, _DISK_FULL, having_errno=errno.ENOSPC),
    Row(Exception, _A.BACK_OFF, _A.BACK_OFF, Cause.INTERNAL, "{kind}: {error}"),
    # The main process is shutting down and ended this child: the attempt does not count against the image.
    Row(SystemExit, _A.HAND_BACK, _A.HAND_BACK),
    Row(BaseException, _A.DROP, _A.DROP),
)


@dataclass(frozen=True, slots=True)
class Situation:
    """The facts that decide an action besides the error.

    `milliseconds` is how long each step of the attempt took, `time_limit` the lane's limit in seconds,
    `time_limit_exceeded` whether the attempt exceeded it, and `last_attempt` whether the image has no further attempt.
    """

    lane: Lane
    last_attempt: bool = False
    time_limit_exceeded: bool = False
    time_limit: float = 0.0
    milliseconds: Mapping[str, int] | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """The action, the failure to record or note, and the error to raise where the action raises one."""

    action: ErrorAction
    failure: Failure | None
    error: BaseException


def decide(error: BaseException, situation: Situation) -> Decision:
    """The decision about the job."""
    error = _reason(error, situation)
    row = next(row for row in TABLE if row.fits(error))
    action = row.bulk if situation.lane is Lane.BULK else row.heavy
    if action is ErrorAction.BACK_OFF and situation.last_attempt:
        action = ErrorAction.GIVE_UP
    return Decision(action, row.failure(error), error)


def _reason(error: BaseException, situation: Situation) -> BaseException:
    """After the time limit, the limit is the reason, also if another error ended the work.

    Exceptions: an attempt whose lease is lost records nothing, and a process that ends needs no reason.
    """
    if isinstance(error, LeaseLostError) or not isinstance(error, Exception):
        return error
    if not situation.time_limit_exceeded and not isinstance(error, SoftTimeLimitExceeded):
        return error
    reason = out_of_time(situation.milliseconds or {}, situation.time_limit)
    reason.__cause__ = error
    return reason


def out_of_time(milliseconds: Mapping[str, int], limit: float) -> Exception:
    """The error for an attempt whose time limit, in seconds, was exceeded, by how long each of its steps took.

    Where S3 took most of the time, the heavy lane would wait for S3 just as long: heavy has more time for pixels alone.
    """
    waited = milliseconds.get("fetch", 0) + milliseconds.get("store", 0)
    if waited > limit * 1000 / 2:
        return TransientError(Cause.UNAVAILABLE, f"S3 was too slow: {waited} ms of the lane's {limit:.0f} s")
    return SoftTimeLimitExceeded()
