"""`pixelfleet recipe rollout`."""

import shlex
from collections.abc import Sequence
from dataclasses import asdict
from itertools import chain
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.filesize import decimal
from rich.status import Status
from rich.table import Table

from pixelfleet.cli.console import MESSAGES, RESULTS, AsJson, count, emit, printable, say
from pixelfleet.cli.named_recipe import loaded_recipe
from pixelfleet.cli.selection import BatchOption, OwnerOption, YesOption, confirm, selection_of, who
from pixelfleet.cli.terminable import terminable
from pixelfleet.deployment import Deployment
from pixelfleet.domain.rollout import bound_of, canary_share, canary_size
from pixelfleet.domain.rollout_sample import SampledImage
from pixelfleet.errors import SetupError
from pixelfleet.files.destination import own_destination
from pixelfleet.operations.batches import check_batch
from pixelfleet.operations.failures import Selection
from pixelfleet.operations.recipe_registry import pinned_name
from pixelfleet.operations.rollout.order import RolloutOrder
from pixelfleet.operations.rollout.run import Rollout, RolloutResult, RolloutState, Step, journal_of
from pixelfleet.operations.rollout.sheet import write_sheet
from pixelfleet.operations.rollout.table import RecipeFigures, SampleTable
from pixelfleet.settings import load_settings

#: Options of the command that are not written out where they have these values.
_DEFAULTS: Final[dict[str, object]] = {
    "--sample": 200,
    "--seed": None,
    "--canary": "1%",
    "--max-failures": "1%",
    "--rate": None,
    "--out": Path("rollout"),
}
GOES_ON: Final = (
    "jobs that were sent are under way; run the same command again, and it goes on where it stopped. "
    "`pixelfleet recipe rollback` takes images back"
)


def rollout(
    newer: Annotated[str, typer.Argument(metavar="NEW", help="The new recipe: shop, shop@3, or a TOML file.")],
    *,
    older: Annotated[
        str, typer.Option("--instead-of", metavar="OLD", help="The recipe that made the images, as shop@2.")
    ],
    owner: OwnerOption = None,
    batch: BatchOption = None,
    sample: Annotated[int, typer.Option(metavar="N", help="Images that are made by both recipes first.")] = 200,
    seed: Annotated[int | None, typer.Option(min=0, help="Chooses the sample; default random, and shown.")] = None,
    canary: Annotated[str, typer.Option(metavar="PERCENT", help="Images that the fleet makes first.")] = "1%",
    max_failures: Annotated[
        str, typer.Option(metavar="PERCENT|N", help="Stop beyond so many failures and outliers in a step.")
    ] = "1%",
    rate: Annotated[float | None, typer.Option(min=0.01, help="At most so many jobs a second.")] = None,
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder for the contact sheet of the worst images.")] = Path(
        "rollout"
    ),
    from_start: Annotated[
        bool, typer.Option("--from-start", help="Begin anew, not where an earlier run stopped.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only the sample: nothing is queued.")] = False,
    yes: YesOption = False,
    as_json: AsJson = False,
) -> None:
    """Bring a new recipe to the images that an older recipe made: a sample, then a canary, then the rest.

    The sample has its share of every format, size and owner. Both recipes make it on this machine: a table shows bytes,
    CPU, cost and SSIM against the original at the variant's size, and DIR/index.html the twenty worst images. After a
    confirmation the fleet makes the canary, and the rest if the canary is good.

        pixelfleet recipe rollout shop --instead-of shop@2 --dry-run

        pixelfleet recipe rollout shop@3 --instead-of shop@2 --owner ana --canary 2% --max-failures 5

    The command may be killed at any point: the same command goes on where it stopped. Exit code 1 if the rollout
    stopped at its bound, if an image failed, or if an image was still being processed by somebody else.
    `pixelfleet recipe rollback NEW --to OLD --all` takes all images back.
    """
    selection = selection_of(None, None, batch, owner, None)
    deployment = Deployment(load_settings(), connections=20)
    recipes = loaded_recipe(newer, deployment), loaded_recipe(older, deployment)
    names = pinned_name(deployment, recipes[0]), pinned_name(deployment, recipes[1])
    back = f"pixelfleet recipe rollback {names[0]} --to {names[1]} {' '.join(scope_options(selection)) or '--all'}"
    given = {"--sample": sample, "--seed": seed, "--canary": canary, "--max-failures": max_failures, "--rate": rate}
    order = RolloutOrder(
        newer=recipes[0],
        older=recipes[1],
        who=who(),
        owner=selection.owner,
        batch=selection.batch,
        command=_command(names, selection, given | {"--out": out}, yes=yes, as_json=as_json),
        way_back=back,
        sample=sample,
        canary=canary_share(canary),
        bound=bound_of(max_failures),
        rate=rate,
    )
    check_batch(deployment, order.owner, order.batch)
    document: dict[str, Any] = {}
    with journal_of(deployment, order) as journal, MESSAGES.status("counting images") as status:
        if from_start:
            journal.begin_anew()
        run = Rollout(deployment, order, journal, status.update)
        state = run.begin(seed)
        document |= asdict(state) | {"dry_run": dry_run}
        if state.stopped is not None:
            status.stop()
            _tell_stopped(state.stopped, back, as_json=as_json, document=document)
        if not state.images:
            journal.finish()
            status.stop()
            _tell_nothing(state, newer, as_json=as_json, document=document)
            return
        if state.step is Step.SAMPLE:
            _sample(run, deployment, order, state, out=out, status=status, document=document, as_json=as_json)
        status.stop()
        if dry_run:
            _tell_dry_run(state, document, as_json=as_json)
            return
        _ask(deployment, order, state, document, yes=yes)
        status.start()
        with terminable(GOES_ON):
            result = run.carry_out()
    _show(result, newer, back, as_json=as_json, document=document)
    if result.stopped_by is not None:
        raise typer.Exit(130)
    if result.reason is not None or result.busy or result.total("failed"):
        raise typer.Exit(1)


