"""`pixelfleet secrets`: the dashboard's secret in AWS Secrets Manager."""

from typing import Annotated

import typer

from pixelfleet.aws.secrets import Secrets
from pixelfleet.aws.secrets import secrets as store_of
from pixelfleet.cli.app import App
from pixelfleet.cli.checks import warn_of_endpoint
from pixelfleet.cli.console import RESULTS, AsJson, emit, say
from pixelfleet.operations import dashboard_secret
from pixelfleet.operations.dashboard_secret import SecretReference
from pixelfleet.settings import load_settings

secrets = App(name="secrets", help="The dashboard's secret in AWS Secrets Manager, and its signing key.")

Name = Annotated[str, typer.Option(help="Name of the secret.")]


@secrets.command()
def create(
    name: Name = "pixelfleet-dashboard",
    kms_key: Annotated[str | None, typer.Option(help="KMS key that encrypts the secret; AWS's own by default.")] = None,
    *,
    public_results: Annotated[bool, typer.Option("--public-results", help="Results need no signing key.")] = False,
    as_json: AsJson = False,
) -> None:
    """Make the session secret and CloudFront's signing key pair in Secrets Manager; print the ARN and the public key.

    The private values are neither printed nor written to a file.

        pixelfleet secrets create --name pixelfleet-dashboard
    """
    made = dashboard_secret.create(_store(), name, signing=not public_results, kms_key=kms_key)
    _show(made, as_json=as_json)


@secrets.command()
def rotate(name: Name = "pixelfleet-dashboard", *, as_json: AsJson = False) -> None:
    """Put a new signing key beside the present key; print the public half of the new key.

    Add the public key to signing_public_keys and apply, then run `pixelfleet secrets promote`. A second run prints the
    same key.
    """
    made = dashboard_secret.stage(_store(), name)
    if as_json:
        _show(made, as_json=True)
        return
    say("Add to signing_public_keys in terraform.tfvars, beside the present key:")
    _show_key(made)


@secrets.command()
def promote(name: Name = "pixelfleet-dashboard", *, as_json: AsJson = False) -> None:
    """Make the new signing key the present key. Then set signing_key to its name and apply."""
    made = dashboard_secret.promote(_store(), name)
    if as_json:
        _show(made, as_json=True)
    say(f'Now set signing_key = "{made.key_name}" and apply. Keep the other key in signing_public_keys for a day.')


def _store() -> Secrets:
    warn_of_endpoint("Secrets Manager")
    return store_of(load_settings().region)


def _show(made: SecretReference, *, as_json: bool) -> None:
    if as_json:
        emit({"arn": made.arn, "public_key": made.public_key, "key_name": made.key_name if made.public_key else None})
        return
    say("For terraform.tfvars:")
    RESULTS.print(f'dashboard_secret_arn = "{made.arn}"', soft_wrap=True)
    if made.public_key:
        RESULTS.print("signing_public_keys = {")
        _show_key(made)
        RESULTS.print("}")


def _show_key(made: SecretReference) -> None:
    RESULTS.print(f"  {made.key_name} = <<-PEM", soft_wrap=True)
    for line in made.public_key.strip().splitlines():
        RESULTS.print(f"    {line}", soft_wrap=True)
    RESULTS.print("  PEM")
