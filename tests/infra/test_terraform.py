"""The configuration by itself: formatted, valid, and its own tests, which need neither AWS nor an emulator."""

import re
import zipfile
from pathlib import Path

import pytest

from tests.infra.terraform import REPOSITORY, Terraform

#: The root and every module.
MODULES = sorted({path.parent for root in ("infra", "ecs") for path in (REPOSITORY / root).rglob("versions.tf")})
TESTS = sorted(path.name for path in (REPOSITORY / "infra" / "tests").glob("*.tftest.hcl"))


def test_every_file_is_formatted(terraform: Terraform) -> None:
    terraform.run("fmt", "-check", "-diff", "-recursive", "..")


@pytest.mark.slow
def test_the_configuration_is_valid(terraform: Terraform) -> None:
    # Tests of the module pass the second provider themselves, which validate does not see.
    terraform.run("validate", "-no-tests")


@pytest.mark.slow
@pytest.mark.parametrize("name", TESTS)
def test_terraform_tests_pass(terraform: Terraform, tmp_path: Path, name: str) -> None:
    package = tmp_path / "producer.zip"
    with zipfile.ZipFile(package, "w") as archive:
        archive.writestr("empty", "")

    reported = terraform.run("test", f"-filter=tests/{name}", f'-var=producer={{package="{package}"}}')

    assert "0 failed" in reported


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(REPOSITORY)))
def test_a_module_is_laid_out_and_named_as_all_are_and_declares_nothing_for_nothing(module: Path) -> None:
    """What tflint's rules for modules ask (standard_module_structure, naming_convention, documented_*, unused_*)."""
    text = "\n".join(path.read_text() for path in sorted(module.glob("*.tf")))
    declared = re.findall(r'^(variable|output|module|data|resource) ((?:"[^"]+" ?)+)\{$', text, re.MULTILINE)
    names = {(kind, actual.split('"')[-2]) for kind, actual in declared}
    local = _locals(text)

    assert names
    assert {
        name for name in ("main", "variables", "outputs", "versions") if not (module / f"{name}.tf").is_file()
    } == set()
    assert {name for _, name in names if not re.fullmatch(r"[a-z][a-z0-9_]*", name)} == set()
    assert {name for kind, name in names if kind in ("variable", "output") and not _reported(text, kind, name)} == set()
    assert {name for kind, name in names if kind == "variable" and not re.search(rf"var\.{name}\b", text)} == set()
    assert {name for kind, name in names if kind == "data" and not re.search(rf"data\.\w+\.{name}\b", text)} == set()
    assert {name for name in local if not re.search(rf"local\.{name}\b", text)} == set()


def test_the_example_of_variables_names_all_that_have_no_default_and_none_that_is_not_there() -> None:
    declared = _variables((REPOSITORY / "infra/variables.tf").read_text())
    example = (REPOSITORY / "infra/terraform.tfvars.example").read_text()

    assert set(re.findall(r"^# (\w+) += ", example, re.MULTILINE)) <= declared.keys()
    assert set(re.findall(r"^(\w+) += ", example, re.MULTILINE)) == {
        name for name, block in declared.items() if not re.search(r"^  default +=", block, re.MULTILINE)
    } | {"certificate_arn", "signing_public_keys"}


def test_every_page_that_a_description_or_a_comment_sends_to_is_there() -> None:
    files = [path for root in ("infra", "ecs") for path in (REPOSITORY / root).rglob("*.tf")]
    named = {page for path in files for page in re.findall(r"docs/[\w/-]+\.md", path.read_text())}

    assert named
    assert {page for page in named if not (REPOSITORY / page).is_file()} == set()


def test_the_two_lanes_have_the_same_fields_and_the_same_validations() -> None:
    """Terraform has no type that two variables could share."""
    path = REPOSITORY / "infra/modules/pixelfleet/variables_lanes.tf"
    bulk, heavy = (_variables(path.read_text())[lane] for lane in ("bulk", "heavy"))

    assert _fields(bulk) == _fields(heavy)
    assert bulk.partition("  validation {")[2].replace("bulk", "heavy") == heavy.partition("  validation {")[2]


def test_the_examples_declare_one_variable_in_one_way() -> None:
    """Each example is copied as a whole, so none can include a file that is shared."""
    texts: dict[str, set[str]] = {}
    for path in (REPOSITORY / "examples").glob("*/variables.tf"):
        for name, text in _variables(path.read_text()).items():
            texts.setdefault(name, set()).add(text)

    assert len(texts) > 5
    assert {name for name, different in texts.items() if len(different) > 1} == set()


def _variables(text: str) -> dict[str, str]:
    return dict(re.findall(r'^variable "(\w+)" \{\n(.*?)^\}', text, re.MULTILINE | re.DOTALL))


def _fields(variable: str) -> list[tuple[str, str]]:
    """Names and types of an object's fields, without the defaults."""
    block = variable.partition("type = object({")[2].partition("\n  })")[0]
    return re.findall(r"^    (\w+) += (optional\(\w+)", block, re.MULTILINE)


def _locals(text: str) -> set[str]:
    blocks = re.findall(r"^locals \{\n(.*?)^\}", text, re.MULTILINE | re.DOTALL)
    return {name for block in blocks for name in re.findall(r"^  (\w+) += ", block, re.MULTILINE)}


def _reported(text: str, kind: str, name: str) -> bool:
    """Whether a variable says what it is for and of which type, an output what it is."""
    block = text.partition(f'{kind} "{name}" {{')[2].partition("\n}\n")[0]
    return "description" in block and (kind == "output" or re.search(r"^  type +=", block, re.MULTILINE) is not None)
