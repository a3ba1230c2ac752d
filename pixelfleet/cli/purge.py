"""`pixelfleet purge`."""

from pixelfleet.aws.dead_letters import Disposition, Pass
from pixelfleet.cli.console import MESSAGES, RESULTS, AsJson, emit
from pixelfleet.cli.selection import (
    BatchOption,
    CauseOption,
    ImageOption,
    LaneOption,
    OwnerOption,
    YesOption,
    confirm,
    described,
    selection_of,
    who,
)
from pixelfleet.deployment import Deployment
from pixelfleet.domain.jobs import Lane
from pixelfleet.operations.failures import dead_letters
from pixelfleet.operations.redrive import purge as give_up
from pixelfleet.operations.redrive import uploads_letters
from pixelfleet.settings import load_settings


def purge(
    *,
    lane: LaneOption = None,
    cause: CauseOption = None,
    batch: BatchOption = None,
    owner: OwnerOption = None,
    image: ImageOption = None,
    yes: YesOption = False,
    as_json: AsJson = False,
) -> None:
    """Empty the dead-letter queues of failures that are given up.

    The records stay `failed` and can still be redriven: it is their dead letters that go, and with them the alarm.
    Without any filter, events that the producer could not handle and letters that no record explains go too; of
    those there is no record anywhere else.

        pixelfleet purge --batch me/2026-11 --yes
    """
    deployment = Deployment(load_settings())
    selection = selection_of(lane, cause, batch, owner, image)
    waiting = {name: depth.waiting + depth.in_flight for name, depth in dead_letters(deployment).items()}
    listed = ", ".join(f"{name} {count:,}" for name, count in waiting.items())
    confirm(f"Dead letters lie in: {listed}. Those that the filters name would be deleted.", yes=yes)
    done: dict[str, Pass] = {}
    with MESSAGES.status("deleting") as status:

        def told(now: Pass) -> None:
            status.update(f"deleted {now.deleted:,}, left {now.left:,}")

        for one in Lane:
            if selection.lane in (None, one):
                done[one.value] = give_up(deployment, one, selection, told)
        if selection.everything and selection.lane is None:
            done["uploads"] = uploads_letters(deployment, Disposition.DELETE, told)
    deployment.activity.note(
        who(), "purge", described(selection), {name: result.deleted for name, result in done.items()}
    )
    if as_json:
        emit({name: {"deleted": result.deleted, "left": result.left} for name, result in done.items()})
        return
    for name, result in done.items():
        RESULTS.print(f"{name}: {result.deleted:,} dead letters deleted, {result.left:,} left")
