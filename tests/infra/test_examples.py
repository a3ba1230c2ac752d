"""Each example is planned. A trial and an example in an existing VPC are applied to emulators and destroyed."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.infra import outside, team
from tests.infra.emulators import Emulators, emulators
from tests.infra.keys import self_signed
from tests.infra.rules.matrix import BASE, PUBLIC_KEY
from tests.infra.stack import DOMAIN, HOST_PYTHON, host_zip
from tests.infra.terraform import REPOSITORY, Terraform, type_of, with_fresh_emulators

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

EXAMPLES = REPOSITORY / "examples"
PLANNED = {
    "ec2-heavy": {
        name: BASE[name] for name in ("domain_name", "certificate_arn", "image_digest", "dashboard_secret_arn")
    }
    | {"signing_public_key": PUBLIC_KEY},
    "multi-environment": {},
}
APPLIED = ("minimal", "existing-vpc")


@dataclass
class Applied:
    """All applied examples: the applied resources, the changes of a plan after that, and the rest after a destroy."""

    resources: list[dict[str, Any]]
    changes: Mapping[str, str]
    left: list[dict[str, Any]]
    boundary: str

    def of(self, example: str) -> list[dict[str, Any]]:
        return [one for one in self.resources if one["address"].startswith(f"module.{example}.")]


@pytest.fixture(scope="module")
def applied(tmp_path_factory: pytest.TempPathFactory) -> Applied:
    """The examples in APPLIED, called by one configuration, so that Terraform reads the provider's schema once."""
    return with_fresh_emulators(lambda: apply_and_destroy(tmp_path_factory.mktemp("trials")))


def apply_and_destroy(folder: Path) -> Applied:
    with emulators(folder) as running:
        terraform = Terraform(outside.program("terraform"), folder, running.variables, root="examples/trials")
        network = team.make_network(running)
        calls = {name: {"source": f"../{name}"} | common(running, name, folder) for name in APPLIED}
        calls["existing-vpc"] |= network | {"existing_balancer": team.make_balancer(running, network)}
        terraform.copy()
        (folder / terraform.root).mkdir()
        (folder / terraform.root / "main.tf.json").write_text(json.dumps({"module": calls}))
        terraform.init()
        terraform.apply()
        made = terraform.resources()
        changes = terraform.plan_changes()
        # The plan before has refreshed every resource.
        terraform.destroy("-refresh=false")
        return Applied(made, changes, terraform.resources(), network["permissions_boundary_arn"])


def common(running: Emulators, name: str, folder: Path) -> dict[str, Any]:
    """The variables that both examples need. Each has its own domain, as CloudFront requires."""
    domain = f"{name}.{DOMAIN}"
    made = self_signed(domain)
    acm = running.client("acm", on_moto=True)
    return {name: BASE[name] for name in ("image_digest", "dashboard_secret_arn")} | {
        "domain_name": domain,
        "certificate_arn": acm.import_certificate(Certificate=made.certificate, PrivateKey=made.private_key)[
            "CertificateArn"
        ],
        "signing_public_key": made.public_key,
        "producer": {"architecture": "x86_64", "python": HOST_PYTHON, "package": str(host_zip(folder))},
        "max_retries": 2,
    }


def test_every_example_is_tested_and_documented() -> None:
    folders = {path.name for path in EXAMPLES.iterdir() if path.is_dir()}
    configurations = {path.parent.name for path in EXAMPLES.glob("*/*.tf")}

    assert configurations == {*PLANNED, *APPLIED}
    assert set(re.findall(r"^\| `([\w-]+)` \|", (EXAMPLES / "README.md").read_text(), re.MULTILINE)) == folders


@pytest.mark.xdist_group("plans")
@pytest.mark.parametrize("name", PLANNED)
def test_an_example_can_be_planned(name: str, tmp_path: Path, look_ups: Mapping[str, str]) -> None:
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


@pytest.mark.xdist_group("examples")
def test_the_examples_are_applied_planned_without_changes_and_destroyed(applied: Applied) -> None:
    assert {name for name in APPLIED if applied.of(name)} == set(APPLIED)
    assert applied.changes == {}
    assert applied.left == []


@pytest.mark.xdist_group("examples")
def test_a_team_with_a_network_a_cluster_and_a_load_balancer_gets_no_others_and_its_own_path_and_boundary(
    applied: Applied,
) -> None:
    kinds = {name: {resource["type"] for resource in applied.of(name)} for name in APPLIED}
    roles = [resource["values"] for resource in applied.of("existing-vpc") if resource["type"] == "aws_iam_role"]

    assert {"aws_vpc", "aws_ecs_cluster"} <= kinds["minimal"]
    assert kinds["existing-vpc"].isdisjoint({"aws_vpc", "aws_ecs_cluster", "aws_lb", "aws_lb_listener"})
    assert {"aws_lb_listener_rule", "aws_cloudfront_vpc_origin"} <= kinds["existing-vpc"]
    assert {role["path"] for role in roles} == {"/teams/images/"}
    assert {role["permissions_boundary"] for role in roles} == {applied.boundary}


def prepared(name: str, folder: Path, environment: Mapping[str, str]) -> Terraform:
    folder.mkdir(exist_ok=True)
    terraform = Terraform(outside.program("terraform"), folder, environment, root=f"examples/{name}")
    terraform.prepare()
    return terraform
