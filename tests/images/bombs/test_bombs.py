"""A bomb for each format stays within the bulk lane's limits of memory and time, and ends with a cause."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from pixelfleet.errors import Cause
from pixelfleet.images.formats import FORMATS
from pixelfleet.images.limits import LaneShare, Limits
from pixelfleet.images.supervisor import RenderOutcome, RenderSupervisor
from pixelfleet.recipes import Recipe, builtin, parse
from pixelfleet.settings import Settings
from tests.images.bombs import makers
from tests.process_memory import memory_of

#: Those of the bulk lane, and the largest lane's limits, as the settings have them.
_SETTINGS = Settings()
MEMORY = _SETTINGS.bulk_memory
LIMITS = Limits(_SETTINGS.heavy_max_bytes, _SETTINGS.heavy_max_pixels, _SETTINGS.max_frames)
SHARE = LaneShare(_SETTINGS.bulk_max_pixels, MEMORY)
#: Seconds. The slowest of these takes half a minute on a busy machine of two cores.
SECONDS = 200
WITH_SVG = parse('name = "drawing"\nallow_svg = true\n[[variants]]\nname = "thumb"\nbox = 320\nformat = "webp"\n', "x")

#: How bombs end that are refused before anything is decoded.
REFUSED = {
    "cur_of_a_large_bitmap": Cause.TOO_MANY_PIXELS,
    "gif_of_a_million_frames": Cause.TOO_MANY_FRAMES,
    "icns_of_a_large_png": Cause.TOO_MANY_PIXELS,
    "ico_of_a_large_bitmap": Cause.TOO_MANY_PIXELS,
    "ico_of_a_large_png": Cause.TOO_MANY_PIXELS,
    "pdf_of_a_large_page": Cause.TOO_MANY_PIXELS,
    "png_of_a_profile": Cause.TOO_MUCH_METADATA,
    "png_of_endless_rows": Cause.TOO_WIDE,
    "png_of_many_chunks": Cause.TOO_MUCH_METADATA,
    "png_of_one_text": Cause.TOO_MUCH_METADATA,
    "png_of_texts": Cause.TOO_MUCH_METADATA,
    "ppm_of_a_comment": Cause.TOO_MUCH_METADATA,
}
#: Bombs that belong to the heavy lane by their header.
LARGE = {"avif_of_100_megapixels", "gif_of_many_frames", "jpeg2000_that_lies", "raw_that_lies", "tiff_of_one_strip"}
#: Bombs that are rendered as any small image.
HARMLESS = {"pdf_of_nested_fields"}
#: No bound but the time limit holds these.
ENDLESS = {"svg_of_filters"}
#: PDFium ends its process where an allocation fails.
ABORTED = {"pdf_of_nested_forms"}


@dataclass(frozen=True)
class Ending:
    outcome: RenderOutcome
    peak: int


def defuse(name: str, folder: Path, seconds: float = SECONDS) -> Ending:
    """Render a bomb as the bulk lane does; `peak` is the child's largest resident set in bytes (Linux, VmHWM)."""
    path, out = makers.write(name, folder), folder / "out"
    out.mkdir()
    recipe: Recipe = WITH_SVG if name.startswith("svg") else builtin("web")
    with RenderSupervisor(MEMORY, seconds) as supervisor:
        child = supervisor._child = supervisor._start()
        outcome = supervisor.render(path, recipe, LIMITS, out, SHARE)
        peak = memory_of(child.pid) if child.poll() is None else 0
    return Ending(outcome, peak)


def test_each_format_that_is_read_has_a_bomb() -> None:
    assert {row.name for row in FORMATS} == {name.partition("_")[0] for name in makers.BOMBS}


@pytest.mark.parametrize("name", ["png_of_texts", "gif_of_a_million_frames", "ico_of_a_large_bitmap"])
def test_a_bomb_is_refused_by_its_header_and_costs_no_memory(name: str, tmp_path: Path) -> None:
    ending = defuse(name, tmp_path)

    assert ending.outcome.error is not None
    assert ending.outcome.error.cause is REFUSED[name]
    assert ending.peak < 200_000_000


@pytest.mark.slow
@pytest.mark.timeout(400)
@pytest.mark.parametrize("name", sorted(set(makers.BOMBS) - ENDLESS))
def test_a_bomb_stays_within_the_lanes_memory_and_ends_with_a_cause(name: str, tmp_path: Path) -> None:
    ending = defuse(name, tmp_path)

    if name in ABORTED:
        assert ending.outcome.error is not None
        assert ending.outcome.error.cause is Cause.OUT_OF_MEMORY
        return
    assert 0 < ending.peak <= MEMORY
    if name in LARGE:
        assert ending.outcome.too_large
    elif name in REFUSED:
        assert ending.outcome.error is not None
        assert ending.outcome.error.cause is REFUSED[name]
        assert ending.peak < 200_000_000
    elif name in HARMLESS:
        assert ending.outcome.rendition is not None
    else:
        assert ending.outcome.rendition is not None or ending.outcome.error is not None


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(ENDLESS))
def test_a_bomb_of_time_ends_at_the_time_limit(name: str, tmp_path: Path) -> None:
    ending = defuse(name, tmp_path, seconds=3)

    assert ending.outcome.error is not None
    assert ending.outcome.error.cause is Cause.TIME_LIMIT
