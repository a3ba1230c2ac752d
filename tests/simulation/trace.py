"""The events of one run: process, action and simulated time."""

from collections.abc import Callable
from dataclasses import dataclass

from tests.simulation.faults import Fault
from tests.simulation.scheduler import BEGINNING, Scheduler


@dataclass(frozen=True, slots=True)
class Event:
    """`at` is in seconds since the beginning."""

    at: float
    who: str
    what: str


class Trace:
    """The events of a run, oldest first."""

    def __init__(self, scheduler: Scheduler) -> None:
        self._scheduler = scheduler
        self.events: list[Event] = []

    def note(self, what: str) -> None:
        """The running process did something."""
        task = self._scheduler.current
        who = task.process.name if task is not None else "-"
        self.events.append(Event(self._scheduler.now - BEGINNING, who, what))

    def fault(self, fault: Fault, service: str, operation: str) -> None:
        self.note(f"! {_WORDS[fault]}: {service} {operation}")

    def table(self, most: int | None = None) -> str:
        """The events as a table; only the last `most`."""
        shown = self.events[-most:] if most else self.events
        width = max((len(event.who) for event in shown), default=3)
        lines = [f"{'time':>12}  {'who':<{width}}  what"]
        lines += [f"{_clock(event.at):>12}  {event.who:<{width}}  {event.what}" for event in shown]
        return "\n".join(lines)


_WORDS: dict[Fault, str] = {
    Fault.BEFORE: "error without effect",
    Fault.AFTER: "answer lost after the effect",
    Fault.DEATH: "dies here",
    Fault.FREEZE: "freezes",
    Fault.SLOW: "slow call",
    Fault.ODD: "credentials expire",
    Fault.CONFLICT: "transaction conflict",
    Fault.THROTTLE: "throttled",
}

Note = Callable[[str], None]


def _clock(seconds: float) -> str:
    whole = int(seconds)
    return f"{whole // 3600}:{whole // 60 % 60:02}:{whole % 60:02}.{int(seconds * 1000) % 1000:03}"