def _sample(
    run: Rollout,
    deployment: Deployment,
    order: RolloutOrder,
    state: RolloutState,
    *,
    out: Path,
    status: Status,
    document: dict[str, Any],
    as_json: bool,
) -> None:
    """Make the sample, and show its table and where the contact sheet is."""
    with terminable("nothing is queued; what is made of the sample is kept for the next run"), own_destination(out):
        images, table = run.sample()
        try:
            sheet = write_sheet(deployment, order, images, out, status.update)
            run.note_sheet(sheet.resolve() if sheet else None)
        except OSError as error:
            raise SetupError(f"the contact sheet cannot be written to {out}: {error.strerror}") from None
    document |= {
        "sample": asdict(table) | {"bad": table.bad},
        "contact_sheet": str(sheet) if sheet else None,
    }
    if as_json:
        return
    status.stop()
    say(f"{count(state.images, 'image')} of {order.scope}, sample of {len(images):,}, seed {state.seed}")
    RESULTS.print(_table(table, state.images))
    _tell_skipped(images)
    if table.bad:
        say(f"the sample has {count(table.failures, 'failure')} and {count(table.outliers, 'outlier')}", style="yellow")
    if sheet is not None:
        say(f"the worst images: {printable(sheet)}")


def _table(table: SampleTable, images: int) -> Table:
    shown = Table("", "old", "new", box=None, pad_edge=False)

    def row(title: str, form: Any) -> None:
        cells = [form(side) if side is not None else "none" for side in (table.older, table.newer)]
        shown.add_row(title, *cells)

    row("results of an image", lambda side: decimal(round(side.bytes)))
    row("CPU of an image", lambda side: f"{side.cpu_ms:,.0f} ms")
    row("SSIM, mean", lambda side: _score(side.ssim))
    row("SSIM, lowest", lambda side: _score(side.lowest))
    row(f"to make {images:,}", _dollars_once)
    row("to store them, a month", lambda side: f"{side.month:,.4f} USD")
    return shown


def _dollars_once(side: RecipeFigures) -> str:
    return f"{side.once:,.4f} USD"


def _score(value: float | None) -> str:
    return f"{value:.4f}" if value is not None else "unknown"


def _tell_skipped(images: Sequence[SampledImage]) -> None:
    skipped = [image for image in images if image.skipped is not None]
    if skipped:
        say(
            f"{len(skipped):,} of the sample were not tried, such as {printable(skipped[0].path)}: {skipped[0].skipped}"
        )


