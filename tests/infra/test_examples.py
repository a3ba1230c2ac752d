"""The examples: each is planned; a trial and one in an existing VPC are applied to emulators and taken down again."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.infra import outside, team
from tests.infra.emulators import Emulators, emulators
from tests.infra.keys import self_signed
from tests.infra.rules.matrix import BASE, PUBLIC_KEY
from tests.infra.stack import DOMAIN, HOST_PYTHON, host_zip
from tests.infra.terraform import REPOSITORY, Terraform, type_of

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

EXAMPLES = REPOSITORY / "examples"
PLANNED = {
    "ec2-heavy": {
        name: BASE[name] for name in ("domain_name", "certificate_arn", "image_digest", "dashboard_secret_arn")
    }
    | {"signing_public_key": PUBLIC_KEY},
    "multi-environment": {},
}


@dataclass
class Trials:
    """Emulators with the network of a team that is there already, and the producer's zip."""

    emulators: Emulators
    folder: Path
    network: Mapping[str, Any]
    common: Mapping[str, Any]


@pytest.fixture
def trials(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trials]:
    folder = tmp_path_factory.mktemp("trials")
    with emulators(folder) as running:
        made = self_signed(DOMAIN)
        acm = running.client("acm", on_moto=True)
        arn = acm.import_certificate(Certificate=made.certificate, PrivateKey=made.private_key)["CertificateArn"]
        package = host_zip(folder)
        common = {name: BASE[name] for name in ("image_digest", "dashboard_secret_arn")} | {
            "domain_name": DOMAIN,
            "certificate_arn": arn,
            "signing_public_key": made.public_key,
            "producer": {"architecture": "x86_64", "python": HOST_PYTHON, "package": str(package)},
            "max_retries": 2,
        }
        yield Trials(running, folder, team.make_network(running), common)


def test_every_example_is_tested_and_documented() -> None:
    folders = {path.name for path in EXAMPLES.iterdir() if path.is_dir()}

    assert folders == PLANNED.keys() | {"minimal", "existing-vpc"}
    assert set(re.findall(r"^\| `([\w-]+)` \|", (EXAMPLES / "README.md").read_text(), re.MULTILINE)) == folders


@pytest.mark.xdist_group("plans")
@pytest.mark.parametrize("name", PLANNED)
def test_an_example_plans(name: str, tmp_path: Path, look_ups: Mapping[str, str]) -> None:
    terraform = prepared(name, tmp_path, look_ups)
    given = PLANNED[name] | {"producer": {"package": str(REPOSITORY / "README.md")}, "max_retries": 2}
    (terraform.folder / terraform.root / "test.auto.tfvars.json").write_text(json.dumps(given))
    files = sorted((EXAMPLES / name).glob("*.tfvars"))

    plans = [terraform.plan_changes(f"-var-file={file}") for file in files] or [terraform.plan_changes()]

    for plan in plans:
        kinds = {type_of(address) for address in plan}
        assert {"aws_ecs_service", "aws_cloudfront_distribution", "aws_dynamodb_table"} <= kinds
    assert ("aws_autoscaling_group" in kinds) is (name == "ec2-heavy")
    assert ("aws_acm_certificate" in kinds) is (name == "multi-environment")


@pytest.mark.parametrize("name", ["minimal", "existing-vpc"])
def test_an_example_applies_plans_empty_and_goes_away(trials: Trials, name: str) -> None:
    terraform = prepared(name, trials.folder / name, trials.emulators.variables)
    given = dict(trials.common) | (dict(trials.network) if name == "existing-vpc" else {})
    (terraform.folder / terraform.root / "test.auto.tfvars.json").write_text(json.dumps(given))

    terraform.apply()

    made = terraform.resources()
    kinds = {resource["type"] for resource in made}
    assert terraform.plan_changes() == {}
    assert kinds.isdisjoint({"aws_vpc", "aws_ecs_cluster"}) is (name == "existing-vpc")
    if name == "existing-vpc":
        roles = [resource["values"] for resource in made if resource["type"] == "aws_iam_role"]
        assert {role["path"] for role in roles} == {"/teams/images/"}
        assert {role["permissions_boundary"] for role in roles} == {trials.network["permissions_boundary_arn"]}
    # The plan before has looked at everything.
    terraform.destroy("-refresh=false")
    assert terraform.resources() == []


def prepared(name: str, folder: Path, environment: Mapping[str, str]) -> Terraform:
    folder.mkdir(exist_ok=True)
    terraform = Terraform(outside.program("terraform"), folder, environment, root=f"examples/{name}")
    terraform.prepare()
    return terraform
