"""The line of a recipe's text on which a field stands, for error messages."""

import re
from functools import cached_property

_HEADER = re.compile(r"^\s*\[\[?\s*([\w.-]+)\s*\]?\]")


class Lines:
    """A recipe's text. It is searched for variants once, so that a look-up costs the lines of one variant."""

    def __init__(self, text: str) -> None:
        self._lines = text.splitlines()

    def of(self, location: tuple[str | int, ...]) -> int:
        """The line, from 1, of a pydantic error location. A field that is missing has the line of its table."""
        start, end = 0, None
        if location and location[0] == "variants" and len(location) > 1:
            start, end = self._variant_span(int(location[1]))
            location = location[2:]
        elif location and location[0] != "variants":
            # A field of the recipe itself stands before the first variant. Below, the word is a field of a variant.
            end = self._heads[0] if self._heads else None
        for key in (str(part) for part in location if not isinstance(part, int)):
            # Below the line of the field that holds this one: a step has a `name`, as its variant has.
            start += _key_line(self._lines[start:end], key) or 0
        return min(start, max(len(self._lines) - 1, 0)) + 1

    @cached_property
    def _heads(self) -> list[int]:
        return [number for number, line in enumerate(self._lines) if _names(line) == "variants"]

    def _variant_span(self, index: int) -> tuple[int, int | None]:
        """The lines of the index-th [[variants]] table with its sub-tables."""
        heads = self._heads
        if index >= len(heads):
            return 0, None
        return heads[index], heads[index + 1] if index + 1 < len(heads) else None


def _names(line: str) -> str | None:
    match = _HEADER.match(line)
    return match.group(1) if match else None


def _key_line(lines: list[str], key: str) -> int | None:
    assigned = re.compile(rf'(^|[{{,\s])["\']?{re.escape(key)}["\']?\s*=')
    for number, line in enumerate(lines):
        if assigned.search(line) or (_names(line) or "").split(".")[-1] == key:
            return number
    return None
