"""How large the container image is and what makes it: `python -m benchmarks.image`.

Built on debootstrap's Debian, as the tests do: wants root, buildah and debootstrap.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.infra.debian import BASE, Buildah
from tests.infra.terraform import REPOSITORY

IMAGE = "localhost/pixelfleet:bench"
LARGEST = 10


def main() -> int:
    buildah, debootstrap = shutil.which("buildah"), shutil.which("debootstrap")
    if buildah is None or debootstrap is None or os.geteuid() != 0:
        sys.stderr.write("buildah, debootstrap and root are needed\n")
        return 2
    with tempfile.TemporaryDirectory() as name:
        tool = Buildah(Path(buildah), Path(name))
        tool.prepare()
        tool.make_base(Path(debootstrap))
        started = time.monotonic()
        command = [sys.executable, "infra/packaging/container_image.py", "--builder=buildah", "--tag", IMAGE]
        subprocess.run(
            [*command, "--base", BASE], env=tool.environment, cwd=REPOSITORY, check=True, stdout=subprocess.DEVNULL
        )
        built = time.monotonic() - started
        container = tool.run("from", IMAGE)
        root = Path(tool.run("mount", container))
        [packages] = root.glob("opt/pixelfleet/lib/python*/site-packages")
        parts = {path.name: megabytes(path) for path in packages.iterdir()}
        environment = megabytes(root / "opt" / "pixelfleet")
        print(f"| built in {built:.0f} s | MB |\n| --- | ---: |")
        print(f"| base | {megabytes(root) - environment:.0f} |\n| pixelfleet and its packages | {environment:.0f} |")
        for part in sorted(parts, key=lambda part: -parts[part])[:LARGEST]:
            print(f"| of these {part} | {parts[part]:.0f} |")
        tool.run("rm", container)
        tool.run("rmi", "--all", "--force")
    return 0


def megabytes(folder: Path) -> float:
    """What the files below a folder hold, in MB."""
    return sum(path.lstat().st_size for path in [folder, *folder.rglob("*")] if not path.is_dir()) / 1e6


if __name__ == "__main__":
    sys.exit(main())
