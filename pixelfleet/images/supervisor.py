"""Rendering in a child process with limits of memory, disk and time, so that a crash or a hang costs one image.

Python cannot interrupt a C call, and a codec that crashes ends its process. So the child decodes, and a small process
that runs only Python waits for the child: a thread of `pixelfleet render`, or a process of a worker. The child gets no
credentials (docs/decisions/supervised-child.md).
"""

import logging
import os
import re
import resource
import select
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final, Self

from pixelfleet.errors import Cause, ProcessingError, TransientError
from pixelfleet.images.child_protocol import Answer, Order, decode_answer
from pixelfleet.images.limits import LaneShare, Limits
from pixelfleet.images.pipeline import Rendition
from pixelfleet.images.probe import Probe
from pixelfleet.images.time_allowed import seconds_allowed
from pixelfleet.recipes import Recipe

_CHUNK: Final = 65_536
#: The most bytes of an answer: a recipe has at most a few dozen variants.
_LONGEST_ANSWER: Final = 4_000_000
#: Bytes of standard error that are read after the child has ended.
_LAST_WORDS: Final = 4_096
#: Bytes of one file that a child may write, unless the caller gives another limit.
_FILE_BYTES: Final = 64_000_000_000
_NO_MEMORY: Final = re.compile(
    # Rust prints the last text before it aborts.
    rb"failed to allocate|out of memory|MemoryError|bad_alloc|memory allocation of \d+ bytes failed",
    re.IGNORECASE,
)
#: The ends of a process in which a library could not allocate memory, and wrote no message (PDFium). They count as a
#: lack of memory if the child held more than this share of its memory.
_ABORTED: Final = frozenset({-signal.SIGABRT, -signal.SIGILL, -signal.SIGTRAP})
_FULL: Final = 0.5
#: The environment variables that a child gets. All others, such as credentials, stay with the parent.
_PASSED: Final = re.compile(r"PATH|HOME|LANG|LC_\w+|TZ|TMPDIR|LD_LIBRARY_PATH|LD_PRELOAD|MALLOC_\w+|VIPS_\w+|PYTHON\w+")
#: Processes fill the cores, not threads (OpenMP in LibRaw, BLAS in numpy). The buffers of threads would count against
#: the child's memory.
_ONE_THREAD: Final = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
_log = logging.getLogger("pixelfleet.images")


@dataclass(slots=True)
class RenderOutcome:
    """`probe` is set if the header could be read, also if rendering failed.

    One of the other fields is set: the rendition, the score, the error, or `too_large`, the reason why the image
    belongs to a larger lane. `cpu_ms` are the milliseconds of one core for the rendition.
    """

    probe: Probe | None = None
    rendition: Rendition | None = None
    error: ProcessingError | None = None
    too_large: str | None = None
    cpu_ms: int = 0
    score: float | None = None

    def take(self, answer: Answer) -> bool:
        """Record an answer of the child. Returns whether the answer was the last."""
        self.probe = answer.probe or self.probe
        self.rendition, self.error, self.too_large = answer.rendition, answer.error, answer.too_large
        self.cpu_ms, self.score = answer.cpu_ms, answer.score
        return any(one is not None for one in (self.rendition, self.error, self.too_large, self.score))


