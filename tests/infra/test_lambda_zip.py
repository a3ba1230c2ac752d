"""The producer's zip: reproducible bytes, for the requested platform, and complete."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.infra.stack import HOST_PYTHON, build_zip, host_zip

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("lambda-zip")]

#: The folders and modules of site-packages that the Lambda runtime includes.
RUNTIME = ("boto3", "botocore", "s3transfer", "jmespath", "dateutil", "six.py", "urllib3")
#: ELF e_machine (System V ABI): the architecture of a shared library.
MACHINES = {"arm64": 183, "x86_64": 62}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return host_zip(tmp_path_factory.mktemp("zip"))


@pytest.fixture(scope="module")
def foreign(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A zip for another architecture than this machine's, as the stack uses by default."""
    return build_zip("arm64", "3.13", tmp_path_factory.mktemp("foreign") / "producer.zip")


def test_building_twice_gives_the_same_bytes(foreign: Path, tmp_path: Path) -> None:
    again = build_zip("arm64", "3.13", tmp_path / "again.zip")

    assert again.read_bytes() == foreign.read_bytes()


def test_the_handler_imports_only_from_the_zip_and_the_runtime(built: Path, tmp_path: Path) -> None:
    task, runtime = tmp_path / "task", tmp_path / "runtime"
    with zipfile.ZipFile(built) as archive:
        archive.extractall(task)
    runtime.mkdir()
    import boto3  # noqa: PLC0415 - locates the stand-in for the runtime's boto3

    for name in RUNTIME:
        (runtime / name).symlink_to(Path(boto3.__file__).parents[1] / name)
    program = f"""
import sys
sys.path[:0] = [{str(task)!r}, {str(runtime)!r}]
import producer_lambda.handler as module
assert module.__file__.startswith({str(task)!r}), module.__file__
foreign = [path for path in sys.path if "site-packages" in path]
assert not foreign, foreign
print(callable(module.handler))
"""

    # -I and -S: no site-packages, no current folder, no variables.
    done = subprocess.run([sys.executable, "-I", "-S", "-c", program], capture_output=True, text=True, check=False)

    assert done.stderr == ""
    assert done.stdout.strip() == "True"


def test_the_zip_holds_the_imports_of_the_handler_and_nothing_else(built: Path) -> None:
    with zipfile.ZipFile(built) as archive:
        names = archive.namelist()

    ours = {name for name in names if name.startswith(("pixelfleet/", "producer_lambda/"))}
    assert {"producer_lambda/handler.py", "pixelfleet/settings.py", "pixelfleet/domain/s3_events.py"} <= ours
    assert not [name for name in ours if name.split("/")[1] in {"images", "cli", "recipes", "localcloud"}]
    assert not [name for name in names if name.split("/")[0] in {"boto3", "botocore", "celery", "PIL", "bin"}]
    assert built.stat().st_size < 5_000_000


@pytest.mark.parametrize(
    ("name", "architecture", "python"), [("foreign", "arm64", "3.13"), ("built", "x86_64", HOST_PYTHON)]
)
def test_the_libraries_of_the_zip_are_for_the_requested_platform(
    request: pytest.FixtureRequest, name: str, architecture: str, python: str
) -> None:
    with zipfile.ZipFile(request.getfixturevalue(name)) as archive:
        libraries = {name: archive.read(name) for name in archive.namelist() if ".so" in name}

    assert libraries
    tag = f"cpython-{python.replace('.', '')}-"
    assert all(tag in name for name in libraries)
    assert {int.from_bytes(content[18:20], "little") for content in libraries.values()} == {MACHINES[architecture]}
