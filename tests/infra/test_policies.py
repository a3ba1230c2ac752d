"""Static checks of the deployment: the exemptions of checkov, which `make checkov` runs, and hadolint."""

import re
import subprocess
import sys
from pathlib import Path

from tests.infra import outside
from tests.infra.terraform import REPOSITORY

CONFIGURATION = REPOSITORY / "infra" / ".checkov.yaml"


def test_every_exemption_of_checkov_has_a_reason_above_it() -> None:
    lines = CONFIGURATION.read_text().partition("skip-check:\n")[2].splitlines()

    assert lines[0].lstrip().startswith("#")
    assert all(re.fullmatch(r"  (# .+|- CKV2?_AWS_\d+)", line) for line in lines)


def test_hadolint_finds_nothing_in_the_dockerfile() -> None:
    hadolint = Path(sys.executable).with_name("hadolint")
    if not hadolint.exists():
        outside.unavailable("hadolint is not installed: make setup")

    done = subprocess.run([str(hadolint), "Dockerfile"], cwd=REPOSITORY, capture_output=True, text=True, check=False)

    assert done.stdout == ""
