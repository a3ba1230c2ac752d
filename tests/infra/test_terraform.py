"""The configuration by itself: formatted, valid, and its own tests, which need neither AWS nor an emulator."""

import zipfile
from pathlib import Path

import pytest

from tests.infra.terraform import REPOSITORY, Terraform

TESTS = sorted(path.name for path in (REPOSITORY / "infra" / "tests").glob("*.tftest.hcl"))


def test_every_file_is_formatted(terraform: Terraform) -> None:
    terraform.run("fmt", "-check", "-diff", "-recursive", "..")


def test_the_configuration_is_valid(terraform: Terraform) -> None:
    terraform.run("validate")


@pytest.mark.slow
@pytest.mark.parametrize("name", TESTS)
def test_terraform_tests_pass(terraform: Terraform, tmp_path: Path, name: str) -> None:
    package = tmp_path / "producer.zip"
    with zipfile.ZipFile(package, "w") as archive:
        archive.writestr("empty", "")

    told = terraform.run("test", f"-filter=tests/{name}", f'-var=producer={{package="{package}"}}')

    assert "0 failed" in told


def test_every_module_has_its_four_files_and_says_what_its_variables_are_for() -> None:
    modules = [REPOSITORY / "infra", REPOSITORY / "ecs"]
    modules += [path for root in modules for path in (root / "modules").iterdir()]

    missing = [
        f"{module.relative_to(REPOSITORY)}/{name}.tf"
        for module in modules
        for name in ("main", "variables", "outputs", "versions")
        if not (module / f"{name}.tf").is_file()
    ]
    silent = [
        f"{path.relative_to(REPOSITORY)}: {block.split(chr(34))[1]}"
        for module in modules
        for path in (module / "variables.tf", module / "outputs.tf")
        for block in path.read_text().split("\n}\n")
        if block.strip().lstrip("#").strip() and "description" not in block
    ]

    assert missing == []
    assert silent == []
