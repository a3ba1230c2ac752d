"""How long Terraform takes for the whole stack on the two emulators: `python -m benchmarks.infra`.

Prints seconds of apply, of a plan that changes nothing, and of destroy, and the resources that took longest: mostly
the provider's own waiting, which real AWS prolongs.
"""

import re
import shutil
import sys
import tempfile
from pathlib import Path

from tests.infra.stack import prepared

_DONE = re.compile(r"^(\S+?): (?:Creation|Destruction) complete after (?:(\d+)m)?(\d+)s", re.MULTILINE)


def main() -> int:
    program = shutil.which("terraform")
    if program is None:
        sys.stderr.write("terraform is not installed: https://developer.hashicorp.com/terraform/install\n")
        return 2
    with tempfile.TemporaryDirectory() as name, prepared(Path(program), Path(name)) as stack:
        terraform = stack.terraform
        created = terraform.run("apply", "-auto-approve")
        resources = sum(1 for _ in terraform.resources())
        changes = terraform.plan_changes()
        destroyed = terraform.run("destroy", "-auto-approve")
        print(f"| {resources} resources | seconds |\n| --- | ---: |")
        for command in ("init", "apply", "plan", "destroy"):
            print(f"| {command} | {terraform.seconds[command]:.0f} |")
        print(f"\nthe second plan changes {len(changes)} resources; slowest:\n")
        for log in (created, destroyed):
            for seconds, address in slowest(log):
                print(f"{seconds:5d} s  {address}")
            print()
    return 0


def slowest(log: str) -> list[tuple[int, str]]:
    """Seconds and address of the resources that took longest, as Terraform's output tells."""
    slow_resources = [
        (60 * int(minutes or 0) + int(seconds), address) for address, minutes, seconds in _DONE.findall(log)
    ]
    return sorted(slow_resources, reverse=True)[:8]


if __name__ == "__main__":
    sys.exit(main())
