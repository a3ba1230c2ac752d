"""Key conditions of the fake DynamoDB. A key condition selects the part of an index that a query reads."""

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from tests.fakes.dynamodb_expressions import Words, plain
from tests.fakes.dynamodb_limits import check_sort_key

#: A prefix with this suffix sorts after every text that begins with the prefix.
LAST: Final = "\U0010ffff"

_OPERATORS: Final[Mapping[str, Callable[[str, str], bool]]] = {
    "=": operator.eq,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


@dataclass(frozen=True, slots=True)
class KeyRange:
    """One value of the hash key, and the range keys from `low` to `high` for which `admits` is true."""

    group: str
    low: str = ""
    high: str = LAST
    admits: Callable[[str], bool] = lambda _: True


def key_range(condition: str, words: Words) -> KeyRange:
    """The range of a KeyConditionExpression. The hash key comes first in the expression."""
    first, _, rest = condition.partition(" AND ")
    group = _value(words, first.partition(" = ")[2])
    if not rest:
        return KeyRange(group)
    if rest.startswith("begins_with"):
        prefix = _bound(words, rest.partition(", ")[2].rstrip(")"))
        return KeyRange(group, prefix, prefix + LAST, lambda sort: sort.startswith(prefix))
    if " BETWEEN " in rest:
        low_word, _, high_word = rest.partition(" BETWEEN ")[2].partition(" AND ")
        return KeyRange(group, _bound(words, low_word), _bound(words, high_word))
    _name, sign, word = rest.split(" ")
    bound, test = _bound(words, word), _OPERATORS[sign]
    low, high = (bound, LAST) if sign.startswith(">") else (bound if sign == "=" else "", bound)
    return KeyRange(group, low, high, lambda sort: test(sort, bound))


def _bound(words: Words, word: str) -> str:
    value: str = _value(words, word)
    check_sort_key(value, "Query")
    return value


def _value(words: Words, word: str) -> Any:
    return plain(words.value(word))
