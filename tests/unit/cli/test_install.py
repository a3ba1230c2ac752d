"""`pip install 'pixelfleet[cli]'` installs all commands, without the libraries of the other extras."""

import subprocess
import sys
from pathlib import Path

import pytest

#: Runs before every import and hides the libraries that the other extras bring.
BARE = """
import importlib.util, sys
BARE = {"hypercorn", "httpx2", "pytest", "hypothesis"}
find_spec = importlib.util.find_spec
importlib.util.find_spec = lambda name, package=None: None if name in BARE else find_spec(name, package)
class Bare:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in BARE:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Bare())
from pixelfleet.extras import MODULES
# rich, of the extra `cli`, brings markdown_it.
BARE = BARE.union(*MODULES.values()) - {*MODULES["cli"], "markdown_it"}
from pixelfleet.cli.main import main
main()
"""


def pixelfleet(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([sys.executable, "-c", BARE, *arguments], capture_output=True, text=True, check=False)


def test_commands_that_need_no_image_library_work_without_an_image_library() -> None:
    finished = pixelfleet("upload", "--help")
    assert finished.returncode == 0, finished.stderr
    assert "--dry-run" in finished.stdout


@pytest.mark.parametrize(
    "arguments", [("render", "x.jpg", "--out", "o"), ("samples", "o"), ("upload", "x.jpg", "--dry-run")]
)
def test_commands_that_need_an_image_library_say_how_to_install_the_library(
    arguments: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("x.jpg").touch()
    finished = pixelfleet(*arguments)
    assert finished.returncode == 2
    assert "pip install 'pixelfleet[worker]'" in finished.stderr


@pytest.mark.parametrize(
    ("arguments", "extra"),
    [(("run", "x.jpg", "--out", "o"), "local"), (("up",), "local"), (("dashboard",), "dashboard")],
)
def test_commands_that_start_services_name_their_extra(
    arguments: tuple[str, ...], extra: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("x.jpg").touch()
    finished = pixelfleet(*arguments)
    assert finished.returncode == 2
    assert f"pip install 'pixelfleet[{extra}]'" in finished.stderr


def test_the_command_line_without_its_libraries_names_their_extra() -> None:
    bare = BARE.replace(' - {*MODULES["cli"], "markdown_it"}', "").replace("pixelfleet.cli.main", "pixelfleet.__main__")
    command = [sys.executable, "-c", bare, "--version"]
    finished = subprocess.run(command, capture_output=True, text=True, check=False)
    assert finished.returncode == 2
    assert finished.stderr == "pixelfleet: this command needs typer: pip install 'pixelfleet[cli]'\n"
