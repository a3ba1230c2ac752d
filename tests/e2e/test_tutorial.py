"""Runs the tutorial's commands, one after another, against a running `up`."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.integration.cli.command import environment, start
from tests.integration.cli.test_up import Up
from tests.waiting import PATIENCE, eventually

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent


def commands(page: str) -> list[str]:
    blocks = re.findall(r"```sh\n(.*?)```", (ROOT / page).read_text(), re.DOTALL)
    return [line for block in blocks for line in block.splitlines() if line.strip()]


@pytest.fixture
def typed(samples: Path, tmp_path: Path) -> Iterator[dict[str, str]]:
    """The environment of the second terminal, in a folder in which step 1 is done."""
    shutil.copytree(samples, tmp_path / "demo/samples")
    env = environment(tmp_path / "t", PIXELFLEET_KEEP_REVISIONS="7", XDG_CACHE_HOME=str(tmp_path / "cache"))
    process = start("up", "--json", "--data", str(tmp_path / "data"), "--workers", "1", env=env)
    with process:
        try:
            reported = Up(process).printed["environment"]
            theirs = {name: v for name, v in os.environ.items() if not name.startswith(("AWS_", "PIXELFLEET_"))}
            yield theirs | reported | {"XDG_CACHE_HOME": str(tmp_path / "cache")}
        finally:
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=PATIENCE)


def steps(page: str) -> Iterator[tuple[str, str]]:
    """The blocks of a page: `toml` with its text, `sh` with one command."""
    for kind, block in re.findall(r"```(sh|toml)\n(.*?)```", (ROOT / page).read_text(), re.DOTALL):
        yield from [(kind, block)] if kind == "toml" else [(kind, line) for line in block.splitlines() if line.strip()]


@dataclass(frozen=True)
class Terminal:
    """The second terminal of a tutorial: a folder and an environment."""

    folder: Path
    environment: dict[str, str]

    def run(self, command: str) -> "subprocess.CompletedProcess[str]":
        line = command.replace(".venv/bin/", f"{BIN}/")
        return subprocess.run(
            line,
            shell=True,
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE,
        )

    def type(self, command: str) -> None:
        """Run a command that must succeed. After the upload of a key, wait until its image is ready."""
        done = self.run(command)
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
        if " s3 cp " in command and not command.endswith("/"):
            show = f".venv/bin/pixelfleet show {command.rpartition(' ')[2]} --json"
            eventually(lambda: '"ready"' in self.run(show).stdout)

    def digest_and_bytes(self, name: str) -> tuple[str, int]:
        """The recipe and the bytes of the card of an image."""
        items = json.loads(self.run(".venv/bin/aws dynamodb scan --table-name pixelfleet-images").stdout)["Items"]
        [item] = [item for item in items if item["key"]["S"].endswith(name)]
        [card] = item["variants"]["L"]
        return item["recipe"]["M"]["digest"]["S"], int(card["M"]["bytes"]["N"])


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_your_own_recipe_is_stored_rolled_out_and_taken_back_as_the_tutorial_says(
    typed: dict[str, str], tmp_path: Path
) -> None:
    terminal = Terminal(tmp_path, typed)
    seen = []
    for kind, text in steps("docs/tutorial/own-recipe.md"):
        if kind == "toml":
            (tmp_path / "shop.toml").write_text(text)
        elif not text.endswith("pixelfleet up"):
            terminal.type(text)
            if "rollout" in text or "rollback" in text:
                seen.append(terminal.digest_and_bytes("harbour.jpg"))
    before, after, back = seen
    assert before == back
    assert (after[0] != before[0], after[1] < before[1]) == (True, True)
    assert (tmp_path / "rollout/index.html").read_text().count("<article") == 2


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_every_command_of_the_tutorial_works_as_it_stands(typed: dict[str, str], tmp_path: Path) -> None:
    for command in commands("docs/tutorial/first-fleet.md"):
        if command in ("make demo", ".venv/bin/pixelfleet up"):
            continue
        Terminal(tmp_path, typed).type(command)
