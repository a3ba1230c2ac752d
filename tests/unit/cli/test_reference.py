"""The reference of commands equals the help of the commands."""

import subprocess
import sys
from pathlib import Path

REFERENCE = Path(__file__).parents[3] / "docs/reference/cli.md"


def test_the_reference_is_up_to_date() -> None:
    command = ["typer", "pixelfleet.cli.main", "utils", "docs", "--name", "pixelfleet", "--title", "Commands"]
    reported = subprocess.run(
        [sys.executable, "-m", *command], capture_output=True, text=True, check=True, timeout=60
    ).stdout
    assert REFERENCE.read_text().strip() == reported.strip(), "run `make docs`"
