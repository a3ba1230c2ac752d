"""The seams: while a simulation runs, no code of ours reads a real clock."""

import sys
import time
from types import FunctionType
from typing import Any

from pixelfleet.aws.dead_letters import DeadLetters
from pixelfleet.operations.redrive import Clock
from tests.simulation.environment import Environment
from tests.simulation.seams import OURS, Seams

CLOCKS = (time.time, time.monotonic, time.sleep)


def members(value: Any) -> list[Any]:
    """The functions of a class, those of its properties and class methods too; a function is its own."""
    if not isinstance(value, type):
        return [value]
    unwrapped = [getattr(member, "__func__", getattr(member, "fget", member)) for member in list(vars(value).values())]
    return [getattr(member, "__wrapped__", member) for member in unwrapped]


def is_clock(value: object) -> bool:
    # By identity: NumPy's arrays have an equality of their own.
    return any(value is clock for clock in CLOCKS)


def real_clocks() -> list[str]:
    """Every place in a module of ours where a real clock is a global name or a default argument."""
    places = []
    for module in [module for name, module in list(sys.modules.items()) if name.partition(".")[0] in OURS]:
        for name, value in list(vars(module).items()):
            places += [f"{module.__name__}.{name}"] if is_clock(value) else []
            if getattr(value, "__module__", None) == module.__name__:
                for function in members(value):
                    if isinstance(function, FunctionType):
                        defaults = [*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values()]
                        places += [function.__qualname__ for default in defaults if is_clock(default)]
    return places


def test_no_default_keeps_a_real_clock_while_a_simulation_runs() -> None:
    assert {"DeadLetters.__init__", "Clock.__init__"} <= set(real_clocks())
    environment = Environment(1)
    with Seams(environment.scheduler).installed([], {}):
        assert real_clocks() == []
        assert (DeadLetters.__init__.__kwdefaults__ or {})["clock"]() == environment.scheduler.now
        assert Clock().now() == environment.scheduler.now
    environment.close()
    assert "DeadLetters.__init__" in real_clocks()
