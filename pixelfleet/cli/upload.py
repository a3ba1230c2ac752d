"""`pixelfleet upload`."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.filesize import decimal
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from pixelfleet.bootstrap import Fleet
from pixelfleet.cli.console import MESSAGES, AsJson, emit, printable, say
from pixelfleet.jobs import DEFAULT_OWNER
from pixelfleet.settings import load_settings
from pixelfleet.sources import Source, find_sources
from pixelfleet.uploads import Put, Uploader, as_key, batch_prefix

THREADS: Final = 8


@dataclass(slots=True)
class _Tally:
    """What became of the files so far; `size` in bytes."""

    put: int = 0
    size: int = 0
    failed: list[Put] = field(default_factory=list)

    def add(self, answer: Put) -> None:
        if answer.problem is None:
            self.put += 1
            self.size += answer.source.bytes
        else:
            self.failed.append(answer)

    def __str__(self) -> str:
        words = f"{self.put:,} files, {decimal(self.size)}"
        return f"{words}, {len(self.failed):,} failed" if self.failed else words


def upload(
    sources: Annotated[list[Path], typer.Argument(metavar="SRC...", help="Files and folders.", show_default=False)],
    owner: Annotated[str, typer.Option(help="Whose images they are.")] = DEFAULT_OWNER,
    batch: Annotated[str | None, typer.Option(help="Name for what is uploaded together; default the time.")] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Put files into the uploads bucket, where the fleet takes them up.

    Each becomes `uploads/<owner>/<batch>/<path>`. On AWS, PIXELFLEET_UPLOADS_BUCKET names the bucket; after
    `pixelfleet up`, the lines that it printed do.

        pixelfleet upload ~/Pictures --batch summer

    Exit code 1 if a file could not be uploaded; every such file is listed with its reason.
    """
    settings = load_settings()
    prefix = batch_prefix(owner, batch or datetime.now(UTC).strftime("%Y%m%d-%H%M%S"))
    found = find_sources(sources)
    tally = _Tally()
    client = Fleet(settings, connections=THREADS * 2).s3
    with _progress() as progress, Uploader(client, settings.uploads_bucket, THREADS) as uploader:
        task = progress.add_task("uploading", tally=tally)
        for answer in uploader.put_all(_keyed(found, prefix)):
            tally.add(answer)
            progress.advance(task)
    _tell(tally, f"s3://{settings.uploads_bucket}/{prefix}", as_json=as_json)
    if tally.failed:
        raise typer.Exit(1)


def _keyed(found: Iterator[Source], prefix: str) -> Iterator[tuple[Source, str]]:
    return ((source, prefix + as_key(source.relative)) for source in found)


def _progress() -> Progress:
    columns = (SpinnerColumn(), TextColumn("{task.description} {task.fields[tally]}"), TimeElapsedColumn())
    return Progress(*columns, console=MESSAGES, transient=True)


def _tell(tally: _Tally, place: str, *, as_json: bool) -> None:
    if as_json:
        failed = [{"source": str(put.source.path), "message": put.problem} for put in tally.failed]
        emit({"place": place, "uploaded": tally.put, "bytes": tally.size, "failed": failed})
        return
    for put in tally.failed:
        say(f"{printable(put.source.path)}: {put.problem}", style="red")
    say(f"{tally} -> {place}")
