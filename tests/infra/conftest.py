"""One working copy of Terraform for each test process, and one applied stack for all tests of the group `stack`."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

import pytest

from pixelfleet.deployment import Deployment
from pixelfleet.settings import load_settings
from tests.infra import outside, parts, team
from tests.infra.emulators import REGION, ROOT, Emulators, serving
from tests.infra.rules import runs
from tests.infra.rules.matrix import CELLS, EXISTING
from tests.infra.stack import Stack, prepared
from tests.infra.terraform import REPOSITORY, Terraform, TerraformError, with_fresh_emulators


@pytest.fixture(scope="session")
def terraform(tmp_path_factory: pytest.TempPathFactory) -> Terraform:
    """An initialised copy of infra/ and ecs/ without state, for checks that apply nothing."""
    return initialised(tmp_path_factory.mktemp("terraform"))


@pytest.fixture(scope="session")
def look_ups(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, str]]:
    """Variables for Terraform that point to an emulator. The emulator answers the look-ups of a plan."""
    with serving(tmp_path_factory.mktemp("look-ups")) as address:
        yield ROOT | {"AWS_ENDPOINT_URL": address, "AWS_REGION": REGION, "AWS_EC2_METADATA_DISABLED": "true"}


@pytest.fixture(scope="session")
def plans(tmp_path_factory: pytest.TempPathFactory, look_ups: Mapping[str, str]) -> runs.Plans:
    """The plans that are checked against AWS's rules."""
    terraform = Terraform(outside.program("terraform"), tmp_path_factory.mktemp("plans"), look_ups)
    terraform.prepare()
    address = look_ups["AWS_ENDPOINT_URL"]
    return runs.Plans(terraform, {**CELLS, EXISTING: team.as_variables(Emulators(address, address))})


def initialised(folder: Path) -> Terraform:
    copy = Terraform(outside.program("terraform"), folder)
    try:
        copy.prepare()
    except TerraformError as error:
        outside.unavailable(f"Terraform's AWS provider cannot be had: {str(error).splitlines()[-1]}")
    return copy


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The whole stack, applied to the emulators. The emulators end after the last test."""
    program = outside.program("terraform")
    with ExitStack() as standing:

        def attempt() -> Stack:
            standing.close()
            applied = standing.enter_context(prepared(program, tmp_path_factory.mktemp("stack")))
            applied.terraform.apply()
            return applied

        yield with_fresh_emulators(attempt)


@pytest.fixture(scope="module")
def worker(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A bulk worker with its task definition's command and environment and its role's policy. Yields its log."""
    scratch = tmp_path_factory.mktemp("scratch")
    environment = parts.task_environment(stack, "bulk", scratch) | stack.emulators.data_plane
    log = scratch / "worker.log"
    with parts.running(stack.container("bulk")["command"], environment, log):
        yield log


@pytest.fixture
def operator(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> Deployment:
    """The deployment for its administrator: with the output `environment` and the root's credentials."""
    for name, value in (stack.environment | stack.emulators.data_plane | ROOT).items():
        monkeypatch.setenv(name, value)
    return Deployment(load_settings())


@pytest.fixture(scope="session")
def photo() -> bytes:
    return (REPOSITORY / "tests" / "infra" / "photo.jpg").read_bytes()
