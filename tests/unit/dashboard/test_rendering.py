"""How values are shown."""

import pytest

from dashboard.rendering import moment, seconds, size


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "-"),
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (99_949, "99.9 kB"),
        (999_600, "1.0 MB"),
        (3_481_220, "3.5 MB"),
        (5 * 10**9, "5.0 GB"),
        (10**16, "10000 TB"),
    ],
)
def test_sizes_are_shown_in_readable_units(value: int | None, shown: str) -> None:
    assert size(value) == shown


@pytest.mark.parametrize(
    ("value", "shown"), [(None, "-"), (0.25, "0.2 s"), (59.4, "59 s"), (61, "1 min 1 s"), (7260, "2 h 1 min")]
)
def test_durations_are_shown_in_readable_units(value: float | None, shown: str) -> None:
    assert seconds(value) == shown


def test_moments_are_shown_in_utc_to_the_second() -> None:
    assert moment("2026-11-20T09:00:01.123Z") == "2026-11-20 09:00:01 UTC"
    assert moment(0) == "1970-01-01 00:00:00 UTC"
    assert moment(None) == "-"
