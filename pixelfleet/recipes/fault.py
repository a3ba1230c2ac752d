"""What is wrong with the text of a recipe."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with a text: its line, from 1, the field, and what would be right."""

    message: str
    line: int | None = None
    field: str | None = None

    def described(self, origin: str) -> str:
        """For a message: the place and the fault."""
        where = origin if self.line is None else f"{origin}, line {self.line}"
        return f"{where}: {self.message}" if self.field is None else f"{where}: {self.field}: {self.message}"


class FaultsError(Exception):
    """All that is wrong with a text."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__(faults)
        self.faults = tuple(faults)


def shown(value: object) -> str:
    """A wrong value as a message shows the value."""
    try:
        return repr(value)
    except ValueError:
        # Python writes no integer of more than 4,300 digits. TOML may have one in hexadecimal digits.
        return "a number of thousands of digits"
