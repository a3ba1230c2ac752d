"""The forecast of an adoption, for people and for scripts."""

from typing import Any

from rich.filesize import decimal

from pixelfleet.cli.console import RESULTS, count, duration, emit, printable
from pixelfleet.cli.forecast import cost_table, show_lazy
from pixelfleet.domain.archives import RestoreTier
from pixelfleet.operations.adoption.forecast import AdoptionForecast
from pixelfleet.operations.adoption.order import Adoption


def show_adoption_forecast(forecast: AdoptionForecast, order: Adoption, workers: int, *, as_json: bool) -> None:
    """Print the forecast for so many workers."""
    document = _document(forecast, order, workers)
    if as_json:
        emit(document)
        return
    RESULTS.print(f"{order.source}: {count(forecast.images, 'object')} to queue, {decimal(forecast.bytes)}")
    if forecast.there:
        RESULTS.print(f"  {count(forecast.there, 'object')} skipped, with a record already")
    if forecast.rejects.older:
        RESULTS.print(f"  {count(forecast.rejects.older, 'object')} skipped, older than --since")
    for cause, number in document["rejects"].items():
        RESULTS.print(f"  {number:,} skipped as {cause}, such as {document['examples'][cause]}", soft_wrap=True)
    _show_sample(forecast)
    _show_archived(forecast, order)
    if document["seconds"] is not None:
        about = duration(document["seconds"])
        names = ", ".join(f"{name} ({number:,} of the sample)" for name, number in forecast.recipes.most_common())
        made_by = f"recipes {names}" if len(forecast.recipes) > 1 else f"recipe {document['recipe']}"
        RESULTS.print(f"{made_by}: about {about} at {count(workers, 'worker')}", soft_wrap=True)
    show_lazy(document["lazy"])
    RESULTS.print(cost_table(document))


def _document(forecast: AdoptionForecast, order: Adoption, workers: int) -> dict[str, Any]:
    seconds, dollars = forecast.seconds(workers, order.rate), forecast.cost()
    return {
        "dry_run": True,
        "source": order.source,
        "recipe": forecast.sample.recipe.name,
        "recipes": dict(forecast.recipes.most_common()),
        "lazy": list(forecast.lazy),
        "images": forecast.images,
        "bytes": forecast.bytes,
        "there": forecast.there,
        "older": forecast.rejects.older,
        "rejects": {cause.value: number for cause, number in forecast.rejects.causes.most_common()},
        "examples": {cause.value: printable(key) for cause, key in forecast.rejects.examples.items()},
        "sampled": forecast.sampled,
        "sample_rejects": dict(forecast.sample.rejects.most_common()),
        "unreadable": forecast.unreadable,
        "why_unreadable": forecast.why_unreadable or None,
        "sample_formats": dict(forecast.sample.formats.most_common()),
        "archived": {archive.value: number for archive, number in forecast.archived.items()},
        "restore": {
            tier.value: {
                "hours": forecast.restore_hours(tier),
                "usd": round(forecast.restore_cost(tier, order.restore_days), 4),
            }
            for tier in RestoreTier
        }
        if forecast.archived
        else None,
        "workers": workers,
        "seconds": round(seconds, 1) if seconds is not None else None,
        "usd": {name: round(amount, 6) for name, amount in dollars.items()},
        "usd_in_all": round(sum(dollars.values()), 6),
        "prices_of": str(forecast.sample.prices["dated"]),
        "region": forecast.sample.prices["region"],
    }


def _show_sample(forecast: AdoptionForecast) -> None:
    sample = forecast.sample
    if forecast.unreadable:
        objects = f"{count(forecast.unreadable, 'object')} of the sample could not be read"
        RESULTS.print(f"{objects}: {printable(forecast.why_unreadable)}", soft_wrap=True, style="yellow")
    if not forecast.sampled:
        return
    formats = ", ".join(f"{name} {number:,}" for name, number in sample.formats.most_common())
    RESULTS.print(f"sample of {count(forecast.sampled, 'header')}: {formats or 'no image'}")
    for cause, number in sample.rejects.most_common():
        about = round(forecast.images * number / forecast.sampled)
        RESULTS.print(
            f"  about {about:,} would fail as {cause}, such as {printable(sample.examples[cause])}", soft_wrap=True
        )


def _show_archived(forecast: AdoptionForecast, order: Adoption) -> None:
    if not forecast.archived:
        return
    classes = ", ".join(f"{archive.value} {number:,}" for archive, number in forecast.archived.items())
    RESULTS.print(f"archived, to be restored before they can be read: {classes}", soft_wrap=True)
    for tier in RestoreTier:
        hours, dollars = forecast.restore_hours(tier), forecast.restore_cost(tier, order.restore_days)
        RESULTS.print(f"  --restore {tier.value}: within about {hours} h, US$ {dollars:,.2f}")
    if order.restore is None:
        RESULTS.print("  without --restore, these objects fail as archived", soft_wrap=True)
