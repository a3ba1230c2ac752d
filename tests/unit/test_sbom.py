"""The bill of materials lists the packages of the image, with their licences, and nothing else."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def sbom() -> ModuleType:
    spec = importlib.util.spec_from_file_location("sbom", REPOSITORY / "infra/packaging/sbom.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


BILL = {
    "components": [
        {"bom-ref": "a", "name": "Pillow", "version": "13.0.0", "licenses": [{"expression": "MIT-CMU"}]},
        {"bom-ref": "b", "name": "pytest", "version": "8.0", "licenses": [{"license": {"id": "MIT"}}]},
        {"bom-ref": "c", "name": "typing_extensions", "version": "4.1"},
    ],
    "dependencies": [{"ref": "a", "dependsOn": ["b", "c"]}, {"ref": "b"}],
}


def test_a_package_that_the_image_does_not_have_is_left_out(sbom: ModuleType) -> None:
    bill = sbom.of_image(BILL, {"pillow": "13.0.0", "typing-extensions": "4.1"})
    assert [part["name"] for part in bill["components"]] == ["Pillow", "typing_extensions"]
    assert bill["dependencies"] == [{"ref": "a", "dependsOn": ["c"]}]
    assert sbom.licences(bill) == {"Pillow 13.0.0": "MIT-CMU", "typing_extensions 4.1": "unknown"}


def test_a_version_other_than_the_version_in_the_image_is_refused(sbom: ModuleType) -> None:
    with pytest.raises(ValueError, match=r"Pillow is 13\.0\.0 here and 13\.1 there"):
        sbom.of_image(BILL, {"pillow": "13.1"})


def test_the_lock_file_of_the_image_is_read(sbom: ModuleType) -> None:
    versions = sbom.pinned(REPOSITORY / "requirements/image.txt")
    assert {"pillow", "celery", "fastapi"} <= versions.keys()
