"""How often each format's reader decoded something while a fuzzer ran: one that never did was not tested."""

import json
from collections import Counter
from pathlib import Path
from typing import Final

from pixelfleet.images import open as opening
from pixelfleet.images.formats import FORMATS, Format
from pixelfleet.images.readers import Header, Reader, Reading, reader_of
from pixelfleet.images.vips import Image

#: Readings between two writes of the file: a fuzzing process ends without notice.
_WRITE_EVERY: Final = 500


class _CountedReader:
    """A reader that counts its successes: `decoded` counts images that the reader opened without an error."""

    def __init__(self, reader: Reader, counts: "ReaderCounts") -> None:
        self._reader = reader
        self._counts = counts

    def read_header(self, path: Path, row: Format, reading: Reading) -> Header:
        return self._reader.read_header(path, row, reading)

    def decode(self, path: Path, row: Format, reading: Reading) -> Image:
        image = self._reader.decode(path, row, reading)
        self._counts.add(row.name)
        return image


class ReaderCounts:
    """Counts by the name of the format, kept in a file of this process."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._counts: Counter[str] = Counter()

    def install(self) -> None:
        """From now on, each reader that `pixelfleet.images.open` takes is counted, for as long as the process lives."""
        vars(opening)["reader_of"] = lambda row: _CountedReader(reader_of(row), self)

    def add(self, name: str) -> None:
        self._counts[name] += 1
        if self._counts[name] == 1 or self._counts.total() % _WRITE_EVERY == 0:
            self._path.write_text(json.dumps(self._counts), encoding="utf-8")


def total(folder: Path) -> dict[str, int]:
    """What the processes counted together, one entry for each row of the table of formats."""
    counts: Counter[str] = Counter()
    for path in folder.glob("readers-*.json"):
        counts.update(json.loads(path.read_text(encoding="utf-8")))
    return {row.name: counts[row.name] for row in FORMATS}
