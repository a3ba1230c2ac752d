"""The configuration alone: its format, its layout, and its own tests, which need no AWS and no emulator."""

import os
import re
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest

from tests.infra import outside
from tests.infra.terraform import REPOSITORY, Terraform

#: The root and every module.
MODULES = sorted({path.parent for root in ("infra", "ecs") for path in (REPOSITORY / root).rglob("versions.tf")})
TESTS = sorted(path.name for path in (REPOSITORY / "infra" / "tests").glob("*.tftest.hcl"))


def test_every_file_is_formatted() -> None:
    Terraform(outside.program("terraform"), REPOSITORY).run("fmt", "-check", "-diff", "-recursive", "..")


def test_make_initialises_again_after_an_init_that_failed_and_when_a_backend_is_added(tmp_path: Path) -> None:
    """Terraform makes the folder .terraform at the beginning of an init, even if the init fails."""
    stamp = tmp_path / "infra/.terraform/.initialised"
    stamp.parent.mkdir(parents=True)
    (tmp_path / "infra/versions.tf").touch()
    shutil.copy(REPOSITORY / "Makefile", tmp_path)

    def asked() -> bool:
        command = ["make", "--dry-run", str(stamp.relative_to(tmp_path))]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
        return "-chdir=infra init" in done.stdout

    assert asked()
    stamp.touch()
    os.utime(tmp_path / "infra/versions.tf", (0, 0))
    assert not asked()
    backend = tmp_path / "infra/backend.tf"
    backend.touch()
    os.utime(stamp, (0, 0))
    assert asked()


@pytest.fixture(scope="module")
def reports(terraform: Terraform, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The output of `terraform test` for all files at once, which loads the provider's schema once, not once a file."""
    package = tmp_path_factory.mktemp("package") / "producer.zip"
    with zipfile.ZipFile(package, "w") as archive:
        archive.writestr("empty", "")
    return terraform.run("test", f'-var=producer={{package="{package}"}}', accept=(0, 1))


@pytest.mark.slow
@pytest.mark.xdist_group("terraform-test")
@pytest.mark.parametrize("name", TESTS)
def test_terraform_tests_pass(reports: str, name: str) -> None:
    assert f"tests/{name}... pass" in reports, reports


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(REPOSITORY)))
def test_a_module_has_the_common_layout_and_names_and_declares_nothing_unused(module: Path) -> None:
    """tflint's rules for modules (standard_module_structure, naming_convention, documented_*, unused_*)."""
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


def test_the_root_passes_every_variable_of_the_module_to_the_module_under_the_same_name() -> None:
    module = REPOSITORY / "infra/modules/pixelfleet"
    declared = {name for path in module.glob("variables*.tf") for name in _variables(path.read_text())}
    root = _variables((REPOSITORY / "infra/variables.tf").read_text()).keys()
    call = (REPOSITORY / "infra/main.tf").read_text()

    assert set(re.findall(r"^  (\w+) += var\.\1$", call, re.MULTILINE)) == declared
    assert len(re.findall(r"\bvar\.", call)) == len(declared)
    assert root - declared == {"region", "tags", "max_retries"}


def test_the_root_names_the_fields_of_every_object_that_the_module_takes() -> None:
    """The root's variables have no type, so that the root can refuse a field that the module's type would drop."""
    module = "\n".join(path.read_text() for path in (REPOSITORY / "infra/modules/pixelfleet").glob("variables*.tf"))
    objects = {
        name: text
        for name, text in _variables(module).items()
        if re.search(r"^  type += .*object\(", text, re.MULTILINE)
    }
    root = _variables((REPOSITORY / "infra/variables.tf").read_text())
    known = {name: re.search(r"setsubtract\(.*, \[([^\]]*)\]\)", root[name]) for name in objects}

    assert {name: set(re.findall(r'"(\w+)"', found[1])) if found else None for name, found in known.items()} == {
        name: _object_fields(text) for name, text in objects.items()
    }


def test_the_example_of_variables_names_every_variable_without_a_default_and_no_unknown_variable() -> None:
    declared = _variables((REPOSITORY / "infra/variables.tf").read_text())
    example = (REPOSITORY / "infra/terraform.tfvars.example").read_text()

    assert set(re.findall(r"^# (\w+) += ", example, re.MULTILINE)) <= declared.keys()
    assert set(re.findall(r"^(\w+) += ", example, re.MULTILINE)) == {
        name for name, block in declared.items() if not re.search(r"^  default +=", block, re.MULTILINE)
    } | {"certificate_arn", "signing_public_keys"}


def test_every_page_that_a_description_or_a_comment_names_exists() -> None:
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


def test_the_examples_declare_a_variable_in_the_same_way() -> None:
    """Each example is copied as a whole, so no example can include a shared file."""
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


def _object_fields(variable: str) -> set[str]:
    """The fields of an object's type, without the fields of objects in it."""
    body = variable.partition("object({")[2]
    end, depth = 0, 1
    while depth:
        depth += {"{": 1, "}": -1}.get(body[end], 0)
        end += 1
    flat = re.sub(r"\{[^{}]*\}", "", body[: end - 1])
    return set(re.findall(r"(\w+) += ", flat))


def _locals(text: str) -> set[str]:
    blocks = re.findall(r"^locals \{\n(.*?)^\}", text, re.MULTILINE | re.DOTALL)
    return {name for block in blocks for name in re.findall(r"^  (\w+) += ", block, re.MULTILINE)}


def _reported(text: str, kind: str, name: str) -> bool:
    """Whether a variable has a description and a type, or an output has a description."""
    block = text.partition(f'{kind} "{name}" {{')[2].partition("\n}\n")[0]
    return "description" in block and (kind == "output" or re.search(r"^  type +=", block, re.MULTILINE) is not None)