def _ask(
    deployment: Deployment, order: RolloutOrder, state: RolloutState, document: dict[str, Any], *, yes: bool
) -> None:
    """Ask whether the canary may begin. A rollout whose canary began before goes on without a question.

    Raises:
        typer.Exit: the answer was no; or nobody is asked, and the sample exceeds the bound.
    """
    if state.step is not Step.SAMPLE:
        say(f"going on with the {state.step} of {count(state.images, 'image')}")
        return
    sample = document["sample"]
    if yes and order.bound.is_exceeded(sample["bad"], sample["sampled"]):
        say(
            f"{sample['bad']:,} of {sample['sampled']:,} images of the sample fail or are outliers, more than "
            f"--max-failures {order.bound.in_words()} allows: nothing was queued. Without --yes you are asked",
            style="red",
        )
        raise typer.Exit(1)
    if not deployment.settings.keep_revisions:
        say("PIXELFLEET_KEEP_REVISIONS is 0 in this shell: if it is in the workers too, nothing can be rolled back")
    first = canary_size(state.images, order.canary)
    confirm(
        f"{count(first, 'image')} would be made again as a canary, then the other {state.images - first:,}.", yes=yes
    )


def _command(
    names: tuple[str, str], selection: Selection, given: dict[str, object], *, yes: bool, as_json: bool
) -> str:
    """This command, which goes on where it stops; with the versions of today, as there may be newer ones by then."""
    options = [(name, str(value)) for name, value in given.items() if value != _DEFAULTS[name]]
    flags = ["--yes"] * yes + ["--json"] * as_json
    command = [
        "recipe",
        "rollout",
        names[0],
        "--instead-of",
        names[1],
        *scope_options(selection),
        *chain(*options),
        *flags,
    ]
    return shlex.join(["pixelfleet", *command])


def scope_options(selection: Selection) -> list[str]:
    """The options that name the images; none for the images of all owners."""
    if selection.owner is None:
        return []
    if selection.batch is None:
        return ["--owner", selection.owner]
    return ["--batch", f"{selection.owner}/{selection.batch}"]


def _tell_stopped(reason: str, back: str, *, as_json: bool, document: dict[str, Any]) -> None:
    """
    Raises:
        typer.Exit: always, with code 1.
    """
    if as_json:
        emit(document)
    say(f"this rollout stopped: {reason}", style="red")
    say(f"`{back}` takes its images back; --from-start begins anew")
    raise typer.Exit(1)


def _tell_nothing(state: RolloutState, newer: str, *, as_json: bool, document: dict[str, Any]) -> None:
    if as_json:
        emit(document)
    else:
        say(f"nothing to do: {count(state.newer, 'image')} of this selection were made by {newer}, none by the old one")


def _tell_dry_run(state: RolloutState, document: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        emit(document)
    elif state.step is Step.SAMPLE:
        say("nothing was queued; the same command without --dry-run goes on with this sample")
    else:
        say(
            f"this rollout of {count(state.images, 'image')} began before, and it was interrupted at the {state.step}: "
            "nothing was queued. The same command without --dry-run goes on there; --from-start begins anew"
        )


def _show(result: RolloutResult, newer: str, back: str, *, as_json: bool, document: dict[str, Any]) -> None:
    if as_json:
        emit(document | asdict(result) | {"made": result.made, "failed": result.total("failed")})
        return
    RESULTS.print(f"{count(result.made, 'image')} made by {newer}", soft_wrap=True)
    if failed := result.total("failed"):
        say(f"{failed:,} failed and kept their earlier results: `pixelfleet failures`", style="yellow")
    if result.busy:
        words = "still being processed by somebody else: repeat the same command after that"
        say(f"{count(result.busy, 'more image')} of the old recipe {words}", style="yellow")
    if result.stopped_by is not None:
        say(f"stopped by {result.stopped_by}: {GOES_ON}", style="yellow")
        return
    if result.reason is not None:
        say(f"stopped: {result.reason}", style="red")
        for example in result.examples:
            say(f"  {printable(example)}")
    say(f"to take them back: {back}")
