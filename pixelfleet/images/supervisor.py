"""Rendering in a child process with limits of memory and time, so that a crash or a hang costs one image.

Python cannot interrupt a C call, and a codec that crashes takes its process along: whoever must survive strangers'
files, and is not a worker's child itself, renders through this.
"""

import os
import re
import select
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final, Self

from pixelfleet.errors import Cause, ProcessingError, TransientError
from pixelfleet.images.child_protocol import Order, decode_answer
from pixelfleet.images.limits import Limits
from pixelfleet.images.pipeline import Rendition
from pixelfleet.images.probe import Probe
from pixelfleet.recipes import Recipe

_CHUNK: Final = 65_536
_LAST_WORDS: Final = 4_096
_NO_MEMORY: Final = re.compile(rb"failed to allocate|out of memory|MemoryError|bad_alloc", re.IGNORECASE)


@dataclass(slots=True)
class RenderOutcome:
    """`probe` is there if the header could be read, also where rendering failed; then `error` says why."""

    probe: Probe | None = None
    rendition: Rendition | None = None
    error: ProcessingError | None = None


class RenderSupervisor:
    """Holds one child, starts it when needed, replaces it when it crashed or hung. Used by one thread.

    Args:
        memory: bytes that the child may allocate.
        seconds: that one image may take.
    """

    def __init__(self, memory: int, seconds: float) -> None:
        self._memory = memory
        self._seconds = seconds
        self._child: subprocess.Popen[bytes] | None = None
        self._heard = b""
        self._words = tempfile.TemporaryFile()  # noqa: SIM115 - closed by `close`

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the child, whatever it is doing."""
        self._stop()
        self._words.close()

    def render(self, source: Path, recipe: Recipe, limits: Limits, folder: Path) -> RenderOutcome:
        """Probe and render one file into `folder`; every failure is in the outcome."""
        child = self._child = self._child or self._start()
        outcome = RenderOutcome()
        deadline = time.monotonic() + self._seconds
        try:
            _pipe(child.stdin).write(Order(source.absolute(), recipe.to_text(), folder.absolute(), limits).encoded())
            while outcome.rendition is None and outcome.error is None:
                answer = decode_answer(self._line(child, deadline), folder)
                outcome.probe = answer.probe or outcome.probe
                outcome.rendition, outcome.error = answer.rendition, answer.error
        except TransientError as error:
            outcome.error = error
            self._stop()
        except (BrokenPipeError, ValueError, KeyError, TypeError):
            # What is no answer comes from a child that a codec has damaged.
            outcome.error = self._post_mortem(child)
            self._stop()
        return outcome

    def _start(self) -> subprocess.Popen[bytes]:
        self._words.seek(0)
        self._words.truncate()
        self._heard = b""
        return subprocess.Popen(
            # -P: the folder that the user happens to be in is no place to import from.
            [sys.executable, "-P", "-m", "pixelfleet.images.child", str(self._memory)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._words,
            bufsize=0,
        )

    def _line(self, child: subprocess.Popen[bytes], deadline: float) -> bytes:
        """The child's next line.

        Raises:
            TransientError: the time is over, or the child died.
        """
        pipe = _pipe(child.stdout)
        while b"\n" not in self._heard:
            ready, _, _ = select.select([pipe], [], [], max(0.0, deadline - time.monotonic()))
            if not ready:
                raise TransientError(
                    Cause.TIME_LIMIT, f"not done after {self._seconds:g} seconds; raise the time limit or leave it out"
                )
            part = os.read(pipe.fileno(), _CHUNK)
            if not part:
                raise self._post_mortem(child)
            self._heard += part
        line, _, self._heard = self._heard.partition(b"\n")
        return line

    def _post_mortem(self, child: subprocess.Popen[bytes]) -> TransientError:
        child.kill()
        code = child.wait()
        self._words.seek(max(0, os.fstat(self._words.fileno()).st_size - _LAST_WORDS))
        words = self._words.read()
        if _NO_MEMORY.search(words):
            most = self._memory // 1_000_000
            return TransientError(Cause.OUT_OF_MEMORY, f"more than {most:,} MB were needed; raise the memory limit")
        how = signal.Signals(-code).name if code < 0 else f"exit code {code}"
        return TransientError(Cause.CRASHED, f"the decoder crashed on this image ({how}); save it in another format")

    def _stop(self) -> None:
        child, self._child = self._child, None
        if child is None:
            return
        child.kill()
        child.wait()
        _pipe(child.stdin).close()
        _pipe(child.stdout).close()


def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
    if pipe is None:
        raise RuntimeError("the child was started without pipes")
    return pipe
