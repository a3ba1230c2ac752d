"""`pixelfleet samples DEST`."""

from pathlib import Path
from typing import Annotated

import typer

from pixelfleet.cli.console import AsJson, emit, say
from pixelfleet.errors import SetupError


def samples(
    dest: Annotated[Path, typer.Argument(metavar="DEST", help="Folder for the samples; made if it does not exist.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Write the sample images: every format, every EXIF orientation, and broken files of each kind.

    `photos/` holds images that can be processed, `broken/` files that cannot. The files are the same every time.
    """
    # Imported here: the help needs no image library, and not every installation has one.
    from pixelfleet.samples import make_samples  # noqa: PLC0415

    try:
        written = make_samples(dest)
    except OSError as error:
        raise SetupError(f"cannot write samples to {dest}: {error.strerror or error}") from error
    if as_json:
        emit([str(path) for path in written])
    else:
        say(f"{len(written)} samples in {dest}")
