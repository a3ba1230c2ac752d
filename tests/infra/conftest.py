"""One working copy of Terraform for each test process, and one applied stack for all tests of the group `stack`."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.infra import outside
from tests.infra.stack import Stack, prepared
from tests.infra.terraform import Terraform, TerraformError


@pytest.fixture(scope="session")
def terraform(tmp_path_factory: pytest.TempPathFactory) -> Terraform:
    """An initialised copy of infra/ and ecs/ without state: for checks that apply nothing."""
    return initialised(tmp_path_factory.mktemp("terraform"))


def initialised(folder: Path) -> Terraform:
    copy = Terraform(outside.program("terraform"), folder)
    try:
        copy.prepare()
    except TerraformError as error:
        outside.unavailable(f"Terraform's AWS provider cannot be had: {str(error).splitlines()[-1]}")
    return copy


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Everything applied to the emulators; taken down with them after the last test."""
    folder = tmp_path_factory.mktemp("stack")
    with prepared(outside.program("terraform"), folder) as applied:
        applied.terraform.apply()
        yield applied
