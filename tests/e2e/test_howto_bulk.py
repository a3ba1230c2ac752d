"""Runs every command of docs/howto/bulk.md, unchanged and in order."""

import json
import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.e2e.conftest import LiveFleet
from tests.integration.cli.command import PIXELFLEET
from tests.waiting import PATIENCE, eventually

PAGE = Path(__file__).parents[2] / "docs/howto/bulk.md"


def commands() -> list[str]:
    blocks = re.findall(r"```sh\n(.*?)```", PAGE.read_text(), re.DOTALL)
    return [line for block in blocks for line in block.splitlines() if line]


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_every_command_of_the_page_works_and_it_ends_with_a_verified_manifest(
    live: LiveFleet, samples: Path, tmp_path: Path
) -> None:
    pictures = tmp_path / "Pictures"
    pictures.mkdir()
    shutil.copy(samples / "photos/greyscale.jpg", pictures / "a.jpg")
    shutil.copy(samples / "photos/progressive.jpg", pictures / "b.jpg")
    (pictures / "c.tmp").write_bytes((pictures / "a.jpg").read_bytes())
    (pictures / "notes.txt").write_text("no image")
    env = os.environ | {"XDG_CACHE_HOME": str(tmp_path / "cache"), "HOME": str(tmp_path)}

    for command in commands():
        if "batch manifest" in command:
            # The reprocessing that the page has just started must be finished.
            live.idle()
        arguments = [part.replace("~", str(tmp_path)) for part in shlex.split(command)[1:]]
        done = subprocess.run(
            [PIXELFLEET, *arguments],
            cwd=tmp_path,
            env=env,
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE,
        )
        assert done.returncode == 0, f"{command}: {done.stderr}"

    lines = [json.loads(line) for line in (tmp_path / "summer.jsonl").read_text().splitlines()]
    assert [(line["path"], line["status"]) for line in lines] == [("a.jpg", "ready"), ("b.jpg", "ready")]
    assert {path.parent.name for path in (tmp_path / "results").glob("*/*")} == {"a.jpg", "b.jpg"}
    eventually(lambda: live.deployment.batches.counts("default", "summer").deleted == 2)


def test_the_page_ends_its_proof_with_a_verified_manifest() -> None:
    assert [command for command in commands() if "--verify" in command] == [
        "pixelfleet batch manifest summer --verify --out summer.jsonl"
    ]
