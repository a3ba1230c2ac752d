"""`pixelfleet samples DEST`."""

from pathlib import Path
from typing import Annotated

import typer

from pixelfleet.cli.console import AsJson, emit, say
from pixelfleet.errors import SetupError


def samples(
    dest: Annotated[Path, typer.Argument(help="Folder that takes them; made when it is missing.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Write the sample images: every format, every EXIF orientation, and broken files of each kind.

    `photos/` holds what can be processed, `broken/` what cannot. The files are the same every time.
    """
    # Here, not above: the help needs no image library, and not every installation has one.
    from pixelfleet.samples import make_samples  # noqa: PLC0415

    try:
        written = make_samples(dest)
    except OSError as error:
        raise SetupError(f"cannot write samples to {dest}: {error.strerror or error}") from error
    if as_json:
        emit([str(path) for path in written])
    else:
        say(f"{len(written)} samples in {dest}")
