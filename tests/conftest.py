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

# A runner in the background ignores these signals. Every program under test would inherit that.
for _number in (signal.SIGINT, signal.SIGHUP):
    if signal.getsignal(_number) is signal.SIG_IGN:
        signal.signal(_number, signal.SIG_DFL if _number == signal.SIGHUP else signal.default_int_handler)

service_models.share()

#: No test reaches a server on this machine through the proxy of the user who runs the tests.
os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1,localhost"

# The number of examples of a property test: few and always the same examples for `make test`, many new examples for
# `make test-slow`. No profile has a deadline: the time of an example depends on the machine.
hypothesis.register_profile(
    "shallow", max_examples=25, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
)
hypothesis.register_profile(
    "deep", max_examples=200, deadline=None, print_blob=True, suppress_health_check=list(HealthCheck)
)
hypothesis.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "shallow"))

pytest.register_assert_rewrite(
    "tests.catalog_conformance", "tests.activity_conformance", "tests.s3_conformance", "tests.dynamodb_conformance"
)


@pytest.fixture(autouse=True)
def environment_stays() -> Iterator[None]:
    """Fails a test that leaves `os.environ` changed. Fails a fixture of a wider scope before the test in the same way.

    A result must not depend on the tests that ran before in the same process. A test changes the environment by
    `monkeypatch`. A fixture of a wider scope gives variables to processes and objects, and restores the environment.
    """
    fail_if_changed("before this test, by an import or a fixture of a wider scope,")
    yield
    fail_if_changed("by this test")


@pytest.fixture(scope="session")
def cloud_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DataFolder]:
    """The data folder of this process's embedded cloud. The logs of its child processes are in the subfolder `logs`."""
    folder = DataFolder.open(tmp_path_factory.mktemp("cloud"))
    yield folder
    folder.close()


@pytest.fixture(scope="session")
def cloud(cloud_folder: DataFolder) -> Iterator[Emulator]:
    """A running embedded cloud on a free port. The cloud is stopped after the last test."""
    with ProcessSupervisor() as supervisor:
        yield start_emulator(supervisor, cloud_folder, keeps=False)


@pytest.fixture
def cloud_environment(cloud: Emulator, cloud_folder: DataFolder) -> dict[str, str]:
    """The environment of a child process that works on this test's own deployment."""
    return cloud.environment(cloud_folder.scratch) | {"PIXELFLEET_PREFIX": f"t{uuid.uuid4().hex[:12]}"}


@pytest.fixture
def in_cloud(cloud_environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Sets the same variables in the environment of the test's own process."""
    for name, value in cloud_environment.items():
        if name.startswith(("AWS_", "PIXELFLEET_")):
            monkeypatch.setenv(name, value)


@pytest.fixture
def settings(in_cloud: None) -> Settings:
    """The settings of a fresh, provisioned deployment in the embedded cloud. boto3 reads the environment."""
    fresh = load_settings()
    provision(fresh)
    return fresh


@pytest.fixture
def supervisor(
    settings: Settings, cloud_environment: dict[str, str], cloud_folder: DataFolder
) -> Iterator[ProcessSupervisor]:
    """A pump and a bulk worker that run on `settings`. The test may inspect or kill their processes."""
    with ProcessSupervisor() as started:
        started.start(pump_program(cloud_environment, cloud_folder))
        started.start(worker_program(Lane.BULK, 1, cloud_environment, cloud_folder))
        yield started
