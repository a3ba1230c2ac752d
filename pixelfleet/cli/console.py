"""The output of commands: messages and progress on standard error, results on standard output."""

import json
import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.progress import Progress, ProgressColumn
from rich.text import Text

from pixelfleet.operations.time_left import TimeLeft


class PlainConsole(Console):
    """Prints text as text: brackets are not markup, colons are not emoji, control characters do not reach the terminal.

    A key, a message of a codec or a cause may hold an escape sequence. The sequence would write the clipboard or the
    title of the window, or cover other lines.
    """

    def render_str(self, text: str, **options: Any) -> Text:
        return super().render_str(visible(text), **options)


def visible(text: str) -> str:
    """The text with control characters, bidirectional overrides among them, as escapes; line ends and tabs stay."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c in "\n\t" else _escape(c) for c in text)


MESSAGES: Final = PlainConsole(stderr=True, markup=False, emoji=False, highlight=False)
RESULTS: Final = PlainConsole(markup=False, emoji=False, highlight=False)

AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON on standard output, for scripts.")]


def live_display(*columns: ProgressColumn) -> Progress:
    """A display of progress at a terminal. Where standard error is no terminal, nothing of the display is printed."""
    return Progress(*columns, console=MESSAGES, transient=True, disable=not MESSAGES.is_interactive)


def say(text: str, style: str | None = None) -> None:
    """Print one message. The message is not broken into lines, so that people can search and copy the text."""
    MESSAGES.print(text, style=style, soft_wrap=True)


def complain(text: str) -> None:
    """Print an error: the last message of a command."""
    MESSAGES.print("error:", style="bold red", end=" ")
    MESSAGES.print(text, soft_wrap=True)


def emit(value: Any) -> None:
    """Print one JSON document on one line of standard output, at once: a program may read the line from a pipe."""
    sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()


def printable(path: Path | str) -> str:
    """A path for people: control characters and bytes that are no Unicode are shown as escapes, on one line."""
    return "".join(c if c.isprintable() else _escape(c) for c in str(path))


def _escape(character: str) -> str:
    return character.encode("unicode_escape", "backslashreplace").decode()


def count(number: int, noun: str) -> str:
    """`1 image`, `1,200 images`. The plural of `noun` takes an s."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def duration(seconds: float) -> str:
    """`45 s`, `12 min`, `3 h 20 min`."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"


def age(timestamp: str, now: datetime) -> str:
    """How long ago, in the largest unit that fits: `12 s`, `3 min`, `2 h`, `5 d`."""
    if not timestamp:
        return "-"
    seconds = max(0, round((now - datetime.fromisoformat(timestamp)).total_seconds()))
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"


def local(timestamp: str | None, *, seconds: bool = False) -> str:
    """A record's timestamp in the time zone of this machine: `2026-11-20 10:00`. JSON has UTC."""
    if not timestamp:
        return "-"
    return datetime.fromisoformat(timestamp).astimezone().strftime("%Y-%m-%d %H:%M:%S" if seconds else "%Y-%m-%d %H:%M")


def time_left_in_words(left: TimeLeft) -> str:
    """`5 min (4 min to 7 min)`; the range only where it is known and says more than the number."""
    return left.in_words(duration, unknown="an unknown time")
