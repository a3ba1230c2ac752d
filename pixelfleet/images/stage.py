"""The part of the work that code of other packages does: a process that hangs or ends there is that code's fault."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

_listener: Callable[[str], object] | None = None


def stages_to(listener: Callable[[str], object]) -> None:
    """Send the name of each stage to `listener`, and an empty name at its end. A process works on one image at a
    time."""
    global _listener  # noqa: PLW0603 - one for the process, as in `progress`
    _listener = listener


@contextmanager
def stage(name: str) -> Iterator[None]:
    """The work in this block is the stage `name`."""
    _send(name)
    try:
        yield
    finally:
        _send("")


def _send(name: str) -> None:
    if _listener is not None:
        _listener(name)
