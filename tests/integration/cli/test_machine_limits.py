"""If the shell allows few open files, every command ends at once, with an error that names the limit."""

import subprocess
from pathlib import Path

import pytest

from tests.integration.cli.command import PIXELFLEET, environment
from tests.waiting import PATIENCE


@pytest.mark.parametrize(
    "arguments",
    [["run", ".", "--out", "out"], ["up", "--data", "data"], ["upload", ".", "--batch", "b"], ["status"]],
    ids=lambda arguments: arguments[0],
)
def test_twenty_open_files_are_too_few(tmp_path: Path, arguments: list[str]) -> None:
    script = 'ulimit -n 20; exec "$0" "$@"'
    ended = subprocess.run(
        ["sh", "-c", script, PIXELFLEET, *arguments],
        cwd=tmp_path,
        env=environment(tmp_path / "t"),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "this shell allows 20 open files, and pixelfleet needs 256" in ended.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["t"]
