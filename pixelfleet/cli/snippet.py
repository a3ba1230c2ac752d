"""`pixelfleet snippet IMAGE`."""

from typing import Annotated

import typer

from pixelfleet.cli.console import RESULTS, AsJson, emit, say
from pixelfleet.cli.naming import image_named
from pixelfleet.cli.show import ImageArgument
from pixelfleet.deployment import Deployment
from pixelfleet.domain.snippets import snippet as html_of
from pixelfleet.errors import SetupError
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
    record = image_named(Deployment(settings), image)
    html = html_of(record, settings.dashboard_url.rstrip("/"), variant)
    if html is None:
        names = ", ".join(dict.fromkeys(one.name for one in record.variants)) or "none"
        raise SetupError(f"the image {record.image_id} has no variant that a page can show; it has: {names}")
    if as_json:
        emit({"image_id": record.image_id, "html": html})
        return
    RESULTS.print(html, markup=False, highlight=False, soft_wrap=True)
    if not settings.public_results:
        say("results are private: only who is signed in sees the picture, unless PIXELFLEET_PUBLIC_RESULTS is set")
