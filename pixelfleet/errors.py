"""The error tree: faults of the image, errors that may pass with another try, and errors that the user must correct.

Every error that crosses a module boundary is one of these. The code that calls a foreign library translates the
library's errors at that call. So the worker decides only by type: a `PermanentError` is recorded and acknowledged,
every other error is tried again.
"""

from collections.abc import Iterator
from enum import StrEnum


class Cause(StrEnum):
    """The stable code of a failure, fit to group by. Part of the API: never rename one."""

    EMPTY = "empty"
    NOT_AN_IMAGE = "not_an_image"
    UNSUPPORTED_FORMAT = "unsupported_format"
    UNREADABLE = "unreadable"
    ENCRYPTED = "encrypted"
    TRUNCATED = "truncated"
    TOO_MANY_PIXELS = "too_many_pixels"
    TOO_MANY_BYTES = "too_many_bytes"
    TOO_MANY_FRAMES = "too_many_frames"
    TOO_WIDE = "too_wide"
    TOO_MUCH_METADATA = "too_much_metadata"
    ANIMATION_TOO_LARGE = "animation_too_large"
    PAGE_MISSING = "page_missing"
    RECIPE_UNKNOWN = "recipe_unknown"
    RECIPE_UNFIT = "recipe_unfit"
    STEP_FAILED = "step_failed"
    # A variant scores less than the batch of the image allows.
    BELOW_QUALITY = "below_quality"
    # The storage class of the object: it must be restored before it can be read.
    ARCHIVED = "archived"
    # Faults of the system, recorded once the attempts are used up.
    TIME_LIMIT = "time_limit"
    OUT_OF_MEMORY = "out_of_memory"
    CRASHED = "crashed"
    THROTTLED = "throttled"
    UNAVAILABLE = "unavailable"
    INTERNAL = "internal"

    @property
    def blames_image(self) -> bool:
        """Whether the image itself (or its recipe) is at fault, so that trying again changes nothing."""
        return self not in SYSTEM_CAUSES

    @property
    def blames_bytes(self) -> bool:
        """Whether the same bytes would fail again in any place."""
        return self.blames_image and self is not Cause.ARCHIVED


SYSTEM_CAUSES = frozenset(
    {
        Cause.TIME_LIMIT,
        Cause.OUT_OF_MEMORY,
        Cause.CRASHED,
        Cause.THROTTLED,
        Cause.UNAVAILABLE,
        Cause.INTERNAL,
    }
)


class PixelfleetError(Exception):
    """Root of the tree. `str(error)` is fit to be shown to a user."""


class ProcessingError(PixelfleetError):
    """An attempt at an image failed. Failures are grouped by `cause`; `message` says what to do about this failure."""

    def __init__(self, cause: Cause, message: str) -> None:
        super().__init__(message)
        self.cause = cause
        self.message = message

    def __reduce__(self) -> tuple[type["ProcessingError"], tuple[Cause, str]]:
        # Celery and multiprocessing pickle exceptions across processes by `args`, which hold only the message.
        return type(self), (self.cause, self.message)


class PermanentError(ProcessingError):
    """The image's own fault: recorded as failed, announced, acknowledged; never tried again by itself."""


class TransientError(ProcessingError):
    """May pass with another try: the message becomes visible again, until the attempts are used up."""


class RefusedError(TransientError):
    """AWS refuses this call for every object: a right, the bucket or the keys are wrong."""


class WrongLaneError(PixelfleetError):
    """The job is too large for this lane and belongs to `heavy`."""


class LeaseLostError(PixelfleetError):
    """Another worker may hold the message by now: stop before anything is written."""


class JobError(PixelfleetError):
    """A message body that is not a job, or is a job of a version that this release cannot read."""


class EventError(PixelfleetError):
    """A message body that is not an S3 event notification in any known envelope."""


class RecipeError(PixelfleetError):
    """A recipe that is refused; the message gives line, field and the right form."""


class StepError(RecipeError):
    """A custom step of a recipe that is not installed here in the recipe's version, or cannot be imported."""


class SetupError(PixelfleetError):
    """An error that the user must correct before the command can run: exit code 2."""


class SettingsError(SetupError):
    """A bad configuration; the message lists every bad variable with the form that is expected."""


def chain(error: BaseException | None) -> Iterator[BaseException]:
    """An error and the errors behind it, as Python's tracebacks show them (library reference, `traceback`)."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
