"""The result of `pipx install 'pixelfleet[local]'`: the wheel in an empty environment, without this repository."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import urllib.request
import venv
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.waiting import PATIENCE

ROOT = Path(__file__).parents[2]
PACKAGES = ("pixelfleet", "producer_lambda", "worker", "dashboard")

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900), pytest.mark.xdist_group("wheel")]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from the source distribution, so that the test covers the source distribution too."""
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    subprocess.run(command, check=True, capture_output=True)
    [actual] = folder.glob("*.whl")
    return actual


class Installation:
    """An environment with a wheel, and a folder in which the wheel's commands run."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._bin = folder / "venv/bin"
        venv.create(folder / "venv")
        locked = (ROOT / "requirements/local.txt").read_text()
        # With their markers: a lock may have a version for each Python.
        pins = re.findall(r"^([\w.-]+(?:\[[^]]*])?==[^\\\n]+)", locked, re.MULTILINE)
        (folder / "constraints.txt").write_text("\n".join(pins) + "\n")
        self.environment = {
            name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "PIXELFLEET_", "PYTHON"))
        } | {"HOME": str(folder), "XDG_CACHE_HOME": str(folder / "cache"), "XDG_DATA_HOME": str(folder / "data")}

    def install(self, wheel: Path, extras: str = "") -> None:
        # This environment's own pip, and no compiled files: a pip of the installation's own costs seconds of CPU.
        pip = [sys.executable, "-m", "pip", "--python", str(self._bin / "python"), "--disable-pip-version-check"]
        options = ["--quiet", "--no-compile", "--constraint", str(self.folder / "constraints.txt")]
        subprocess.run([*pip, "install", *options, f"{wheel}{extras}"], check=True, cwd=self.folder)

    def command(self, *arguments: str) -> list[str]:
        return [str(self._bin / "pixelfleet"), *arguments]

    @contextmanager
    def running(self, *arguments: str) -> "Iterator[subprocess.Popen[str]]":
        """A long-running command. The command is killed if it still runs after the test."""
        with subprocess.Popen(
            self.command(*arguments), cwd=self.folder, env=self.environment, stdout=subprocess.PIPE, text=True
        ) as process:
            try:
                yield process
            finally:
                process.kill()

    def run(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            self.command(*arguments),
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE,
        )


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    return Installation(tmp_path_factory.mktemp("installation"))


def test_every_file_of_the_packages_is_in_the_wheel(wheel: Path) -> None:
    listed = subprocess.run(["git", "ls-files", *PACKAGES], cwd=ROOT, capture_output=True, text=True, check=True)
    assert set(listed.stdout.split()) - set(zipfile.ZipFile(wheel).namelist()) == set()


def test_each_command_names_the_extra_that_is_missing_until_all_are_there(
    wheel: Path, installation: Installation, samples: Path
) -> None:
    pictures = installation.folder / "Pictures"
    pictures.mkdir()
    shutil.copy(samples / "photos/progressive.jpg", pictures)

    installation.install(wheel)
    bare = installation.run("--version")
    assert (bare.returncode, "pip install 'pixelfleet[cli]'" in bare.stderr) == (2, True), bare.stderr

    installation.install(wheel, "[cli]")
    assert installation.run("--version").stdout.startswith("pixelfleet ")
    for arguments, extra in ((("run", "Pictures", "--out", "out"), "local"), (("dashboard",), "dashboard")):
        refused = installation.run(*arguments)
        assert (refused.returncode, f"'pixelfleet[{extra}]'" in refused.stderr) == (2, True), refused.stderr

    installation.install(wheel, "[local]")
    done = installation.run("run", "Pictures", "--out", "out", "--json")
    assert done.returncode == 0, done.stderr
    assert (installation.folder / "out/index.html").is_file()
    assert (installation.folder / "out/progressive.jpg/thumb.webp").is_file()

    with installation.running("up", "--json", "--data", "fleet", "--workers", "1") as up:
        assert up.stdout is not None
        address = json.loads(up.stdout.readline())["dashboard"]
        with urllib.request.urlopen(f"{address}/sign-in", timeout=PATIENCE) as answer:
            [styles] = re.findall(r'href="(/static/[^"]+/app\.css)"', answer.read().decode())
        with urllib.request.urlopen(address + styles, timeout=PATIENCE) as answer:
            assert answer.status == 200
        up.send_signal(signal.SIGINT)
        assert up.wait(PATIENCE) == 0
