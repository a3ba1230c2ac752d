"""A crash, a hang or an image that needs too much memory fails that image alone."""

import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from pixelfleet.errors import Cause, PermanentError, TransientError
from pixelfleet.images.limits import Limits
from pixelfleet.images.supervisor import RenderSupervisor
from pixelfleet.recipes import builtin, parse, parse_stored
from tests.step_packages import ODD, StepPackages, step_packages
from tests.waiting import eventually

__all__ = ["step_packages"]

LIMITS = Limits(max_bytes=10**9, max_pixels=10**9, max_frames=100)
MEMORY = 2_000_000_000
WEB = builtin("web")


@pytest.fixture
def out(tmp_path: Path) -> Path:
    folder = tmp_path / "out"
    folder.mkdir()
    return folder


@pytest.fixture
def small(tmp_path: Path) -> Path:
    path = tmp_path / "small.png"
    Image.new("RGB", (50, 40), "red").save(path)
    return path


@pytest.fixture
def large(tmp_path: Path) -> Path:
    """An image that renders slowly enough for an interruption. It decodes to 300 MB."""
    path = tmp_path / "large.tif"
    Image.new("RGB", (10_000, 10_000), "red").save(path, compression="tiff_adobe_deflate")
    return path


@pytest.fixture
def supervisor() -> Iterator[RenderSupervisor]:
    with RenderSupervisor(MEMORY, 60) as made:
        yield made


def child_of(supervisor: RenderSupervisor) -> int:
    while supervisor._child is None:
        os.sched_yield()
    return supervisor._child.pid


def open_files(pid: int) -> set[str]:
    """The paths that a process holds open (Linux)."""
    actual = set()
    for link in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):
            actual.add(str(link.readlink()))
    return actual


def test_it_renders_one_image_after_another_in_one_child(supervisor: RenderSupervisor, small: Path, out: Path) -> None:
    first = supervisor.render(small, WEB, LIMITS, out)
    child = child_of(supervisor)
    second = supervisor.render(small, WEB, LIMITS, out)
    assert first.rendition == second.rendition
    assert first.rendition is not None
    assert [variant.path.is_file() for variant in first.rendition.variants] == [True, True, True]
    assert child_of(supervisor) == child


def test_an_images_own_fault_is_reported_as_in_process(supervisor: RenderSupervisor, tmp_path: Path, out: Path) -> None:
    (tmp_path / "letter.jpg").write_text("dear sirs")
    outcome = supervisor.render(tmp_path / "letter.jpg", WEB, LIMITS, out)
    assert isinstance(outcome.error, PermanentError)
    assert outcome.error.cause is Cause.NOT_AN_IMAGE


