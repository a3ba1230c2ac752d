"""The forecast of an upload: every file's header is read, and nothing is sent."""

from collections.abc import Callable, Iterable

from pixelfleet.domain.jobs import Lane
from pixelfleet.errors import Cause, PermanentError, TransientError
from pixelfleet.files.sources import Source
from pixelfleet.forecast import Forecast
from pixelfleet.images.limits import Limits
from pixelfleet.images.probe import probe
from pixelfleet.recipes import Recipe
from pixelfleet.settings import Settings


def forecast_upload(
    sources: Iterable[Source], recipe: Recipe, settings: Settings, progress: Callable[[int], None] = lambda _: None
) -> Forecast:
    """Read every header. A file that the fleet would refuse is counted by its cause; `progress` gets the files read."""
    largest = settings.lanes[Lane.HEAVY]
    limits = Limits(largest.max_bytes, largest.max_pixels, settings.max_frames)
    forecast = Forecast(recipe)
    for number, source in enumerate(sources, 1):
        _add(forecast, source, limits)
        progress(number)
    return forecast


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
