"""The months in which an owner uploaded images, so that one can jump to any of them."""

import calendar
from dataclasses import dataclass
from datetime import date
from typing import Final

from pixelfleet.catalog.images import Images
from pixelfleet.catalog.indexes import Slice

#: Months of one answer. Each costs one query a shard for one key, whatever number of images it has.
MOST_MONTHS: Final = 24


@dataclass(frozen=True, slots=True)
class Month:
    """A month with at least one image."""

    first: date

    @property
    def last(self) -> date:
        """Its last day."""
        return self.first.replace(day=calendar.monthrange(self.first.year, self.first.month)[1])

    @property
    def name(self) -> str:
        """As `2026-11`."""
        return f"{self.first:%Y-%m}"


def months_of(images: Images, owner: str, before: str = "", most: int = MOST_MONTHS) -> tuple[list[Month], str | None]:
    """The newest months of an owner before the month `before`, and where to go on; None where there are no more."""
    months: list[Month] = []
    while True:
        part = Slice(after=before, newest_first=True, page_size=1)
        entry = next(images.of_owner(owner, part), None)
        # The tombstone of an image that was never processed has no time; such places sort before all times.
        if entry is None or entry.sort.startswith("#"):
            return months, None
        if len(months) == most:
            return months, before
        before = entry.sort[:7]
        months.append(Month(date.fromisoformat(f"{before}-01")))