def test_a_killed_child_costs_one_image(
    supervisor: RenderSupervisor, small: Path, large: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    supervisor.render(small, WEB, LIMITS, out)
    pid = child_of(supervisor)
    real_select = select.select

    def kill_once_the_image_is_open(*arguments: Any) -> Any:
        monkeypatch.undo()
        eventually(lambda: str(large) in open_files(pid))
        os.kill(pid, signal.SIGSEGV)
        return real_select(*arguments)

    # The supervisor waits for an answer, so the child has its request.
    monkeypatch.setattr(select, "select", kill_once_the_image_is_open)
    outcome = supervisor.render(large, WEB, LIMITS, out)
    assert isinstance(outcome.error, TransientError)
    assert outcome.error.cause is Cause.CRASHED
    assert "SIGSEGV" in outcome.error.message
    assert supervisor.render(small, WEB, LIMITS, out).error is None


def test_a_hang_ends_at_the_time_limit(large: Path, small: Path, out: Path) -> None:
    with RenderSupervisor(MEMORY, 60) as supervisor:
        supervisor.render(small, WEB, LIMITS, out)
        pid = child_of(supervisor)
        supervisor._seconds = 0.2
        os.kill(pid, signal.SIGSTOP)
        outcome = supervisor.render(small, WEB, LIMITS, out)
        assert outcome.error is not None
        assert outcome.error.cause is Cause.TIME_LIMIT
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def test_a_small_file_has_no_more_time_than_its_size_is_worth(
    small: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The heavy lane's time limit is eleven hours, for the largest images."""
    with RenderSupervisor(MEMORY, 39_600) as supervisor:
        supervisor.render(small, WEB, LIMITS, out)
        os.kill(child_of(supervisor), signal.SIGSTOP)
        monkeypatch.setattr("pixelfleet.images.supervisor.seconds_allowed", lambda _size, _pixels: 0.2)
        outcome = supervisor.render(small, WEB, LIMITS, out)
        assert outcome.error is not None
        assert outcome.error.cause is Cause.TIME_LIMIT
        assert "file of this size" in outcome.error.message


def test_an_image_that_exceeds_the_memory_limit_fails(small: Path, tmp_path: Path, out: Path) -> None:
    path = tmp_path / "greedy.bmp"
    Image.new("RGB", (9_000, 9_000), "red").save(path)
    with RenderSupervisor(300_000_000, 60) as supervisor:
        outcome = supervisor.render(path, WEB, LIMITS, out)
        assert outcome.error is not None
        assert outcome.error.cause is Cause.OUT_OF_MEMORY
        assert outcome.probe is not None
        assert supervisor.render(small, WEB, LIMITS, out).error is None


def test_closing_ends_the_child(small: Path, out: Path) -> None:
    supervisor = RenderSupervisor(MEMORY, 60)
    supervisor.render(small, WEB, LIMITS, out)
    pid = child_of(supervisor)
    supervisor.close()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


ODD_STEP = 'name = "odd"\n[[variants]]\nname = "a"\nsteps = [{{ name = "odd", how = "{}" }}]\n'


@pytest.mark.parametrize(
    ("how", "cause", "message"),
    [
        ("raises", Cause.STEP_FAILED, "ValueError: no light at all"),
        ("dies", Cause.CRASHED, "ended its process (SIGABRT)"),
        ("eats", Cause.OUT_OF_MEMORY, "memory ran out"),
    ],
)
def test_a_custom_step_that_fails_is_named_and_costs_its_own_image_alone(
    small: Path, out: Path, step_packages: StepPackages, how: str, cause: Cause, message: str
) -> None:
    step_packages.install("odd", ODD)
    with RenderSupervisor(600_000_000, 60) as supervisor:
        error = supervisor.render(small, parse(ODD_STEP.format(how), "odd"), LIMITS, out).error
        assert error is not None
        assert error.cause is cause
        assert "step 'odd' of variant 'a'" in error.message
        assert message in error.message
        again = supervisor.render(small, parse(ODD_STEP.format("well"), "odd"), LIMITS, out)
        assert again.rendition is not None


def test_a_custom_step_without_an_end_is_named(small: Path, out: Path, step_packages: StepPackages) -> None:
    step_packages.install("odd", ODD)
    recipe = parse(ODD_STEP.format("sleeps"), "odd")
    # A slow machine may not reach the step in a second.
    for seconds in (1, 3, 30):
        with RenderSupervisor(MEMORY, seconds) as supervisor:
            error = supervisor.render(small, recipe, LIMITS, out).error
            assert error is not None
            assert error.cause is Cause.TIME_LIMIT
            if "step" in error.message:
                break
    assert error is not None
    assert f"step 'odd' of variant 'a' was not done {seconds} seconds after the image was begun" in error.message


def test_what_a_step_prints_is_no_answer_and_does_not_pile_up(
    small: Path, out: Path, step_packages: StepPackages
) -> None:
    step_packages.install("odd", ODD)
    with RenderSupervisor(MEMORY, 60) as supervisor:
        for _ in range(3):
            assert supervisor.render(small, parse(ODD_STEP.format("prints"), "odd"), LIMITS, out).rendition is not None
            assert 190_000 < os.fstat(supervisor._words.fileno()).st_size < 210_000


def test_only_the_child_imports_a_step(small: Path, out: Path, step_packages: StepPackages) -> None:
    step_packages.install("odd", ODD)
    text = 'name="odd"\n[[variants]]\nname="a"\nsteps=[{name="odd",package="pixelfleet-step-odd==1.0.0"}]'
    recipe = parse_stored(text, "odd")
    with RenderSupervisor(MEMORY, 60) as supervisor:
        assert supervisor.render(small, recipe, LIMITS, out).rendition is not None
    assert "pixelfleet_step_odd" not in sys.modules


LARGE_PARENT = """
import os, signal, sys
from pathlib import Path
from pixelfleet.images.limits import Limits
from pixelfleet.images.supervisor import RenderSupervisor
from pixelfleet.recipes import builtin
ballast = b"x" * 400_000_000
with RenderSupervisor(600_000_000, 60) as supervisor:
    supervisor._child = supervisor._start()
    os.kill(supervisor._child.pid, signal.SIGABRT)
    outcome = supervisor.render(Path(sys.argv[1]), builtin("web"), Limits(10**9, 10**9, 100), Path(sys.argv[2]))
print(outcome.error.cause.value)
"""


def test_a_child_that_aborts_lacks_no_memory_because_its_parent_is_large(small: Path, out: Path) -> None:
    """Linux counts the parent's memory in the peak of a child that `vfork` made."""
    command = [sys.executable, "-c", LARGE_PARENT, str(small), str(out)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.stdout == "crashed\n", ended.stderr
