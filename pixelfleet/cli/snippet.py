"""`pixelfleet snippet IMAGE`."""

from typing import Annotated

import typer

from pixelfleet.cli.console import RESULTS, AsJson, emit, say
from pixelfleet.cli.naming import image_named
from pixelfleet.cli.show import ImageArgument
from pixelfleet.deployment import Deployment
from pixelfleet.domain.records import Image
from pixelfleet.domain.snippets import snippet as html_of
from pixelfleet.domain.stable_addresses import stable_address
from pixelfleet.errors import SetupError
from pixelfleet.operations.lazy_variants import LazyRecipes
from pixelfleet.settings import load_settings


def snippet(
    image: ImageArgument,
    *,
    variant: Annotated[
        str | None, typer.Option(help="Show this variant alone, in all its formats, instead of all widths.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Print HTML that shows an image in the format and width that fit the browser, by addresses that stay.

    The addresses lead to the present revision. Width, height and a placeholder keep the page from jumping.

        pixelfleet snippet uploads/me/summer/a.jpg
    """
    settings = load_settings()
    deployment, origin = Deployment(settings), settings.dashboard_url.rstrip("/")
    record = image_named(deployment, image)
    lazy = LazyRecipes(deployment)
    html = html_of(record, origin, variant, lazy.names(record))
    unmade = {each.name: origin + stable_address(record, each.name) for each in lazy.missing(record)}
    if html is None and variant in unmade:
        raise SetupError(
            f"the variant {variant!r} is lazy, and its size is not known until it is made: request "
            f"{unmade[variant]}, then run the command again"
        )
    if html is None:
        raise SetupError(_nothing_to_show(record, variant))
    if as_json:
        emit({"image_id": record.image_id, "html": html})
        return
    RESULTS.print(html, markup=False, highlight=False, soft_wrap=True)
    for address in unmade.values() if variant is None else ():
        say(f"left out, because it is lazy and not made yet: {address}")
    made = sorted(lazy.names(record) - unmade.keys())
    if made and variant is None and any(one.name not in made for one in record.variants):
        say(f"left out, because they are lazy; show one alone by --variant: {', '.join(made)}")
    if not settings.public_results:
        say("results are private: only who is signed in sees the picture, unless PIXELFLEET_PUBLIC_RESULTS is set")


def _nothing_to_show(record: Image, variant: str | None) -> str:
    if not record.variants:
        return f"the image {record.path} has no variants, because it is {record.status}: `pixelfleet show` says more"
    names = ", ".join(dict.fromkeys(each.name for each in record.variants))
    what = "no variant that a page can show" if variant is None else f"no variant {variant!r} that a page can show"
    return f"the image {record.path} has {what}; it has: {names}"
