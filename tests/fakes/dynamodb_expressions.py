"""The part of DynamoDB's expression language that the catalog uses. Other expressions are errors in the test."""

import re
from collections.abc import Mapping
from typing import Any

from tests.fakes.errors import aws_error

Attributes = dict[str, Any]

_TEST = re.compile(r"(?P<name>[#\w.]+) (?P<operator>=|<>|<=|>=|<|>) (?P<value>:\w+)")
_BETWEEN = re.compile(r"(?P<name>[#\w]+) BETWEEN (?P<low>:\w+) AND (?P<high>:\w+)")
_FUNCTION = re.compile(r"(?P<function>attribute_exists|attribute_not_exists)\((?P<name>[#\w]+)\)")
_BEGINS = re.compile(r"begins_with\((?P<name>[#\w]+), (?P<value>:\w+)\)")
_CLAUSE = re.compile(r"\b(SET|ADD|REMOVE|DELETE)\b")
_UNLESS_THERE = re.compile(r"if_not_exists\((?P<name>[#\w]+), (?P<value>:\w+)\)")
#: Commas within the parentheses of a function do not separate actions.
_ACTIONS = re.compile(r",(?![^(]*\))")


class Words:
    """The names and values that a request gives for the placeholders of its expressions."""

    def __init__(self, request: Mapping[str, Any]) -> None:
        self._names: Mapping[str, str] = request.get("ExpressionAttributeNames", {})
        self._values: Mapping[str, Any] = request.get("ExpressionAttributeValues", {})

    def name(self, word: str) -> str:
        return self._names[word] if word.startswith("#") else word

    def value(self, word: str) -> Any:
        return self._values[word]

    def attribute(self, path: str, item: Attributes) -> Any:
        """The typed attribute at a path such as `recipe.#name`, or None."""
        *maps, last = [self.name(word) for word in path.split(".")]
        for name in maps:
            item = item.get(name, {}).get("M", {})
        return item.get(last)


def plain(value: Any) -> Any:
    """The comparable value of a typed attribute. None for a missing attribute."""
    if value is None:
        return None
    [(kind, content)] = value.items()
    return int(content) if kind == "N" else content


def holds(condition: str, item: Attributes | None, words: Words) -> bool:
    """Whether a condition holds for an item. A missing item is None. AND binds before OR; there are no brackets."""
    return any(_all_hold(alternative, item or {}, words) for alternative in condition.split(" OR "))


def _all_hold(condition: str, item: Attributes, words: Words) -> bool:
    between = _BETWEEN.search(condition)
    rest = condition
    if between:
        actual = plain(item.get(words.name(between["name"])))
        low, high = plain(words.value(between["low"])), plain(words.value(between["high"]))
        if actual is None or not low <= actual <= high:
            return False
        rest = condition.replace(between[0], "").strip().removesuffix("AND").removeprefix("AND").strip()
    return all(_term(term.strip(), item, words) for term in rest.split(" AND ") if term.strip())


def _term(term: str, item: Attributes, words: Words) -> bool:
    if match := _FUNCTION.fullmatch(term):
        return (words.name(match["name"]) in item) == (match["function"] == "attribute_exists")
    if match := _BEGINS.fullmatch(term):
        actual = plain(item.get(words.name(match["name"])))
        return isinstance(actual, str) and actual.startswith(plain(words.value(match["value"])))
    match = _TEST.fullmatch(term)
    if match is None:
        raise AssertionError(f"the fake DynamoDB does not know the condition {term!r}")
    actual, value = plain(words.attribute(match["name"], item)), plain(words.value(match["value"]))
    if actual is None:
        return False
    compared = {"=": actual == value, "<>": actual != value}
    if match["operator"] in compared:
        return bool(compared[match["operator"]])
    return bool(
        {"<": actual < value, ">": actual > value, "<=": actual <= value, ">=": actual >= value}[match["operator"]]
    )


def update(expression: str, item: Attributes, words: Words) -> Attributes:
    """The item after an update expression of SET, ADD, REMOVE and DELETE clauses."""
    changed = dict(item)
    parts = _CLAUSE.split(expression)[1:]
    for clause, body in zip(parts[::2], parts[1::2], strict=True):
        for action in (part.strip() for part in _ACTIONS.split(body)):
            _apply(clause, action, changed, words)
    return changed


def _apply(clause: str, action: str, item: Attributes, words: Words) -> None:
    if clause == "REMOVE":
        item.pop(words.name(action), None)
    elif clause == "SET":
        name, _, value = action.partition(" = ")
        unless = _UNLESS_THERE.fullmatch(value)
        if unless is None:
            item[words.name(name)] = words.value(value)
        else:
            item[words.name(name)] = item.get(words.name(unless["name"]), words.value(unless["value"]))
    else:
        word, _, value = action.partition(" ")
        name = words.name(word)
        [(kind, change)] = words.value(value).items()
        if clause == "ADD" and kind == "N":
            item[name] = {"N": str(plain(item.get(name, {"N": "0"})) + int(change))}
        else:
            _change_set(clause, name, kind, change, item)


def _change_set(clause: str, name: str, kind: str, change: list[str], item: Attributes) -> None:
    """DynamoDB removes the attribute of a set that becomes empty (API reference, UpdateItem)."""
    if kind not in {"SS", "NS", "BS"} or kind not in item.get(name, {kind: []}):
        message = "An operand in the update expression has an incorrect data type"
        raise aws_error("ValidationException", 400, "UpdateItem", message)
    before = item.get(name, {kind: []})[kind]
    after = sorted({*before, *change} if clause == "ADD" else {*before} - {*change})
    item.pop(name, None)
    if after:
        item[name] = {kind: after}
