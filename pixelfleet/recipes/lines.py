"""Where in a recipe's text a field stands, so that an error can name the line."""

import re

_HEADER = re.compile(r"^\s*\[\[?\s*([\w.-]+)\s*\]?\]")


def line_of(text: str, location: tuple[str | int, ...]) -> int:
    """The line, from 1, of a pydantic error location; of the table around it where the field itself is not there."""
    start, end = 0, None
    lines = text.splitlines()
    if location and location[0] == "variants" and len(location) > 1:
        start, end = _variant_span(lines, int(location[1]))
        location = location[2:]
    else:
        # A field of the recipe itself stands before its first variant; below, the same word is a variant's.
        end = next((number for number, line in enumerate(lines) if _names(line) == "variants"), None)
        end = end if location and location[0] != "variants" else None
    keys = [str(part) for part in location if not isinstance(part, int)]
    for key in reversed(keys):
        found = _key_line(lines[start:end], key)
        if found is not None:
            return start + found + 1
    return min(start, max(len(lines) - 1, 0)) + 1


def _variant_span(lines: list[str], index: int) -> tuple[int, int | None]:
    """The lines of the index-th [[variants]] table with its sub-tables."""
    heads = [number for number, line in enumerate(lines) if _names(line) == "variants"]
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
