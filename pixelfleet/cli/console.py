"""Where a command speaks: messages and progress on standard error, results on standard output."""

import json
import sys
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.console import Console

#: Names of files are printed as they are: brackets in them are no markup, colons no emoji.
MESSAGES: Final = Console(stderr=True, markup=False, emoji=False, highlight=False)
RESULTS: Final = Console(markup=False, emoji=False, highlight=False)

AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON on standard output, for scripts.")]


def say(text: str, style: str | None = None) -> None:
    """One message to the person at the terminal; never broken into lines, so that it can be searched and copied."""
    MESSAGES.print(text, style=style, soft_wrap=True)


def complain(text: str) -> None:
    """An error, told as the last thing of a command."""
    MESSAGES.print("error:", style="bold red", end=" ")
    MESSAGES.print(text, soft_wrap=True)


def emit(value: Any) -> None:
    """One JSON document on one line of standard output, at once: the reader may be a pipe that acts on it."""
    sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()


def printable(path: Path | str) -> str:
    """A path for people: control characters and bytes that are no Unicode are shown as escapes, on one line."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape", "backslashreplace").decode() for c in str(path))


def duration(seconds: float) -> str:
    """`45 s`, `12 min`, `3 h 20 min`."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"
