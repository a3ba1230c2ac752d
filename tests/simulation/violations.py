"""An invariant that a run broke."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Violation:
    """`invariant` is the invariant's name, as docs/reliability.md lists them; `what` is what broke the invariant."""

    invariant: str
    what: str

    def __str__(self) -> str:
        return f"{self.invariant}: {self.what}"
