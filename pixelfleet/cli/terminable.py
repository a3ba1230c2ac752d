"""The end of a command by Ctrl-C, SIGTERM or SIGHUP: all three do the same, and print the next step."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager

from pixelfleet.cli.console import say


def say_stopped(stop: KeyboardInterrupt, text: str) -> None:
    """Print the end of an interrupted command. `app.Command` prints a general sentence for a command that has none."""
    say(f"\nstopped: {text}", style="yellow")
    stop.add_note(text)


@contextmanager
def terminable(next_step: str | None = None) -> Iterator[None]:
    """Within, SIGTERM and SIGHUP raise KeyboardInterrupt, as Ctrl-C does.

    A signal that the caller of the command has set to be ignored stays ignored: `nohup` does that with SIGHUP.

    An interrupted command prints `next_step`: the work that is done, and how to go on. None is for commands that print
    the next step themselves.
    """

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    numbers = [n for n in (signal.SIGTERM, signal.SIGHUP) if signal.getsignal(n) is not signal.SIG_IGN]
    before = {number: signal.signal(number, interrupt) for number in numbers}
    try:
        yield
    except KeyboardInterrupt as stop:
        if next_step is not None:
            say_stopped(stop, next_step)
        raise
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
