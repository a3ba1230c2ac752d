"""Puts a known fault back into a copy of the code, as a small patch, and counts the seeds until the simulator finds it.

`python -m tests.simulation.mutation` does that for every patch in mutants/ and prints the table of docs/reliability.md.
A patch begins with lines `Fault: ...` and `Invariant: ...`; the invariant is the one that the fault breaks. A line
`Seed: ...` names the first seed that breaks the invariant: `make test-slow` begins there, and `make mutants` at seed 0,
or at that of a line `From: ...`, where only later seeds have the runs that the fault needs.
"""

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
MUTANTS: Final = Path(__file__).parent / "mutants"
#: The folders that a simulation imports.
PACKAGES: Final = ("pixelfleet", "worker", "dashboard", "producer_lambda", "tests/fakes", "tests/simulation")
#: Seeds within which each mutant must be caught.
MOST_SEEDS: Final = 20_000
#: Seeds, from its own on, within which a mutant with a seed must be caught: any change of the code moves the seeds.
NEARBY: Final = 300


@dataclass(frozen=True, slots=True)
class Mutant:
    """One patch. `fault` describes the restored fault. `seed` is None if the fault is rare, or was never hunted.

    `first` is the first seed whose runs can have the fault.
    """

    path: Path
    fault: str
    invariant: str
    seed: int | None
    first: int = 0

    @classmethod
    def read(cls, path: Path) -> "Mutant":
        text = path.read_text(encoding="utf-8")
        fields = dict(re.findall(r"^(Fault|Invariant|Seed|From): (.+)$", text, re.MULTILINE))
        seed = int(fields["Seed"]) if "Seed" in fields else None
        return cls(path, fields["Fault"], fields["Invariant"], seed, int(fields.get("From", 0)))


def mutants() -> list[Mutant]:
    """All, in the order of their names."""
    return [Mutant.read(path) for path in sorted(MUTANTS.glob("*.patch"))]


@contextmanager
def planted(mutant: Mutant) -> Iterator[Path]:
    """A folder with a copy of the code, the fault put back.

    Raises:
        subprocess.CalledProcessError: the patch does not apply to the code as it is now.
    """
    with tempfile.TemporaryDirectory(prefix="pixelfleet-mutant-") as name:
        folder = Path(name)
        for package in PACKAGES:
            shutil.copytree(ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__"))
        (folder / "tests" / "__init__.py").touch()
        apply(mutant, folder)
        yield folder


def apply(mutant: Mutant, folder: Path, *, check_only: bool = False) -> None:
    """Apply a patch below a folder, or only look whether it applies.

    Raises:
        subprocess.CalledProcessError: it does not.
    """
    # Outside of a repository, or of its index: git applies to the files as they are.
    command = ["git", "apply", *(["--check"] if check_only else []), str(mutant.path)]
    subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True)


def seeds_until_found(mutant: Mutant, most: int = MOST_SEEDS, first: int = 0) -> int | None:
    """How many seeds the simulator runs until the mutant's invariant breaks; None if it holds for `most` seeds."""
    with planted(mutant) as folder:
        command = [sys.executable, "-m", "tests.simulation.hunt", mutant.invariant, str(first), str(most)]
        answer = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout.strip()
    return int(answer) if answer != "none" else None


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="only mutants whose file names contain one of these")
    parser.add_argument("--seeds", type=int, default=MOST_SEEDS, help="seeds to try at most")
    options = parser.parse_args()
    missed = 0
    print("| mutant | invariant that breaks | seeds until found |")
    print("| --- | --- | ---: |")
    for mutant in mutants():
        if options.names and not any(name in mutant.path.name for name in options.names):
            continue
        seeds = seeds_until_found(mutant, options.seeds, mutant.first)
        missed += seeds is None
        count = f"{seeds:,}" if seeds is not None else f"more than {options.seeds:,}"
        print(f"| {mutant.fault} | {mutant.invariant} | {count} |", flush=True)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
