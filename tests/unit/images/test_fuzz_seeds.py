"""The image fuzzer reaches the reader of each format: a small seed passes the fuzzer's limits and is decoded."""

from collections import defaultdict
from functools import cache
from pathlib import Path

import pytest

from pixelfleet.images import open as opening
from pixelfleet.images.formats import FORMATS, Format
from pixelfleet.images.open import Reading
from pixelfleet.images.probe import probe
from pixelfleet.images.readers import reader_of
from tests.fuzz import MAX_SEED_BYTES
from tests.fuzz.reader_counts import ReaderCounts, total
from tests.fuzz.seeds import odd_seeds, seeds
from tests.fuzz.target import LIMITS
from tests.unit.images.test_format_table import actual


@cache
def _shortest() -> dict[str, bytes]:
    by_name: dict[str, list[bytes]] = defaultdict(list)
    for seed in [*seeds(), *odd_seeds()]:
        by_name[actual(seed).name].append(seed)
    return {name: min(group, key=len) for name, group in by_name.items()}


@pytest.mark.parametrize("row", FORMATS, ids=lambda row: str(row.name))
def test_a_seed_of_each_format_is_decoded(row: Format, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(vars(opening), "reader_of", reader_of)
    ReaderCounts(tmp_path / "readers-1.json").install()
    path, seed = tmp_path / "seed", _shortest()[row.name]
    path.write_bytes(seed)

    probe(path, LIMITS, allow_svg=True)
    opening.open_source(path, row, Reading(allow_svg=True))

    assert len(seed) <= MAX_SEED_BYTES
    assert total(tmp_path)[row.name] > 0
