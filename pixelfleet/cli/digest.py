"""`pixelfleet digest`."""

from datetime import UTC, datetime

from pixelfleet.cli.console import MESSAGES, RESULTS, AsJson, count, emit, local
from pixelfleet.deployment import Deployment
from pixelfleet.domain.records import timestamp
from pixelfleet.operations.digest import run_digest
from pixelfleet.settings import load_settings


def digest(*, as_json: AsJson = False) -> None:
    """Publish the failures of the last full hour, by cause: one notice for operators and one for each owner.

    A schedule runs this command every hour. A second run in the same hour publishes nothing. A run also publishes the
    digests of the two hours before, if an earlier run failed before all of them were published.

        pixelfleet digest
    """
    with MESSAGES.status("reading the failures of the last hours"):
        result = run_digest(Deployment(load_settings()), datetime.now(UTC))
    if as_json:
        emit(
            {
                "since": timestamp(result.since),
                "until": timestamp(result.until),
                "failed": result.total.causes.total(),
                "complete": result.complete,
                "failed_by_cause": dict(result.total.causes),
                "published": result.published,
            }
        )
        return
    failed, published = count(result.total.causes.total(), "image"), count(result.published, "notice")
    since, until = local(timestamp(result.since)), local(timestamp(result.until))
    RESULTS.print(f"{failed} failed from {since} to {until}; {published} published", soft_wrap=True)
