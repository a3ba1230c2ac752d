"""Runs the README's commands, unchanged, as in a fresh clone of the repository."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.waiting import PATIENCE

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
#: Commands that run elsewhere, and where.
ELSEWHERE = {
    "make test": "is what runs this",
    ".venv/bin/pixelfleet up": "tests/integration/cli/test_up.py, with the aws commands that follow it",
}


def commands() -> list[str]:
    blocks = re.findall(r"```sh\n(.*?)```", README, re.DOTALL)
    lines = [line.partition("#")[0].strip() for block in blocks for line in block.splitlines()]
    return [line for line in lines if line]


def test_it_starts_with_the_two_commands_a_newcomer_needs() -> None:
    assert commands()[:2] == ["make demo", "make test"]


def test_every_make_target_it_names_is_there() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert {command.split()[1] for command in commands() if command.startswith("make ")} <= targets


@pytest.mark.parametrize("link", re.findall(r"\]\((?!http)([^)#]+)\)", README))
def test_every_link_leads_somewhere(link: str) -> None:
    assert (ROOT / link).exists()


LOCAL = [
    command
    for command in commands()
    if command.startswith(".venv/bin/pixelfleet ") and command.split()[1] in {"run", "render", "recipe"}
]


@pytest.mark.parametrize("command", [LOCAL[0], *(pytest.param(line, marks=pytest.mark.slow) for line in LOCAL[1:])])
def test_a_command_for_this_machine_runs_as_it_stands(command: str, samples: Path, tmp_path: Path) -> None:
    pictures = tmp_path / "Pictures"
    pictures.mkdir()
    for name in ("photos/progressive.jpg", "photos/greyscale.jpg", "broken/text.jpg"):
        shutil.copy(samples / name, pictures)
    arguments = [part.replace("~", str(tmp_path)) for part in shlex.split(command)[1:]]
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "PIXELFLEET_"))}
    done = subprocess.run(
        [sys.executable, "-m", "pixelfleet.cli.main", *arguments],
        cwd=tmp_path,
        env=environment | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )
    assert done.returncode == 0, done.stderr
    if "--out" in arguments:
        assert (tmp_path / "out/index.html").is_file()


def test_no_command_is_left_out() -> None:
    tried = {*LOCAL, *ELSEWHERE}
    rest = [command for command in commands() if command not in tried and not command.startswith("make ")]
    # test_up.py and test_redrive.py run the commands that need a running `up`.
    known = {"aws", "pixelfleet upload", "pixelfleet failures", "pixelfleet redrive"}
    words = {"aws" if c.startswith("aws ") else " ".join(c.removeprefix(".venv/bin/").split()[:2]) for c in rest}
    assert words <= known
