"""From recipe fields to TOML text, in the subset of TOML 1.0 that a recipe needs."""

import json
import re
from collections.abc import Mapping
from typing import Any, Final

#: TOML 1.0, Keys. Every other key is quoted.
_BARE_KEY: Final = re.compile(r"[A-Za-z0-9_-]+")


def to_toml(fields: Mapping[str, Any]) -> str:
    """Write strings, numbers, booleans, arrays, tables (inline) and arrays of tables, in the order given."""
    tables = {name: value for name, value in fields.items() if _is_array_of_tables(value)}
    lines = [f"{name} = {_value(value)}" for name, value in fields.items() if name not in tables]
    for name, rows in tables.items():
        for row in rows:
            lines += ["", f"[[{name}]]", *(f"{key} = {_value(value)}" for key, value in row.items())]
    return "\n".join(lines) + "\n"


def _is_array_of_tables(value: object) -> bool:
    return isinstance(value, list | tuple) and bool(value) and all(isinstance(row, Mapping) for row in value)


def _key(key: str) -> str:
    return key if _BARE_KEY.fullmatch(key) else _value(key)


def _value(value: object) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_key(key)} = {_value(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_value(item) for item in value) + "]"
    if isinstance(value, str):
        # A JSON string is a TOML basic string, except for DEL, which TOML requires escaped.
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return json.dumps(value)
