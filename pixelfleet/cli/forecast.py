"""`pixelfleet upload --dry-run`: the forecast of an upload, from headers alone."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from rich.filesize import decimal
from rich.table import Table

from pixelfleet.cli.console import MESSAGES, RESULTS, count, duration, emit, printable
from pixelfleet.domain.jobs import Lane
from pixelfleet.errors import Cause, PermanentError, TransientError
from pixelfleet.files.sources import Source
from pixelfleet.recipes import Recipe
from pixelfleet.settings import Settings, load_settings

if TYPE_CHECKING:
    from pixelfleet.forecast import Forecast

UPDATE_EVERY = 100


def show_forecast(sources: Iterator[Source], recipe: Recipe, workers: int, *, as_json: bool) -> None:
    """Read every header and print the forecast. Nothing is uploaded, and no cloud is asked.

    Raises:
        SetupError: the libraries that read headers are not installed.
    """
    forecast = _forecast(sources, recipe, load_settings())
    document = _document(forecast, workers)
    if as_json:
        emit(document)
    else:
        _show(forecast, document)


def _forecast(sources: Iterator[Source], recipe: Recipe, settings: Settings) -> "Forecast":
    # Here, not above: an upload itself needs no image library.
    from pixelfleet.forecast import Forecast  # noqa: PLC0415
    from pixelfleet.images.limits import Limits  # noqa: PLC0415
    from pixelfleet.images.probe import probe  # noqa: PLC0415

    most = settings.lanes[Lane.HEAVY]
    limits = Limits(most.max_bytes, most.max_pixels, settings.max_frames)
    forecast = Forecast(recipe)
    with MESSAGES.status("reading headers") as status:
        for number, source in enumerate(sources, 1):
            if number % UPDATE_EVERY == 0:
                status.update(f"reading headers: {number:,}")
            if source.problem is not None:
                forecast.reject(printable(source.path), Cause.UNREADABLE, source.problem)
                continue
            try:
                forecast.add(probe(source.path, limits, allow_svg=recipe.allow_svg))
            except (PermanentError, TransientError) as error:
                forecast.reject(printable(source.path), error.cause, error.message)
            except OSError as error:
                forecast.reject(printable(source.path), Cause.UNREADABLE, f"cannot be read: {error.strerror or error}")
    return forecast


def _document(forecast: "Forecast", workers: int) -> dict[str, Any]:
    cost = forecast.cost()
    return {
        "dry_run": True,
        "recipe": forecast.recipe.name,
        "files": forecast.files,
        "bytes": forecast.bytes,
        "megapixels": round(forecast.megapixels, 1),
        "formats": dict(forecast.formats.most_common()),
        "results": forecast.outputs,
        "rejects": dict(forecast.rejects.most_common()),
        "examples": forecast.examples,
        "workers": workers,
        "seconds": round(forecast.seconds(workers), 1),
        "usd": {name: round(dollars, 6) for name, dollars in cost.items()},
        "usd_in_all": round(sum(cost.values()), 6),
        "prices_of": str(forecast.prices["dated"]),
        "region": forecast.prices["region"],
    }


def _show(forecast: "Forecast", document: dict[str, Any]) -> None:
    formats = ", ".join(f"{name} {number:,}" for name, number in document["formats"].items())
    RESULTS.print(
        f"{count(forecast.files, 'image')}, {decimal(forecast.bytes)}, {forecast.megapixels:,.0f} MP: {formats}"
    )
    for cause, number in document["rejects"].items():
        RESULTS.print(f"  {number:,} rejected as {cause}, such as {forecast.examples[cause]}", soft_wrap=True)
    workers = count(document["workers"], "worker")
    RESULTS.print(f"recipe {forecast.recipe.name}: about {duration(document['seconds'])} at {workers}")
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column(f"AWS, {document['region']}, prices of {document['prices_of']}")
    table.add_column("US$", justify="right")
    for name, dollars in document["usd"].items():
        table.add_row(name, f"{dollars:,.4f}")
    table.add_row("in all", f"{document['usd_in_all']:,.4f}", style="bold")
    RESULTS.print(table)
