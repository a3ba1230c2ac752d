"""If the machine refuses open files, disk space or memory, the error names the machine, not a bug or AWS's set-up."""

import errno
import os
import resource
from typing import Any

import pytest

from pixelfleet.cli.machine import ensure_open_files, refusal
from pixelfleet.errors import SetupError


def _limits_after(soft: int, hard: int) -> tuple[int, int]:
    limits = [(soft, hard)]

    def set_limits(_kind: int, new: tuple[int, int]) -> None:
        limits.append(new)

    ensure_open_files(lambda _kind: (soft, hard), set_limits)
    return limits[-1]


@pytest.mark.parametrize("hard", [12, 20, 255])
def test_too_few_open_files_are_a_set_up_error_that_names_the_limit(hard: int) -> None:
    with pytest.raises(SetupError, match=rf"allows {hard} open files.*ulimit -n 1024"):
        _limits_after(hard, hard)


@pytest.mark.parametrize(
    ("soft", "hard", "after"),
    [
        (20, 4_096, (1_024, 4_096)),
        (256, 300, (300, 300)),
        (256, resource.RLIM_INFINITY, (1_024, resource.RLIM_INFINITY)),
        (2_048, 4_096, (2_048, 4_096)),
        (resource.RLIM_INFINITY, resource.RLIM_INFINITY, (resource.RLIM_INFINITY, resource.RLIM_INFINITY)),
    ],
)
def test_a_low_soft_limit_is_raised_and_a_high_one_stays(soft: int, hard: int, after: tuple[int, int]) -> None:
    assert _limits_after(soft, hard) == after


@pytest.mark.parametrize("number", [errno.EMFILE, errno.ENFILE, errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO])
def test_the_machine_is_named_even_behind_another_error(number: int) -> None:
    error: Any = RuntimeError("about something else")
    error.__cause__ = OSError(number, os.strerror(number), "/some/file")
    assert refusal(error) == f"this machine refused: {os.strerror(number)}: /some/file"


def test_a_lack_of_memory_is_named() -> None:
    assert "no memory left" in str(refusal(MemoryError()))


def test_a_lack_of_threads_is_named() -> None:
    assert "no more threads" in str(refusal(RuntimeError("can't start new thread")))
    assert refusal(RuntimeError("another thing")) is None


@pytest.mark.parametrize("error", [ValueError("x"), FileNotFoundError(errno.ENOENT, "no such file"), OSError("x")])
def test_other_errors_are_no_errors_of_the_machine(error: Exception) -> None:
    assert refusal(error) is None
