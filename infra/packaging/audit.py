"""Compares the locks with a database of known weaknesses, by pip-audit; says for how many packages there was an answer.

pip-audit succeeds when the database knows none of the packages, as behind a mirror that answers 404 to each question.
Here a package without an answer is an error.

Exit codes: 0 every package was compared and none is known to be weak; 1 weaknesses are known; 2 not every package could
be compared.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

REPOSITORY: Final = Path(__file__).parents[2]
LOCKS: Final = ("producer", "image", "local")
#: Seconds for one lock: a database that does not answer must not hold up a build.
LONGEST: Final = 600.0
WEAK: Final = 1
UNKNOWN: Final = 2


@dataclass(slots=True)
class Outcome:
    """What is known of the packages of some locks; a package is `name version`."""

    compared: set[str] = field(default_factory=set)
    #: Why there was no answer, by package.
    unknown: dict[str, str] = field(default_factory=dict)
    #: Identifiers of weaknesses, by package.
    weak: dict[str, list[str]] = field(default_factory=dict)
    #: Why a lock was not compared at all.
    failures: list[str] = field(default_factory=list)

    def add(self, answer: dict[str, Any]) -> None:
        """Take in what pip-audit printed as JSON."""
        for package in answer["dependencies"]:
            if reason := package.get("skip_reason"):
                self.unknown[package["name"]] = reason
                continue
            name = f"{package['name']} {package['version']}"
            self.compared.add(name)
            if package["vulns"]:
                self.weak[name] = [vulnerability["id"] for vulnerability in package["vulns"]]

    @property
    def exit_code(self) -> int:
        if self.weak:
            return WEAK
        return UNKNOWN if self.unknown or self.failures or not self.compared else 0

    def in_words(self) -> str:
        lines = [f"{name}: {', '.join(weaknesses)}" for name, weaknesses in sorted(self.weak.items())]
        lines += self.failures
        if self.unknown:
            name, reason = min(self.unknown.items())
            lines.append(
                f"NOT COMPARED: {len(self.unknown)} packages, for which the database had no answer (such as {name}: "
                f"{reason}). A mirror of the package index has no such database: run this where pypi.org or "
                "api.osv.dev can be reached."
            )
        known = f"{len(self.weak)} with known weaknesses" if self.weak else "none with known weaknesses"
        return "\n".join([*lines, f"{len(self.compared)} packages compared, {known}"])


def audit(pip_audit: Path, service: str, locks: Sequence[Path]) -> Outcome:
    outcome = Outcome()
    for lock in locks:
        command = [str(pip_audit), "--disable-pip", "--format", "json", "--progress-spinner", "off"]
        command += ["--vulnerability-service", service, "--requirement", str(lock)]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=LONGEST, check=False)
            outcome.add(json.loads(done.stdout))
        except subprocess.TimeoutExpired:
            outcome.failures.append(f"{lock.name}: NOT COMPARED, no answer from {service} within {LONGEST:.0f} s")
        except (ValueError, KeyError, TypeError):
            said = done.stderr.strip().splitlines()[-1:] or ["no word from pip-audit"]
            outcome.failures.append(f"{lock.name}: NOT COMPARED, {service} could not be asked: {said[0]}")
    return outcome


def main() -> int:
    parser = argparse.ArgumentParser(description="Compare the locks with known weaknesses.")
    parser.add_argument("--pip-audit", type=Path, required=True, help="the pip-audit program")
    parser.add_argument("--service", default="pypi", choices=("pypi", "osv"), help="the database; default pypi")
    chosen = parser.parse_args()
    outcome = audit(chosen.pip_audit, chosen.service, [REPOSITORY / f"requirements/{name}.txt" for name in LOCKS])
    sys.stdout.write(outcome.in_words() + "\n")
    return outcome.exit_code


if __name__ == "__main__":
    sys.exit(main())
