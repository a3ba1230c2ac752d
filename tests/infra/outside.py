"""Outside programs that some tests need. Without its program, a test is skipped with one line; in CI it fails."""

import os
import shutil
from pathlib import Path
from typing import NoReturn

import pytest


def program(name: str) -> Path:
    """The program on the PATH. Skips or fails the test if the program is missing."""
    actual = shutil.which(name)
    if actual is None:
        unavailable(f"{name} is not installed")
    return Path(actual)


def unavailable(reason: str) -> NoReturn:
    """Skip the test. In CI, where every program must be installed, fail the test."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)
