"""Build the producer's zip: `python infra/packaging/lambda_zip.py --arch arm64 --python 3.13`.

It holds the modules that the handler imports, found by following its imports, and the packages of
requirements/producer.txt for the Lambda's platform, whatever this machine is. Same sources, same bytes: Terraform
deploys anew only what has changed.

boto3 and what it needs are the Lambda runtime's own (docs/decisions/README.md, "On AWS").
"""

import argparse
import ast
import re
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

REPOSITORY: Final = Path(__file__).parents[2]
HANDLER: Final = "producer_lambda.handler"
OURS: Final = ("pixelfleet", "producer_lambda")
LOCK: Final = REPOSITORY / "requirements" / "producer.txt"
#: In every Lambda runtime for Python (Lambda developer guide, "Runtime-included SDK versions").
IN_THE_RUNTIME: Final = frozenset({"boto3", "botocore", "s3transfer", "jmespath", "python-dateutil", "six", "urllib3"})
MACHINES: Final = {"arm64": "aarch64", "x86_64": "x86_64"}
#: Lambda's Pythons run on Amazon Linux 2 (3.11) and 2023; wheels of both older and newer glibc levels fit.
GLIBC_TAGS: Final = ("manylinux2014", "manylinux_2_17")
PYTHONS: Final = ("3.11", "3.12", "3.13", "3.14")
#: The earliest time that a zip can tell.
EPOCH: Final = (1980, 1, 1, 0, 0, 0)
FILE_MODE: Final = 0o100644 << 16


def build(architecture: str, python: str, target: Path) -> None:
    """Write the zip; raises CalledProcessError when a package cannot be had for the platform."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        packages = Path(name)
        install_packages(architecture, python, packages)
        files = {path.relative_to(packages).as_posix(): path for path in packages.rglob("*") if path.is_file()}
        files = {name: path for name, path in files.items() if belongs(name)}
        files |= {path.relative_to(REPOSITORY).as_posix(): path for path in imported_modules(HANDLER)}
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
            for member in sorted(files):
                entry = zipfile.ZipInfo(member, EPOCH)
                entry.external_attr = FILE_MODE
                archive.writestr(entry, files[member].read_bytes(), zipfile.ZIP_DEFLATED, compresslevel=9)


def install_packages(architecture: str, python: str, target: Path) -> None:
    platforms = [f"--platform={tag}_{MACHINES[architecture]}" for tag in GLIBC_TAGS]
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as lock:
        lock.write("\n".join(entries_to_carry(LOCK.read_text())))
        lock.flush()
        subprocess.run(
            [
                *(sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-compile"),
                *("--require-hashes", "--no-deps", "--only-binary=:all:", f"--python-version={python}"),
                *(*platforms, f"--target={target}", f"--requirement={lock.name}"),
            ],
            check=True,
        )


def entries_to_carry(lock: str) -> Iterator[str]:
    """The lock's entries, each with its hashes, without those that the runtime has."""
    for entry in re.split(r"\n(?=\S)", lock.strip()):
        if re.split(r"[=\[ ;]", entry, maxsplit=1)[0] not in IN_THE_RUNTIME:
            yield entry


def belongs(name: str) -> bool:
    """Not what pip notes about its own doings, nor programs."""
    return not name.startswith("bin/") and Path(name).name not in {
        "RECORD",
        "INSTALLER",
        "REQUESTED",
        "direct_url.json",
    }


def imported_modules(module: str) -> set[Path]:
    """The files of a module, of the packages around it, and of all of ours that they import."""
    modules: set[Path] = set()
    waiting = [module]
    while waiting:
        name = waiting.pop()
        path = file_of(name)
        if path is None or path in modules:
            continue
        modules.add(path)
        waiting.append(name.rpartition(".")[0])
        waiting += [other for other in imports_of(path) if other.partition(".")[0] in OURS]
    return modules


def file_of(module: str) -> Path | None:
    """The file of a module of ours, None for a name inside one."""
    path = REPOSITORY.joinpath(*module.split("."))
    for candidate in (path.with_suffix(".py"), path / "__init__.py"):
        if module and candidate.is_file():
            return candidate
    return None


def imports_of(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def main() -> None:
    parser = argparse.ArgumentParser(description="Build the producer's Lambda zip.")
    parser.add_argument("--arch", choices=MACHINES, default="arm64")
    parser.add_argument("--python", choices=PYTHONS, default="3.13")
    parser.add_argument("--out", type=Path, help="default build/producer-ARCH-pythonVERSION.zip")
    chosen = parser.parse_args()
    target: Path = chosen.out or REPOSITORY / "build" / f"producer-{chosen.arch}-python{chosen.python}.zip"
    build(chosen.arch, chosen.python, target)
    with zipfile.ZipFile(target) as archive:
        unpacked = sum(entry.file_size for entry in archive.infolist())
    sys.stdout.write(f"{target}: {target.stat().st_size / 1e6:.1f} MB, {unpacked / 1e6:.1f} MB unpacked\n")


if __name__ == "__main__":
    main()
