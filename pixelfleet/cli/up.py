"""`pixelfleet up`."""

import os
import shlex
import threading
import time
import webbrowser
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final

import typer

from pixelfleet.cli.console import RESULTS, AsJson, emit, say
from pixelfleet.cli.selection import who
from pixelfleet.cli.terminable import terminable
from pixelfleet.deployment import Deployment
from pixelfleet.localcloud.embedded import EmbeddedFleet, Plan, cores, embedded_fleet
from pixelfleet.localcloud.environment import in_the_way, shared_settings
from pixelfleet.localcloud.folder import default_data_folder
from pixelfleet.localcloud.hourly import HourlyReconcile
from pixelfleet.localcloud.recovery import queue_again
from pixelfleet.operations.users import add_first_operator

#: Seconds between two looks at the children.
LOOK_EVERY: Final = 0.5


def up(
    port: Annotated[
        int | None,
        typer.Option(min=1, max=65_535, help="Port on 127.0.0.1; default: the last port, at first a free one."),
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option(help="Folder of data and logs, kept for the next start; default ~/.local/share/pixelfleet."),
    ] = None,
    dashboard_port: Annotated[
        int | None,
        typer.Option(min=1, max=65_535, help="The dashboard's port; default: the last port, at first 8080 if free."),
    ] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Processes that work on images; default one for each core.")
    ] = None,
    *,
    open_browser: Annotated[bool, typer.Option("--open", help="Open the dashboard in the browser.")] = False,
    as_json: AsJson = False,
) -> None:
    """Run a whole fleet on this machine until Ctrl-C: a cloud, a producer, workers for both lanes, a dashboard.

    The first start adds an operator for the dashboard and prints the password once; `pixelfleet user passwd operator`
    makes a new password. At the start and every hour, the fleet reconciles the bucket with the catalog, as the
    scheduled task does on AWS.

    Prints lines to paste into another terminal. In that terminal, the commands for AWS work with this fleet:

        aws s3 cp photo.jpg s3://pixelfleet-uploads/uploads/me/first/

        aws s3 ls --recursive s3://pixelfleet-results/

        aws dynamodb scan --table-name pixelfleet-images

        aws sqs list-queues --endpoint-url $AWS_ENDPOINT_URL

    The next start has the same data, keys and port. The fleet listens on 127.0.0.1 only, and refuses requests without
    the keys.
    """
    shell = dict(os.environ)
    embedded: EmbeddedFleet | None = None
    plan = Plan(data or default_data_folder(), workers or cores(), port, dashboard_port=dashboard_port or 0)
    try:
        with terminable(), embedded_fleet(plan) as embedded:
            deployment = Deployment(embedded.settings)
            _introduce(embedded, add_first_operator(deployment, who()), shell, as_json=as_json)
            if embedded.emulator.after_unclean_end:
                _recover(deployment)
            if open_browser:
                # A browser in the foreground, such as one that BROWSER names, ends when its user closes it.
                threading.Thread(target=_open_browser, args=[embedded.settings.dashboard_url], daemon=True).start()
            with HourlyReconcile(embedded.settings, say):
                _tend(embedded)
    except KeyboardInterrupt:
        _say_goodbye(embedded)


def _open_browser(url: str) -> None:
    if not webbrowser.open(url):
        say(f"no browser could be opened: open {url} yourself", style="yellow")


def _tend(embedded: EmbeddedFleet) -> None:
    """Restart each child process that dies, until the command is interrupted."""
    while True:
        for death in embedded.supervisor.tend():
            say(str(death), style="yellow")
        time.sleep(LOOK_EVERY)


def _recover(deployment: Deployment) -> None:
    say(
        "The last fleet ended without saving its state: it was killed, or the disk was full. Users, records and "
        "uploads are unchanged; lost jobs are queued again.",
        style="yellow",
    )
    queued = queue_again(deployment)
    say(f"{queued.seen:,} uploads compared with the catalog, {queued.sent:,} queued again")


def _say_goodbye(embedded: EmbeddedFleet | None) -> None:
    """Print the end after Ctrl-C, which is the ordinary end.

    Raises:
        typer.Exit: the embedded cloud could not write its state.
    """
    if embedded is None or embedded.emulator.saved:
        say("\nstopped; the data is kept for the next `pixelfleet up`")
        return
    log = embedded.folder.logs / "cloud.log"
    say(
        "\nstopped, but the last state was NOT saved: the next start uses the state before and the journal of records. "
        f"Is the disk full? Log: {log}",
        style="red",
    )
    raise typer.Exit(1)


def _introduce(
    embedded: EmbeddedFleet, first_operator: tuple[str, str] | None, shell: Mapping[str, str], *, as_json: bool
) -> None:
    variables = embedded.exports() | shared_settings(shell)
    unset = [name for name in in_the_way(shell) if name not in variables]
    url = embedded.settings.dashboard_url
    if as_json:
        document = {
            "environment": variables,
            "unset": unset,
            "data": str(embedded.folder.root),
            "dashboard": url,
        }
        emit(document | (dict(zip(("user", "password"), first_operator, strict=True)) if first_operator else {}))
        return
    say("The fleet is up. Paste these lines into another terminal to use aws and pixelfleet with this fleet:\n")
    for line in shell_lines(variables, unset):
        RESULTS.print(line, soft_wrap=True)
    say(f"\ndashboard  {url}", style="bold")
    if first_operator:
        name, password = first_operator
        say(f"           sign in as {name} with the password {password} (shown only now)")
    say(f"\nuploads  s3://{embedded.settings.uploads_bucket}/uploads/<owner>/<batch>/<file>")
    say(f"results  s3://{embedded.settings.results_bucket}/")
    say(f"data     {embedded.folder.root}")
    say(f"logs     {embedded.folder.logs}")
    say("\nCtrl-C stops it.")


def shell_lines(variables: Mapping[str, str], unset: list[str]) -> list[str]:
    """Lines for any POSIX shell; `unset` names the variables that would lead to another cloud."""
    lines = [f"export {name}={shlex.quote(value)}" for name, value in variables.items()]
    return [f"unset {' '.join(unset)}", *lines] if unset else lines