class RenderSupervisor:
    """Holds one child, starts the child when needed, and replaces a crashed or hung child. For one thread at a time.

    Args:
        memory: bytes that the child may allocate.
        seconds: the time limit of one image, if `time_allowed.py` gives no shorter limit.
        file_bytes: the size limit of one file that the child writes.
    """

    def __init__(self, memory: int, seconds: float, file_bytes: int = _FILE_BYTES) -> None:
        self._memory = memory
        self._seconds = seconds
        self._file_bytes = file_bytes
        self._child: subprocess.Popen[bytes] | None = None
        self._received = b""
        self._peak_of_parent = 0
        #: The custom step that runs now.
        self._stage = ""
        self._words = tempfile.TemporaryFile()  # noqa: SIM115 - closed by `close`

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def pid(self) -> int | None:
        """The process that decodes; None before the first image."""
        return self._child.pid if self._child is not None else None

    def close(self) -> None:
        """End the child at once, also while the child decodes."""
        self._stop()
        self._words.close()

    def render(
        self, source: Path, recipe: Recipe, limits: Limits, folder: Path, share: LaneShare | None = None
    ) -> RenderOutcome:
        """Probe and render one file into `folder`; every failure is in the outcome.

        An image that exceeds `share` is probed and not rendered.
        """
        return self._carry_out(Order(source.absolute(), recipe.to_text(), folder.absolute(), limits, share))

    def score(self, source: Path, recipe: Recipe, variant: Path, limits: Limits, share: LaneShare) -> RenderOutcome:
        """How much a variant looks like the source, see `score.py`; every failure is in the outcome.

        Of the recipe, only what the source is opened by counts. A source that exceeds `share` is not scored.
        """
        folder = variant.absolute().parent
        return self._carry_out(
            Order(source.absolute(), recipe.to_text(), folder, limits, share, compared=variant.absolute())
        )

    def _carry_out(self, order: Order) -> RenderOutcome:
        outcome = RenderOutcome()
        try:
            self._converse(order, outcome)
        except TransientError as error:
            outcome.error = error
            self._stop()
        except BaseException:
            # A time limit or a shutdown of the caller. The child must not continue with an image that nobody waits for.
            self._stop()
            raise
        return outcome

    def _converse(self, order: Order, outcome: RenderOutcome) -> None:
        """
        Raises:
            TransientError: the child ended, hung, or sent an invalid answer.
        """
        child = self._child = self._child or self._start()
        self._forget_words()
        began, size = time.monotonic(), _size(order.source)
        self._stage = ""
        try:
            _pipe(child.stdin).write(order.encoded())
            while True:
                seconds = min(self._seconds, seconds_allowed(size, outcome.probe.pixels if outcome.probe else 0))
                answer = decode_answer(self._line(child, began, seconds), order.folder)
                if answer.progress is not None:
                    _log.info("%s", answer.progress)
                elif answer.stage is not None:
                    self._stage = answer.stage
                elif outcome.take(answer):
                    return
        except (BrokenPipeError, ValueError, KeyError, TypeError):
            # A codec has damaged a child that sends an invalid answer.
            raise self._post_mortem(child) from None

    def _start(self) -> subprocess.Popen[bytes]:
        self._received = b""
        self._peak_of_parent = _own_peak()
        return subprocess.Popen(
            # -P: no import from the user's current folder.
            [sys.executable, "-P", "-m", "pixelfleet.images.child", str(self._memory), str(self._file_bytes)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._words,
            env=without_secrets(os.environ) | _ONE_THREAD,
            bufsize=0,
        )

    def _forget_words(self) -> None:
        """Empty the file of the child's standard error: only the words on the present image count, and the words on
        millions of images would fill the disk. Parent and child have one position in the file (dup(2))."""
        os.lseek(self._words.fileno(), 0, os.SEEK_SET)
        os.ftruncate(self._words.fileno(), 0)

    def _last_words(self) -> bytes:
        words = self._words.fileno()
        return os.pread(words, _LAST_WORDS, max(0, os.fstat(words).st_size - _LAST_WORDS))

    def _line(self, child: subprocess.Popen[bytes], began: float, seconds: float) -> bytes:
        """The child's next line, at most `seconds` after `began`.

        Raises:
            TransientError: the time is over, or the child ended.
        """
        pipe = _pipe(child.stdout)
        while b"\n" not in self._received:
            ready, _, _ = select.select([pipe], [], [], max(0.0, began + seconds - time.monotonic()))
            if not ready:
                raise TransientError(Cause.TIME_LIMIT, self._out_of_time(seconds))
            part = os.read(pipe.fileno(), _CHUNK)
            if not part or len(self._received) > _LONGEST_ANSWER:
                raise self._post_mortem(child)
            self._received += part
        line, _, self._received = self._received.partition(b"\n")
        return line

    def _out_of_time(self, seconds: float) -> str:
        if self._stage:
            return f"{self._stage} was not done {seconds:,.0f} seconds after the image was begun; mend the step"
        if seconds < self._seconds:
            return f"not done after {seconds:,.0f} seconds, which is the most for a file of this size; save it anew"
        return f"not done after {seconds:g} seconds; raise the time limit or leave it out"

    def _post_mortem(self, child: subprocess.Popen[bytes]) -> TransientError:
        code, peak = _ended(child)
        if code is None:
            child.kill()
            child.wait()
            return TransientError(Cause.CRASHED, "the decoder broke down on this image; save it in another format")
        most = self._memory // 1_000_000
        full = code in _ABORTED and peak > max(self._memory * _FULL, self._peak_of_parent)
        if full or _NO_MEMORY.search(self._last_words()):
            text = f"more than {most:,} MB were needed; raise the memory limit"
            return TransientError(
                Cause.OUT_OF_MEMORY, self._staged(text, f"needed more than {most:,} MB; mend the step")
            )
        if code == -signal.SIGKILL:
            # No code here sends SIGKILL to a child and then reaches this line, so the kernel sent the signal.
            text = f"the system ended the decoder, which may take {most:,} MB: its memory ran out"
            return TransientError(Cause.OUT_OF_MEMORY, self._staged(text, "was ended by the system: memory ran out"))
        how = signal.Signals(-code).name if code < 0 else f"exit code {code}"
        text = f"the decoder crashed on this image ({how}); save it in another format"
        return TransientError(Cause.CRASHED, self._staged(text, f"ended its process ({how}); mend the step"))

    def _staged(self, text: str, of_step: str) -> str:
        """The message for an end of the child: of the custom step, if one was running."""
        return f"{self._stage} {of_step}" if self._stage else text

    def _stop(self) -> None:
        child, self._child = self._child, None
        if child is None:
            return
        child.kill()
        child.wait()
        _pipe(child.stdin).close()
        _pipe(child.stdout).close()


def _ended(child: subprocess.Popen[bytes]) -> tuple[int | None, int]:
    """The exit code of a child that is about to end, and its largest resident set in bytes (getrusage(2)).

    The code is None if the child lives on after a second.
    """
    deadline = time.monotonic() + 1
    while True:
        pid, status, usage = os.wait4(child.pid, os.WNOHANG)
        if pid:
            # The child is reaped here, so that Popen cannot do so again.
            child.returncode = os.waitstatus_to_exitcode(status)
            return child.returncode, _bytes(usage)
        if time.monotonic() > deadline:
            return None, 0
        time.sleep(0.01)


def _own_peak() -> int:
    """The peak of this process in bytes, which Linux counts as the peak of a child too (exec_mmap in fs/exec.c).

    Where the kernel allows it, the peak is first set back to the present resident set (proc_pid_clear_refs(5)).
    """
    try:
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
        status = Path("/proc/self/status").read_text(encoding="ascii")
        return int(status.partition("VmHWM:")[2].split()[0]) * 1024
    except (OSError, ValueError, IndexError):
        return _bytes(resource.getrusage(resource.RUSAGE_SELF))


def _bytes(usage: resource.struct_rusage) -> int:
    """The largest resident set, which macOS counts in bytes and Linux in KiB (getrusage(2))."""
    return usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def without_secrets(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment variables for a process that decodes untrusted files."""
    return {name: value for name, value in environment.items() if _PASSED.fullmatch(name)}


def _size(source: Path) -> int:
    """Bytes of a file; 0 if the file is missing, which the child reports."""
    try:
        return source.stat().st_size
    except OSError:
        return 0


def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
    if pipe is None:
        raise RuntimeError("the child was started without pipes")
    return pipe
