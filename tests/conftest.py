"""Fixtures that many tests share: one embedded cloud for each test process, a deployment of its own for each test."""

import os
import signal
import uuid
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis

from pixelfleet.domain.jobs import Lane
from pixelfleet.localcloud.emulator import Emulator, start_emulator
from pixelfleet.localcloud.folder import DataFolder
from pixelfleet.localcloud.programs import pump_program, worker_program
from pixelfleet.localcloud.provision import provision
from pixelfleet.localcloud.supervise import ProcessSupervisor
from pixelfleet.settings import Settings, load_settings
from tests.environment import fail_if_changed
from tests.fakes import service_models

# A runner in the background hands down that these are to be ignored, and every program under test would inherit that.
for _number in (signal.SIGINT, signal.SIGHUP):
    if signal.getsignal(_number) is signal.SIG_IGN:
        signal.signal(_number, signal.SIG_DFL if _number == signal.SIGHUP else signal.default_int_handler)

service_models.share()

#: No test reaches a server on this machine through a proxy of whoever runs it.
os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1,localhost"

# How many examples a property test tries: few and always the same ones for `make test`, many new ones for `make
# test-slow`. No profile has a deadline: how long an example takes is a matter of the machine.
hypothesis.register_profile(
    "shallow", max_examples=25, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
)
hypothesis.register_profile(
    "deep", max_examples=300, deadline=None, print_blob=True, suppress_health_check=list(HealthCheck)
)
hypothesis.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "shallow"))

pytest.register_assert_rewrite(
    "tests.catalog_conformance", "tests.activity_conformance", "tests.s3_conformance", "tests.dynamodb_conformance"
)


@pytest.fixture(autouse=True)
def environment_stays() -> Iterator[None]:
    """Fails a test, or the fixture of a wider scope that came before the test, that leaves `os.environ` changed.

    A result must not depend on which tests ran before in the same process. A test changes the environment by
    `monkeypatch`; a fixture of a wider scope gives variables to processes and objects, and restores its own.
    """
    fail_if_changed("before this test, by an import or a fixture of a wider scope,")
    yield
    fail_if_changed("by this test")


@pytest.fixture(scope="session")
def cloud_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DataFolder]:
    """The data folder of this process's embedded cloud; logs of its children are in its `logs`."""
    folder = DataFolder.open(tmp_path_factory.mktemp("cloud"))
    yield folder
    folder.close()


@pytest.fixture(scope="session")
def cloud(cloud_folder: DataFolder) -> Iterator[Emulator]:
    """A running embedded cloud on a free port, stopped after the last test."""
    with ProcessSupervisor() as supervisor:
        yield start_emulator(supervisor, cloud_folder, keeps=False)


@pytest.fixture
def cloud_environment(cloud: Emulator, cloud_folder: DataFolder) -> dict[str, str]:
    """What a child process needs in order to work on a deployment that no other test has."""
    return cloud.environment(cloud_folder.scratch) | {"PIXELFLEET_PREFIX": f"t{uuid.uuid4().hex[:12]}"}


@pytest.fixture
def in_cloud(cloud_environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """The same for the test's own process, through its environment."""
    for name, value in cloud_environment.items():
        if name.startswith(("AWS_", "PIXELFLEET_")):
            monkeypatch.setenv(name, value)


@pytest.fixture
def settings(in_cloud: None) -> Settings:
    """The settings of a fresh, provisioned deployment in the embedded cloud; boto3 finds it by the environment."""
    fresh = load_settings()
    provision(fresh)
    return fresh


@pytest.fixture
def supervisor(
    settings: Settings, cloud_environment: dict[str, str], cloud_folder: DataFolder
) -> Iterator[ProcessSupervisor]:
    """Pump and a bulk worker at work on `settings`; the test may look at or kill their processes."""
    with ProcessSupervisor() as started:
        started.start(pump_program(cloud_environment, cloud_folder))
        started.start(worker_program(Lane.BULK, 1, cloud_environment, cloud_folder))
        yield started
