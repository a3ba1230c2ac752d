"""The audit passes only if every package was compared; a missing answer of a database is reported as a failure."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

REPOSITORY = Path(__file__).parents[2]
SOUND: dict[str, Any] = {"name": "celery", "version": "5.7.0", "vulns": []}
WEAK: dict[str, Any] = {"name": "urllib3", "version": "1.0", "vulns": [{"id": "PYSEC-1"}, {"id": "GHSA-2"}]}
#: The output of pip-audit 2.10 behind a mirror without the database.
UNKNOWN: dict[str, Any] = {"name": "vine", "skip_reason": "Dependency not found on PyPI and could not be audited: vine"}


@pytest.fixture(scope="module")
def audit() -> ModuleType:
    spec = importlib.util.spec_from_file_location("audit", REPOSITORY / "infra/packaging/audit.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["audit"] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("packages", "code", "words"),
    [
        ([SOUND], 0, "1 packages compared, none with known weaknesses"),
        ([SOUND, UNKNOWN], 2, "NOT COMPARED: 1 packages"),
        ([UNKNOWN], 2, "0 packages compared"),
        ([], 2, "0 packages compared"),
        ([SOUND, WEAK, UNKNOWN], 1, "urllib3 1.0: PYSEC-1, GHSA-2"),
    ],
)
def test_only_a_full_answer_without_weaknesses_is_a_success(
    audit: ModuleType, packages: list[dict[str, Any]], code: int, words: str
) -> None:
    outcome = audit.Outcome()
    outcome.add({"dependencies": packages, "fixes": []})
    assert outcome.exit_code == code
    assert words in outcome.in_words()


def _program(path: Path, script: str) -> Path:
    path.write_text(f"#!{sys.executable}\n{script}")
    path.chmod(0o755)
    return path


@pytest.mark.parametrize("script", ["", "import sys; sys.exit('no network')", "print('[]')", "print('{}')"])
def test_a_program_that_prints_no_answer_is_no_success(audit: ModuleType, tmp_path: Path, script: str) -> None:
    outcome = audit.audit(_program(tmp_path / "pip-audit", script), "pypi", [tmp_path / "image.txt"])
    assert outcome.exit_code == 2
    assert "image.txt: NOT COMPARED" in outcome.in_words()


def test_an_audit_without_an_answer_ends(audit: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "LONGEST", 0.2)
    program = _program(tmp_path / "pip-audit", "import time; time.sleep(60)")
    assert "no answer from osv" in audit.audit(program, "osv", [tmp_path / "image.txt"]).in_words()
