"""The table of errors, row by row: the action of the worker and the recorded cause."""

import errno

import pytest
from celery.exceptions import SoftTimeLimitExceeded

from pixelfleet import errors
from pixelfleet.aws.objects import ObjectGoneError
from pixelfleet.domain.jobs import Lane
from pixelfleet.errors import Cause, LeaseLostError, PermanentError, TransientError, WrongLaneError
from worker.job.error_actions import TABLE, ErrorAction, Situation, decide, out_of_time

DROP, RECORD, PASS_ON = ErrorAction.DROP, ErrorAction.RECORD_FAILED, ErrorAction.PASS_ON
BACK_OFF, GIVE_UP, HAND_BACK = ErrorAction.BACK_OFF, ErrorAction.GIVE_UP, ErrorAction.HAND_BACK
FOLLOW = ErrorAction.FOLLOW_BUCKET

DISK_FULL = OSError(errno.ENOSPC, "No space left on device")
THROTTLED = TransientError(Cause.THROTTLED, "SlowDown")
TOO_LARGE = TransientError(Cause.OUT_OF_MEMORY, "the codec found no memory")
TOO_LONG = TransientError(Cause.TIME_LIMIT, "the codec was stopped")
DAMAGED = PermanentError(Cause.UNREADABLE, "it is damaged")
WRONG_LANE = WrongLaneError("9 pixels are too many for heavy")

#: error; in bulk, in heavy, in heavy at the last attempt; the cause that is recorded or noted
ROWS = [
    (DAMAGED, RECORD, RECORD, RECORD, Cause.UNREADABLE),
    (THROTTLED, BACK_OFF, BACK_OFF, GIVE_UP, Cause.THROTTLED),
    (TOO_LARGE, PASS_ON, BACK_OFF, GIVE_UP, Cause.OUT_OF_MEMORY),
    (TOO_LONG, PASS_ON, BACK_OFF, GIVE_UP, Cause.TIME_LIMIT),
    (MemoryError(), PASS_ON, BACK_OFF, GIVE_UP, Cause.OUT_OF_MEMORY),
    (SoftTimeLimitExceeded(), PASS_ON, BACK_OFF, GIVE_UP, Cause.TIME_LIMIT),
    (DISK_FULL, BACK_OFF, BACK_OFF, GIVE_UP, Cause.UNAVAILABLE),
    (OSError(errno.EIO, "Input/output error"), BACK_OFF, BACK_OFF, GIVE_UP, Cause.INTERNAL),
    (AttributeError("a fault of ours"), BACK_OFF, BACK_OFF, GIVE_UP, Cause.INTERNAL),
    (RuntimeError("credentials are expired"), BACK_OFF, BACK_OFF, GIVE_UP, Cause.INTERNAL),
    (ObjectGoneError("gone"), FOLLOW, FOLLOW, FOLLOW, None),
    (LeaseLostError("lost"), DROP, DROP, DROP, None),
    (SystemExit(0), HAND_BACK, HAND_BACK, HAND_BACK, None),
    (KeyboardInterrupt(), DROP, DROP, DROP, None),
]


@pytest.mark.parametrize(("error", "bulk", "heavy", "last", "cause"), ROWS, ids=lambda value: repr(value)[:40])
def test_each_error_has_its_action_and_its_cause(
    error: BaseException, bulk: ErrorAction, heavy: ErrorAction, last: ErrorAction, cause: Cause | None
) -> None:
    assert decide(error, Situation(Lane.BULK)).action is bulk
    assert decide(error, Situation(Lane.HEAVY)).action is heavy
    final = decide(error, Situation(Lane.HEAVY, last_attempt=True))
    assert final.action is last
    assert (final.failure.cause if final.failure else None) is cause


def test_an_image_too_large_for_bulk_is_passed_on_and_nothing_is_noted() -> None:
    decision = decide(WRONG_LANE, Situation(Lane.BULK))
    assert (decision.action, decision.error) == (PASS_ON, WRONG_LANE)


def test_an_image_too_large_for_heavy_fails() -> None:
    decision = decide(WRONG_LANE, Situation(Lane.HEAVY))
    assert decision.action is RECORD
    assert decision.failure is not None
    assert (decision.failure.cause, decision.failure.message) == (Cause.TOO_MANY_PIXELS, str(WRONG_LANE))


@pytest.mark.parametrize("cause", list(Cause))
def test_no_attempt_is_passed_on_or_given_up_for_a_fault_of_the_image(cause: Cause) -> None:
    for lane in Lane:
        assert decide(PermanentError(cause, "m"), Situation(lane, last_attempt=True)).action is RECORD


def test_every_action_that_records_has_a_failure_to_record() -> None:
    for error, *_ in ROWS:
        for lane in Lane:
            decision = decide(error, Situation(lane, last_attempt=True))
            assert (decision.failure is not None) or decision.action not in (RECORD, GIVE_UP)


def test_every_error_of_an_attempt_has_a_row_of_its_own() -> None:
    named = {row.error for row in TABLE}
    raised_by_attempts = {PermanentError, TransientError, WrongLaneError, LeaseLostError}
    assert raised_by_attempts <= named
    elsewhere = {
        errors.PixelfleetError, errors.ProcessingError, errors.JobError, errors.EventError, errors.RecipeError,
        errors.StepError, errors.SetupError, errors.SettingsError,
        # The worker handles a RefusedError as a TransientError. Only the upload client distinguishes them.
        errors.RefusedError,
    }  # fmt: skip
    tree = {kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, Exception)}
    assert tree == raised_by_attempts | elsewhere


@pytest.mark.parametrize("error", [DAMAGED, ObjectGoneError("gone"), THROTTLED])
def test_an_error_after_the_time_limit_has_the_limit_as_its_cause(error: Exception) -> None:
    decision = decide(error, Situation(Lane.BULK, time_limit_exceeded=True, time_limit=10))
    assert decision.action is PASS_ON
    assert decision.failure is not None
    assert decision.failure.cause is Cause.TIME_LIMIT
    assert decision.error.__cause__ is error


@pytest.mark.parametrize(("error", "action"), [(LeaseLostError("lost"), DROP), (SystemExit(0), HAND_BACK)])
def test_a_lost_lease_and_a_shutdown_outrank_the_time_limit(error: BaseException, action: ErrorAction) -> None:
    assert decide(error, Situation(Lane.BULK, time_limit_exceeded=True, time_limit=10)).action is action


@pytest.mark.parametrize(
    ("milliseconds", "expected"),
    [
        ({"fetch": 9_000}, TransientError),
        ({"fetch": 3_000, "pixels": 3_000, "store": 4_000}, TransientError),
        ({"fetch": 1_000, "pixels": 9_000}, SoftTimeLimitExceeded),
        ({}, SoftTimeLimitExceeded),
    ],
)
def test_the_time_that_s3_took_is_not_a_fault_of_the_image_itself(
    milliseconds: dict[str, int], expected: type[Exception]
) -> None:
    assert isinstance(out_of_time(milliseconds, 10.0), expected)


def test_a_job_whose_time_s3_took_backs_off_in_the_same_lane() -> None:
    situation = Situation(Lane.BULK, time_limit=10, milliseconds={"fetch": 9_000})
    assert decide(SoftTimeLimitExceeded(), situation).action is BACK_OFF
