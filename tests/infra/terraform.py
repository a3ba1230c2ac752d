"""Terraform as a program: a copy of the configuration, its provider, and the commands the tests run on it."""

import json
import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeVar

T = TypeVar("T")

#: The file of a saved plan.
PLAN: Final = "changes.tfplan"
#: An apply takes a minute and a half on an idle machine, and longer on a busy machine.
APPLY_SECONDS: Final = 500.0
REPOSITORY: Final = Path(__file__).parents[2]
PROVIDER: Final = Path("registry.terraform.io/hashicorp/aws")
#: Folders in which Terraform searches for mirrors (CLI documentation, "Implied local mirror directories"), and /opt.
MIRRORS: Final = (
    "~/.terraform.d/plugins",
    "~/.local/share/terraform/plugins",
    "/usr/local/share/terraform/plugins",
    "/usr/share/terraform/plugins",
    "/opt/*",
)

#: For processes that live for seconds: Go's garbage collector would take a quarter of their CPU.
GARBAGE_COLLECTION: Final = {"GOGC": "off", "GOMEMLIMIT": "800MiB"}


class TerraformError(Exception):
    """A command failed; the text is its output."""


def mirror() -> Path | None:
    """The folder that holds the AWS provider: TF_PLUGIN_DIR, else one of MIRRORS; None for the registry."""
    if given := os.environ.get("TF_PLUGIN_DIR"):
        return Path(given)
    for pattern in MIRRORS:
        path = Path(pattern).expanduser()
        for folder in path.parent.glob(path.name):
            if (folder / PROVIDER).is_dir():
                return folder
    return None


class DoubledError(TerraformError):
    """A resource was refused because it already exists.

    If an emulator loses a connection after its work is done, the provider repeats the call. The remedy is a start
    on empty emulators.
    """


#: Attempts on fresh emulators. On a busy machine, two attempts in a row have ended in a DoubledError.
ATTEMPTS: Final = 3


def with_fresh_emulators(attempt: Callable[[], T]) -> T:
    """The result of an attempt, or of a further attempt after a DoubledError. Each attempt starts its own emulators."""
    for _ in range(ATTEMPTS - 1):
        try:
            return attempt()
        except DoubledError:
            continue
    return attempt()


#: Error messages and codes of services for a resource that already exists.
DOUBLED: Final = re.compile("already ?exist|ConflictException", re.IGNORECASE)


