"""The sources of `run` and `render`: files, folders, and objects of a bucket, which are fetched first."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Final

import typer

from pixelfleet.cli.console import MESSAGES, count, say
from pixelfleet.files.sources import Source, find_sources

#: Below DEST: the originals that were fetched from a bucket.
ORIGINALS: Final = "originals"

SourcesArgument = Annotated[
    list[str],
    typer.Argument(metavar="SRC...", help="Files, folders, and s3://BUCKET/PREFIX.", show_default=False),
]


def split_sources(sources: Sequence[str]) -> tuple[list[Path], list[str]]:
    """Paths, and addresses of objects."""
    remote = [source for source in sources if source.startswith("s3://")]
    return [Path(source) for source in sources if source not in remote], remote


def fetched_sources(remote: Sequence[str], dest: Path) -> list[Source]:
    """Fetch the objects of these addresses to DEST/originals; returns them as sources.

    Raises:
        SetupError: they cannot be fetched, or are too many to try out.
        TransientError: S3 does not answer.
    """
    if not remote:
        return []
    # Imported here: a run on local files needs no AWS library.
    from pixelfleet.deployment import Deployment  # noqa: PLC0415
    from pixelfleet.operations.remote_sources import THREADS, fetch_sources  # noqa: PLC0415
    from pixelfleet.settings import load_settings  # noqa: PLC0415

    folder = dest / ORIGINALS
    with MESSAGES.status("fetching originals") as status:
        deployment = Deployment(load_settings(), connections=2 * THREADS)
        fetched = fetch_sources(deployment, remote, folder, lambda done: status.update(f"fetched {done:,} originals"))
    say(f"fetched  {count(len(fetched.files), 'original')} to {folder}")
    if fetched.skipped:
        say(f"skipped  {count(fetched.skipped, 'object')} that cannot be images by key and size")
    if fetched.archived:
        say(f"skipped  {count(fetched.archived, 'object')} that must be restored first", style="yellow")
    # An earlier run may have fetched other objects.
    files = set(fetched.files)
    return [source for source in find_sources([folder]) if source.path in files]
