"""Documentation names only existing paths: every path of this repository that a Markdown file names exists."""

import re
import subprocess
from itertools import product
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = ("pixelfleet", "worker", "producer_lambda", "dashboard", "ecs", "infra", "benchmarks", "tests", "docs",
           "requirements", ".ci", ".github")  # fmt: skip
#: A path in running text or code: the path begins with a folder of this repository, at the start of a word.
_PATH = re.compile(rf"(?<![\w./~$:<>{{}}-])(?:{'|'.join(map(re.escape, FOLDERS))})/[\w./*{{}},-]*")
#: A source file in backticks, in any folder.
_FILE = re.compile(r"`([\w./-]+\.(?:py|tf|js|css))`")
_LINK = re.compile(r"\]\((?!https?:|mailto:)([^)#\s]+)(?:#[^)]*)?\)")
#: A command of this repository writes these files, so a fresh clone does not have the files.
_MADE = ("infra/terraform.tfvars", "infra/backend.tf", "infra/.terraform", "**/backend.tf")


def documents() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "*.md"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [ROOT / line for line in listed.splitlines() if not line.startswith("tests/vendor/")]


def expanded(path: str) -> list[str]:
    """`a/{b,c}.py` is two paths."""
    parts = re.split(r"\{([^}]*)\}", path)
    choices = [part.split(",") if number % 2 else [part] for number, part in enumerate(parts)]
    return ["".join(choice) for choice in product(*choices)]


def exists(path: str) -> bool:
    return path.startswith(_MADE) or any(True for _ in ROOT.glob(path.rstrip("/")))


DOCUMENTS = documents()


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_path_that_a_document_names_exists(document: Path) -> None:
    named = {match.rstrip(".,:") for match in _PATH.findall(document.read_text())}
    assert [path for name in sorted(named) for path in expanded(name) if not exists(path)] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_source_file_is_named_by_its_whole_path_or_its_name_alone(document: Path) -> None:
    files = set(_FILE.findall(document.read_text()))
    assert [file for file in sorted(files) if not exists(file if "/" in file else f"**/{file}")] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_of_a_document_has_a_target(document: Path) -> None:
    links = _LINK.findall(document.read_text())
    assert [link for link in links if not (document.parent / link).exists()] == []


def test_every_journey_that_shows_a_promise_exists() -> None:
    folder = ROOT / "tests/e2e/dashboard"
    named = re.findall(r"`(\w+\.py)::(\w+)`", (folder / "README.md").read_text())
    assert len(named) > 12
    assert [one for one in named if f"\ndef {one[1]}(" not in (folder / one[0]).read_text()] == []


def test_a_missing_path_is_detected() -> None:
    assert _PATH.findall("see `worker/job/process.py`, pixelfleet/nowhere.py. Not http://x/tests/a") == [
        "worker/job/process.py", "pixelfleet/nowhere.py."]  # fmt: skip
    assert not exists("pixelfleet/nowhere.py")
    assert expanded("a/{b,c}.py") == ["a/b.py", "a/c.py"]
