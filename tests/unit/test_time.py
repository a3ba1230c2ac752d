"""No test depends on the speed of the machine, as far as the source of the tests shows."""

import ast
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

TESTS = Path(__file__).parents[1]
SOURCES = sorted(TESTS.rglob("*.py"))
#: An upper bound in seconds. A comparison of real time with less is a race: a busy machine takes longer than that.
SHORTEST_BOUND = 20
_CLOCKS = {"monotonic", "perf_counter", "process_time", "time"}


def calls(tree: ast.AST, module: str, names: set[str]) -> Iterator[ast.Call]:
    """The calls of `module.name`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in names:
            holder = node.func.value
            if isinstance(holder, ast.Name) and holder.id == module:
                yield node


def naps(tree: ast.AST) -> list[int]:
    """The lines that sleep by the real clock; `asyncio.sleep(0)` only lets other coroutines run."""
    actual = [call.lineno for call in calls(tree, "time", {"sleep"})]
    lets_others_run = {"0"}
    actual += [c.lineno for c in calls(tree, "asyncio", {"sleep"}) if ast.unparse(c.args[0]) not in lets_others_run]
    return actual


def numbers(tree: ast.AST) -> dict[str, float]:
    """The names to which a file assigns a literal number."""
    named: dict[str, float] = {}
    for node in ast.walk(tree):
        targets = getattr(node, "targets", None) or [getattr(node, "target", None)]
        value = getattr(node, "value", None)
        if isinstance(value, ast.Constant) and isinstance(value.value, int | float):
            named |= {target.id: float(value.value) for target in targets if isinstance(target, ast.Name)}
    return named


def bound(node: ast.AST, named: Mapping[str, float]) -> float:
    """The value of a number, literal or by its name; infinity for anything else."""
    if isinstance(node, ast.Name):
        return named.get(node.id, math.inf)
    literal = node.value if isinstance(node, ast.Constant) else None
    return literal if isinstance(literal, int | float) else math.inf


def is_elapsed(node: ast.AST) -> bool:
    """Whether this is a difference of two readings of the real clock."""
    differences = (each for each in ast.walk(node) if isinstance(each, ast.BinOp) and isinstance(each.op, ast.Sub))
    return any(any(True for _ in calls(each, "time", _CLOCKS)) for each in differences)


def durations(tree: ast.AST) -> set[str]:
    """The names to which a file assigns an elapsed time."""
    return {
        target.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and is_elapsed(node.value)
        for target in node.targets
        if isinstance(target, ast.Name)
    }


def races(tree: ast.AST) -> list[int]:
    """The lines that assert an upper bound on elapsed real time."""
    named, elapsed = numbers(tree), durations(tree)
    actual = []
    for node in ast.walk(tree):
        if not isinstance(node, ast.Assert):
            continue
        for compare in (each for each in ast.walk(node.test) if isinstance(each, ast.Compare)):
            names = {each.id for each in ast.walk(compare) if isinstance(each, ast.Name)}
            if not (is_elapsed(compare) or names & elapsed):
                continue
            upper = zip(compare.ops, (bound(one, named) for one in compare.comparators), strict=True)
            if any(isinstance(op, ast.Lt | ast.LtE) and most < SHORTEST_BOUND for op, most in upper):
                actual.append(node.lineno)
    return actual


def offenders(find: Callable[[ast.AST], list[int]], sources: Iterable[Path]) -> list[str]:
    return [f"{source.relative_to(TESTS)}:{line}" for source in sources for line in find(ast.parse(source.read_text()))]


def test_no_test_asserts_that_something_takes_less_than_a_few_seconds() -> None:
    assert offenders(races, SOURCES) == []


def test_no_unit_test_sleeps() -> None:
    assert offenders(naps, (source for source in SOURCES if source.is_relative_to(TESTS / "unit"))) == []


def test_a_race_and_a_nap_are_detected() -> None:
    assert races(ast.parse("assert time.monotonic() - began < 2")) == [1]
    assert races(ast.parse("assert 0 < until - time.time() <= 5")) == [1]
    assert races(ast.parse("assert time.monotonic() - began > 2")) == []
    assert races(ast.parse("LIMIT: Final = 5\nassert time.monotonic() - began < LIMIT")) == [2]
    assert races(ast.parse("took = time.perf_counter() - began\nassert took < 3.5")) == [2]
    assert races(ast.parse("took = time.perf_counter() - began\nassert took < 30\nassert other < 1")) == []
    assert naps(ast.parse("import time\ntime.sleep(0.1)\nawait_(asyncio.sleep(0.2))\nasyncio.sleep(0)")) == [2, 3]
