"""Outside programs that some tests need: absent, the test is skipped with one line; in CI it fails."""

import os
import shutil
from pathlib import Path
from typing import NoReturn

import pytest


def program(name: str) -> Path:
    """The program on the PATH; skips or fails the test where there is none."""
    actual = shutil.which(name)
    if actual is None:
        unavailable(f"{name} is not installed")
    return Path(actual)


def unavailable(reason: str) -> NoReturn:
    """Skip the test; in CI, where everything must be there, fail it."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)
