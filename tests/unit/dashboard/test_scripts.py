"""The dashboard's scripts, tested in node: scripts/*.test.mjs."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

TESTS = sorted((Path(__file__).parent / "scripts").glob("*.test.mjs"))


def test_the_scripts_of_the_pages_pass_their_tests() -> None:
    node = shutil.which("node")
    if node is None:
        message = "no node here: apt-get install nodejs"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    done = subprocess.run([node, "--test", *TESTS], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