@dataclass
class Terraform:
    """One working copy of infra/, ecs/ and examples/. `root` is the folder in it that commands run in.

    `seconds` holds the last duration of each command.
    """

    program: Path
    folder: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    root: str = "infra"
    seconds: dict[str, float] = field(default_factory=dict)

    def prepare(self) -> None:
        """Copy the configuration and initialise it; raises TerraformError if the provider is not available."""
        self.copy()
        self.init()

    def copy(self) -> None:
        ignored = shutil.ignore_patterns(".terraform*", "*.tfstate*", "*.tfvars", "backend.tf", "__pycache__")
        for part in ("infra", "ecs", "examples"):
            shutil.copytree(REPOSITORY / part, self.folder / part, ignore=ignored)

    def init(self) -> None:
        plugins = mirror()
        self.run("init", "-backend=false", *([f"-plugin-dir={plugins}"] if plugins else []), timeout=120)

    def plan_changes(self, *arguments: str) -> dict[str, str]:
        """The actions of a plan by the address of the resource; empty when the plan would change nothing.

        Read from the plan's own messages: `terraform show` loads the provider's schema again, for three seconds of CPU.
        """
        reported = self.run("plan", "-json", "-lock=false", f"-out={PLAN}", *arguments)
        messages = [json.loads(line) for line in reported.splitlines()]
        changes = [message["change"] for message in messages if message["type"] == "planned_change"]
        return {change["resource"]["addr"]: change["action"] for change in changes if change["action"] != "read"}

    def planned(self, *arguments: str) -> dict[str, Any]:
        """The plan with these arguments, as `terraform show -json` prints a plan."""
        self.run("plan", "-lock=false", f"-out={PLAN}", *arguments)
        document: dict[str, Any] = json.loads(self.run("show", "-json", PLAN))
        return document

    def refusals(self, text: str) -> str:
        """The output of `terraform validate -json` for another configuration, with this copy's provider."""
        folder = self.folder / "other"
        folder.mkdir(exist_ok=True)
        (folder / "main.tf").write_text(text)
        other = Terraform(self.program, folder, self.environment, root=".")
        other.init()
        return other.run("validate", "-json", accept=(0, 1))

    def apply(self) -> None:
        """Apply the configuration; raises DoubledError if only fresh emulators help."""
        try:
            self.run("apply", "-auto-approve", timeout=APPLY_SECONDS)
        except TerraformError as error:
            raise (DoubledError if DOUBLED.search(str(error).partition("Error: ")[2]) else TerraformError)(
                str(error)
            ) from None

    def apply_changes(self) -> None:
        """Apply the last plan of `plan_changes` without another refresh."""
        self.run("apply", PLAN)

    def destroy(self, *arguments: str) -> None:
        self.run("destroy", "-auto-approve", *arguments, timeout=APPLY_SECONDS)

    def outputs(self) -> dict[str, Any]:
        return {name: output["value"] for name, output in json.loads(self.run("output", "-json")).items()}

    def state(self) -> dict[str, Any]:
        """The state as `terraform show -json` prints it, read from the file itself, without the values of outputs."""
        path = self.folder / self.root / "terraform.tfstate"
        written = json.loads(path.read_text()).get("resources", []) if path.exists() else []
        resources = [
            {
                "address": _address(resource, instance),
                "mode": resource["mode"],
                "type": resource["type"],
                "values": instance["attributes"],
            }
            for resource in written
            for instance in resource["instances"]
        ]
        return {"values": {"root_module": {"resources": resources}}}

    def resources(self) -> list[dict[str, Any]]:
        """Every managed resource of the state: address, type, values."""
        return [one for one in self.state()["values"]["root_module"]["resources"] if one["mode"] == "managed"]

    def run(self, command: str, *arguments: str, timeout: float = 300, accept: tuple[int, ...] = (0,)) -> str:
        """Run one command in the root folder and return its standard output.

        Raises:
            TerraformError: the exit code is not in `accept`, or the command took longer than `timeout` seconds.
        """
        manner = ["-input=false"] if command in {"init", "plan", "apply", "destroy"} else []
        colour = [] if command in {"fmt", "graph"} else ["-no-color"]
        started = time.monotonic()
        try:
            done = subprocess.run(
                [str(self.program), command, *manner, *colour, *arguments],
                cwd=self.folder / self.root,
                env=self._environment(),
                capture_output=True,
                text=True,
                timeout=timeout,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise TerraformError(f"terraform {command} took more than {timeout:g} s:\n{error.stdout!r}") from None
        self.seconds[command] = time.monotonic() - started
        if done.returncode not in accept:
            raise TerraformError(f"terraform {command}:\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}")
        return done.stdout

    def _environment(self) -> dict[str, str]:
        """The environment of a command, without the user's AWS and Terraform configuration."""
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "TF_"))}
        manners = {"TF_CLI_CONFIG_FILE": os.devnull, "TF_IN_AUTOMATION": "1", "CHECKPOINT_DISABLE": "1"}
        return clean | manners | GARBAGE_COLLECTION | dict(self.environment)


def type_of(address: str) -> str:
    """The type of the resource at an address: `aws_ecs_service` of `module.lane["bulk"].aws_ecs_service.this`."""
    return re.sub(r"\[[^\]]*\]", "", address).split(".")[-2]


def _address(resource: Mapping[str, Any], instance: Mapping[str, Any]) -> str:
    """The address of an instance, such as `module.lane["bulk"].data.aws_region.current`."""
    data = ["data"] if resource["mode"] == "data" else []
    address = ".".join([*filter(None, [resource.get("module")]), *data, resource["type"], resource["name"]])
    return f"{address}[{json.dumps(instance['index_key'])}]" if "index_key" in instance else address
