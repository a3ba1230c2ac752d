"""`pixelfleet provision`."""

from dataclasses import asdict

from pixelfleet.cli.console import RESULTS, AsJson, emit
from pixelfleet.localcloud.provision import provision as make
from pixelfleet.settings import load_settings


def provision(*, as_json: AsJson = False) -> None:
    """Make the buckets, queues, tables and topics at AWS_ENDPOINT_URL. The command may be repeated.

    `pixelfleet up` does this by itself. On AWS, Terraform makes the resources; without AWS_ENDPOINT_URL this command
    refuses to run.

        PIXELFLEET_PREFIX=second pixelfleet provision
    """
    made = make(load_settings())
    if as_json:
        emit({"resources": [asdict(item) for item in made]})
        return
    for item in made:
        RESULTS.print(f"{item.kind:<7} {item.name:<40} {'made' if item.made else 'was there'}", soft_wrap=True)
