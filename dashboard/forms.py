"""A form from a browser: the values and the errors of its fields."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeVar

Choice = TypeVar("Choice", bound=StrEnum)


@dataclass(slots=True)
class Sent:
    """`values` are shown again, `errors` are shown at their fields; passwords are in neither."""

    values: Mapping[str, Any] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)

    def wrong(self, name: str, message: str) -> None:
        """Set the error of a field. The first error of a field is kept."""
        self.errors.setdefault(name, message)

    def text(self, name: str, label: str, most: int) -> str:
        """A required text."""
        value = str(self.values.get(name, "")).strip()
        if not value:
            self.wrong(name, f"{label} is missing")
        elif len(value) > most:
            self.wrong(name, f"{label} has {len(value)} characters; {most} fit")
        return value

    def number(self, name: str, least: int, most: int) -> int | None:
        """A whole number, None for an empty field."""
        value = str(self.values.get(name, "")).strip()
        if not value:
            return None
        if not (value.isascii() and value.isdigit() and least <= int(value[:18]) <= most):
            self.wrong(name, f"a whole number from {least:,} to {most:,}")
            return None
        return int(value)

    def choice(self, name: str, choices: type[Choice]) -> Choice | None:
        """A member of an enumeration, None for an empty field."""
        value = str(self.values.get(name, ""))
        if not value:
            return None
        try:
            return choices(value)
        except ValueError:
            self.wrong(name, f"{value[:40]!r} is none of {', '.join(choices)}")
            return None

    @property
    def right(self) -> bool:
        return not self.errors
