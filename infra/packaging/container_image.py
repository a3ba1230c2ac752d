"""Build the container image with docker, podman or buildah, whichever is there and answers.

`python infra/packaging/container_image.py --tag pixelfleet:dev` for this machine's architecture, `--arch arm64` for
another (docker and podman then want QEMU registered). `--base` names the base image, best by digest.
"""

import argparse
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Final

REPOSITORY: Final = Path(__file__).parents[2]
#: In order of preference; all three know `build` with the same options.
BUILDERS: Final = ("docker", "podman", "buildah")
PLATFORMS: Final = {"arm64": "linux/arm64", "x86_64": "linux/amd64"}


def command(builder: Path, tag: str, base: str | None, architecture: str | None) -> list[str]:
    """The builder's command line, to be run in the repository."""
    arguments = {"VERSION": version(), "REVISION": revision()} | ({"BASE": base} if base else {})
    given = [f"--build-arg={name}={value}" for name, value in arguments.items()]
    platform = [f"--platform={PLATFORMS[architecture]}"] if architecture else []
    return [str(builder), "build", f"--tag={tag}", *platform, *given, "."]


def find_builder(names: tuple[str, ...]) -> Path | None:
    """The first that is installed and answers: docker's client is often there without its daemon."""
    for name in names:
        program = shutil.which(name)
        if program and subprocess.run([program, "info"], capture_output=True, check=False).returncode == 0:
            return Path(program)
    return None


def version() -> str:
    with (REPOSITORY / "pyproject.toml").open("rb") as file:
        return str(tomllib.load(file)["project"]["version"])


def revision() -> str:
    """The commit, marked where the tree differs from it; "unknown" outside a repository."""
    done = subprocess.run(
        ["git", "describe", "--always", "--abbrev=40", "--match=", "--dirty"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.strip() or "unknown"


def main() -> int:
    parser = argparse.ArgumentParser(description="Build pixelfleet's container image.")
    parser.add_argument("--tag", default=f"pixelfleet:{version()}")
    parser.add_argument("--base", help="default: the Dockerfile's")
    parser.add_argument("--builder", choices=BUILDERS, help="default: the first that answers")
    parser.add_argument("--arch", choices=PLATFORMS, help="default: this machine's")
    chosen = parser.parse_args()
    names = (chosen.builder,) if chosen.builder else BUILDERS
    program = find_builder(names)
    if program is None:
        sys.stderr.write(f"no image can be built: none of {', '.join(names)} is installed and answers\n")
        return 2
    return subprocess.run(
        command(program, chosen.tag, chosen.base, chosen.arch), cwd=REPOSITORY, check=False
    ).returncode


if __name__ == "__main__":
    sys.exit(main())
