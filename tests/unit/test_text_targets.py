"""The fuzz targets pass for their seeds, for mutations of the seeds by a fixed generator, and for earlier findings."""

import random
from pathlib import Path

import pytest

from tests.fuzz.text_targets import TARGETS

REGRESSIONS = Path(__file__).parents[1] / "fuzz" / "regressions"

_INSERTED = [b"\x00", b"\xff", b"{", b"[", b'"', b"\n", b"%", b"\xed\xa0\x80", b"9" * 30]


def _mutated(seed: bytes, numbers: random.Random) -> bytes:
    changed = bytearray(seed)
    for _ in range(numbers.randint(1, 6)):
        place = numbers.randrange(len(changed) + 1)
        kind = numbers.randrange(3)
        if kind == 0:
            changed[place:place] = numbers.choice(
                [b"\x00", b"\xff", b"{", b"[", b'"', b"\n", b"%", b"\xed\xa0\x80", b"9" * 30]
            )
        elif kind == 1:
            del changed[place : place + numbers.randint(1, 9)]
        elif place < len(changed):
            changed[place] = numbers.randrange(256)
    return bytes(changed)


@pytest.mark.parametrize("name", TARGETS)
def test_readers_read_or_refuse(name: str) -> None:
    target, numbers = TARGETS[name], random.Random(name)
    for seed in target.seeds:
        target.check(seed)
        for _ in range(150 // len(target.seeds) + 1):
            target.check(_mutated(seed, numbers))
    for path in REGRESSIONS.glob(f"{name}-*"):
        target.check(path.read_bytes())
