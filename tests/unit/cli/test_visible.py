"""No control character of a name, a message or a cause reaches the terminal."""

import io

import pytest
from rich.table import Table

from pixelfleet.cli.console import PlainConsole, visible

EVIL = "a\x1b]52;c;aGk=\x07\x1b[2J\x9b31m\r\u202egpj.exe\x00b\x7f"


def _printed(*what: object) -> str:
    out = io.StringIO()
    console = PlainConsole(file=out, force_terminal=True, markup=False, emoji=False, highlight=False, width=300)
    for one in what:
        console.print(one, soft_wrap=True)
    return out.getvalue()


def test_text_is_shown_with_escapes() -> None:
    assert visible(EVIL) == r"a\x1b]52;c;aGk=\x07\x1b[2J\x9b31m\r\u202egpj.exe\x00b\x7f"
    assert visible("two\nlines\tä [x] :smile:") == "two\nlines\tä [x] :smile:"


@pytest.mark.parametrize("where", ["alone", "in a table", "in a heading"])
def test_the_console_prints_no_control_character(where: str) -> None:
    table = Table("name", EVIL if where == "in a heading" else "cause", box=None)
    table.add_row(EVIL, EVIL)
    printed = _printed(EVIL if where == "alone" else table)
    assert r"\x1b]52;c;aGk=\x07" in printed
    assert not {"\x1b]", "\x1b[2J", "\x07", "\x9b", "\r", "\u202e", "\x00", "\x7f"} & {
        mark for mark in ("\x1b]", "\x1b[2J", "\x07", "\x9b", "\r", "\u202e", "\x00", "\x7f") if mark in printed
    }
