"""The forecast of an upload: every file's header is read, and nothing is sent."""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import Final

from pixelfleet.domain.jobs import Lane
from pixelfleet.errors import Cause, PermanentError, TransientError
from pixelfleet.files.regular import open_regular
from pixelfleet.files.sources import Source
from pixelfleet.forecast import Forecast
from pixelfleet.images.limits import Limits
from pixelfleet.images.probe import probe
from pixelfleet.recipes import Recipe
from pixelfleet.settings import Settings
from pixelfleet.uploads.known import Lookup

#: Files that are looked up at once, and the sources that are sorted at a time.
_LOOKUPS: Final = 8
_CHUNK: Final = 64


def forecast_upload(
    sources: Iterable[Source],
    recipe: Recipe,
    settings: Settings,
    progress: Callable[[int], None] = lambda _: None,
    lookup: Lookup | None = None,
) -> Forecast:
    """Read every header. A file that the fleet would refuse is counted by its cause; `progress` gets the files read.

    With `lookup`, files whose bytes the owner has are counted as known, and do not count for the rest of the forecast.

    Raises:
        TransientError, SetupError: see `Lookup`.
    """
    largest = settings.lanes[Lane.HEAVY]
    limits = Limits(largest.max_bytes, largest.max_pixels, settings.max_frames)
    forecast = Forecast(recipe)
    for number, (source, known) in enumerate(_looked_up(sources, lookup), 1):
        if known:
            forecast.add_known(source.bytes)
        else:
            _add(forecast, source, limits)
        progress(number)
    return forecast


def _looked_up(sources: Iterable[Source], lookup: Lookup | None) -> Iterator[tuple[Source, bool]]:
    """The sources in their order, each with whether the owner has its bytes."""
    if lookup is None:
        yield from ((source, False) for source in sources)
        return
    waiting = iter(sources)
    with ThreadPoolExecutor(_LOOKUPS) as pool:
        while chunk := list(islice(waiting, _CHUNK)):
            yield from zip(chunk, pool.map(lambda source: _is_known(source, lookup), chunk), strict=True)


def _is_known(source: Source, lookup: Lookup) -> bool:
    """False for a file that cannot be read: its header cannot be read either, and says why."""
    if source.problem is not None or not source.bytes:
        return False
    try:
        with open_regular(source.path) as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return False
    return lookup(sha256, "") is not None


def _add(forecast: Forecast, source: Source, limits: Limits) -> None:
    if source.problem is not None:
        forecast.reject(str(source.path), Cause.UNREADABLE, source.problem)
        return
    try:
        forecast.add(probe(source.path, limits, allow_svg=forecast.recipe.allow_svg, dpi=forecast.recipe.dpi))
    except (PermanentError, TransientError) as error:
        forecast.reject(str(source.path), error.cause, error.message)
    except OSError as error:
        forecast.reject(str(source.path), Cause.UNREADABLE, f"cannot be read: {error.strerror or error}")
