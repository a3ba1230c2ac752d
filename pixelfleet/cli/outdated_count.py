"""`--count` of `route add` and `route rm`: how many images get another recipe by the change."""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated

import typer

from pixelfleet.cli.console import MESSAGES, count, say
from pixelfleet.cli.selection import who
from pixelfleet.cli.terminable import terminable
from pixelfleet.deployment import Deployment
from pixelfleet.operations.reconcile.outdated import MOST_COUNTED, OutdatedImages, outdated_images

Count = Annotated[
    bool,
    typer.Option(
        "--count/--no-count",
        help=f"Count the images that get another recipe now, by the records of at most {MOST_COUNTED:,} objects.",
    ),
]
STORED = "the change is stored and stays; `pixelfleet reconcile --outdated --dry-run` counts again"


def count_outdated(deployment: Deployment) -> dict[str, object]:
    """Count, with progress, and say the number; returns it for scripts. Ctrl-C ends the count, not the change.

    Raises:
        TransientError: S3, DynamoDB or SQS does not answer; the change is stored.
    """
    with terminable(STORED), MESSAGES.status("counting images") as status:

        def progress(so_far: OutdatedImages) -> bool:
            status.update(f"{count(so_far.seen, 'object')} looked at, {so_far.outdated:,} get another recipe")
            return True

        counted = outdated_images(deployment, who(), datetime.now(UTC), progress, count=True)
    say(counted.in_words())
    return {name: asdict(counted)[name] for name in ("seen", "outdated", "complete")}
