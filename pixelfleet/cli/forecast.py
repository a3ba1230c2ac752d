"""`pixelfleet upload --dry-run`: the forecast of an upload, from headers alone."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from rich.filesize import decimal
from rich.table import Table

from pixelfleet.cli.console import MESSAGES, RESULTS, count, duration, emit, printable
from pixelfleet.files.sources import Source
from pixelfleet.recipes import Recipe
from pixelfleet.recipes.lazy import lazy_variants
from pixelfleet.settings import load_settings

if TYPE_CHECKING:
    from pixelfleet.forecast import Forecast
    from pixelfleet.uploads.known import Lookup

#: Files between two updates of the status line.
UPDATE_EVERY: Final = 100


def show_forecast(
    sources: Iterator[Source], recipe: Recipe, workers: int, lookup: "Lookup | None" = None, *, as_json: bool
) -> None:
    """Read every header and print the forecast. Nothing is uploaded. No cloud is called, but for known files.

    Raises:
        SetupError: the libraries that read headers are not installed; also as `lookup`.
    """
    forecast = _forecast(sources, recipe, lookup)
    document = _document(forecast, workers)
    if as_json:
        emit(document)
    else:
        _show(forecast, document)


def _forecast(sources: Iterator[Source], recipe: Recipe, lookup: "Lookup | None") -> "Forecast":
    # Imported here: an upload itself needs no image library.
    from pixelfleet.operations.upload_forecast import forecast_upload  # noqa: PLC0415

    with MESSAGES.status("reading headers") as status:

        def progress(number: int) -> None:
            if number % UPDATE_EVERY == 0:
                status.update(f"reading headers: {number:,}")

        return forecast_upload(sources, recipe, load_settings(), progress, lookup)


def _document(forecast: "Forecast", workers: int) -> dict[str, Any]:
    cost = forecast.cost()
    return {
        "dry_run": True,
        "recipe": forecast.recipe.name,
        "lazy": lazy_names(forecast.recipe),
        "files": forecast.files,
        "bytes": forecast.bytes,
        "megapixels": round(forecast.megapixels, 1),
        "formats": dict(forecast.formats.most_common()),
        "results": forecast.outputs,
        "known": forecast.known,
        "known_bytes": forecast.known_bytes,
        "rejects": dict(forecast.rejects.most_common()),
        "examples": {cause: printable(example) for cause, example in forecast.examples.items()},
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
    if forecast.known:
        RESULTS.print(f"  {forecast.known:,} known, {decimal(forecast.known_bytes)}: the owner has the same bytes")
    for cause, number in document["rejects"].items():
        RESULTS.print(f"  {number:,} rejected as {cause}, such as {document['examples'][cause]}", soft_wrap=True)
    workers = count(document["workers"], "worker")
    RESULTS.print(f"recipe {forecast.recipe.name}: about {duration(document['seconds'])} at {workers}")
    show_lazy(document["lazy"])
    RESULTS.print(cost_table(document))


def lazy_names(recipe: Recipe) -> list[str]:
    """The names of the variants that no forecast counts."""
    return [variant.name for variant in lazy_variants(recipe)]


def show_lazy(names: list[str]) -> None:
    """Say which variants are not in the figures."""
    if names:
        RESULTS.print(f"not counted: {', '.join(names)}, made only when somebody asks for it", soft_wrap=True)


def cost_table(document: Mapping[str, Any]) -> Table:
    """The costs of a forecast's document, by service and in all."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column(f"AWS, {document['region']}, prices of {document['prices_of']}")
    table.add_column("US$", justify="right")
    for name, dollars in document["usd"].items():
        table.add_row(name, f"{dollars:,.4f}")
    table.add_row("in all", f"{document['usd_in_all']:,.4f}", style="bold")
    return table
