"""Runs the tutorial's commands, one after another, against a running `up`."""

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.cli.command import environment, start
from tests.integration.cli.test_up import Up
from tests.waiting import PATIENCE

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent


def commands(page: str) -> list[str]:
    blocks = re.findall(r"```sh\n(.*?)```", (ROOT / page).read_text(), re.DOTALL)
    return [line for block in blocks for line in block.splitlines() if line.strip()]


@pytest.fixture
def typed(samples: Path, tmp_path: Path) -> Iterator[dict[str, str]]:
    """The environment of the second terminal, in a folder in which step 1 is done."""
    shutil.copytree(samples, tmp_path / "demo/samples")
    process = start("up", "--json", "--data", str(tmp_path / "data"), "--workers", "1", env=environment(tmp_path / "t"))
    with process:
        try:
            reported = Up(process).printed["environment"]
            theirs = {name: v for name, v in os.environ.items() if not name.startswith(("AWS_", "PIXELFLEET_"))}
            yield theirs | reported
        finally:
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=PATIENCE)


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_every_command_of_the_tutorial_works_as_it_stands(typed: dict[str, str], tmp_path: Path) -> None:
    for command in commands("docs/tutorial/first-fleet.md"):
        if command in ("make demo", ".venv/bin/pixelfleet up"):
            continue
        line = command.replace(".venv/bin/", f"{BIN}/")
        done = subprocess.run(
            line, shell=True, cwd=tmp_path, env=typed, capture_output=True, text=True, check=False, timeout=PATIENCE
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
