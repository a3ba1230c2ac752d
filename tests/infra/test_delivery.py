"""A release by GitHub's role: a new image and a new zip, planned and applied with only the rights of the role.

ministack refuses the calls that the role may not make. moto, which runs ECS and EC2, does not: for moto, the test
compares the calls in the provider's log with the policy.
"""

import json
import re
import zipfile
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from tests.infra.keys import self_signed
from tests.infra.rules import deregistered_with, replacements
from tests.infra.rules.plan import Plan
from tests.infra.stack import DOMAIN, VARIABLES, Stack
from tests.infra.terraform import Terraform, type_of

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600), pytest.mark.xdist_group("stack")]

DIGEST = "sha256:" + 64 * "1"
#: The resources that a release may change.
RELEASED = {"aws_ecs_task_definition", "aws_ecs_service", "aws_scheduler_schedule", "aws_lambda_function"}
#: The prefix of the actions of a service, by its name in the provider's log.
PREFIXES = {"ECS": "ecs", "EC2": "ec2", "Lambda": "lambda", "Scheduler": "scheduler"}
#: The actions that an operation needs, if they are not those of its name (service authorization reference).
ACTIONS = {"ecs:RegisterTaskDefinition": {"ecs:RegisterTaskDefinition", "ecs:TagResource", "iam:PassRole"}}
#: Rights of the workflow's other steps (docs/howto/deploy-from-ci.md): login and push, Terraform's state, smoke task.
BESIDE = {
    "ecr:GetAuthorizationToken", "ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:CompleteLayerUpload",
    "ecr:DescribeImages", "ecr:GetDownloadUrlForLayer", "ecr:InitiateLayerUpload", "ecr:PutImage",
    "ecr:UploadLayerPart", "s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:ListBucket",
    "ecs:RunTask", "ecs:DescribeTasks", "ecs:StopTask",
}  # fmt: skip


def test_a_release_needs_the_rights_of_its_role_and_no_others(stack: Stack, tmp_path: Path) -> None:
    with zipfile.ZipFile(stack.zip, "a") as package:
        package.writestr("release.txt", "2")
    stack.set_variables(image_digest=DIGEST)
    log = tmp_path / "terraform.log"
    deployer = as_deployer(stack, log)

    changes = deployer.plan_changes("-refresh=false")
    deployer.apply_changes()
    stack.forget_outputs()

    assert {type_of(address) for address in changes} == RELEASED
    for part in ("bulk", "heavy", "dashboard", "reconcile"):
        assert stack.container(part)["image"].endswith(f"@{DIGEST}")
    called, granted = calls_of(log.read_text()), allowed(stack)
    assert called - granted == set(), "the release calls what the role may not"
    assert granted - called - BESIDE == set(), "the role may what no release calls"


def test_other_changes_replace_the_resources_that_aws_cannot_change(stack: Stack, tmp_path: Path) -> None:
    """A new signing key is made before the old key is deleted. New bounds of a lane replace all of its scaling."""
    key = self_signed(DOMAIN).public_key
    given = json.loads((stack.terraform.folder / "infra" / VARIABLES).read_text())
    path = tmp_path / "changes.tfvars.json"
    path.write_text(json.dumps({"signing_public_keys": {"first": key}, "bulk": given["bulk"] | {"maximum": 40}}))

    plan = stack.terraform.planned("-refresh=false", f"-var-file={path}")

    changes = {entry["type"]: entry["change"]["actions"] for entry in plan["resource_changes"]}
    replaced = {entry["type"] for entry in plan["resource_changes"] if "delete" in entry["change"]["actions"]}
    assert changes["aws_cloudfront_public_key"] == ["create", "delete"]
    assert replaced >= {"aws_appautoscaling_target", *deregistered_with.TYPES}
    assert list(replacements.violations(Plan(plan))) == []
    assert list(deregistered_with.violations(Plan(plan))) == []
    asked = {"CallerReference": "r", "Name": "second", "EncodedKey": key}
    with pytest.raises(ClientError, match="AccessDenied"):
        stack.emulators.client("cloudfront", stack.credentials("deploy")).create_public_key(PublicKeyConfig=asked)


def as_deployer(stack: Stack, log: Path) -> Terraform:
    """Terraform on the same state with the keys of the role. The provider writes each call to `log`."""
    logging = {"TF_LOG_PROVIDER": "DEBUG", "TF_LOG_PATH": str(log)}
    environment = stack.emulators.variables | stack.credentials("deploy") | logging
    return Terraform(stack.terraform.program, stack.terraform.folder, environment)


def calls_of(log: str) -> set[str]:
    """The actions that the calls in the provider's log need."""
    calls = set()
    for line in log.splitlines():
        # The order of the fields differs from line to line.
        method, service = re.search(r"rpc\.method=(\w+)", line), re.search(r'rpc\.service=(\w+|"[^"]+")', line)
        if method and service:
            calls.add((method[1], service[1].strip('"')))
    assert calls
    # GetCallerIdentity needs no right.
    names = {f"{PREFIXES.get(service, service)}:{method}" for method, service in calls if service != "STS"}
    return set().union(*(ACTIONS.get(name, {name}) for name in names))


def allowed(stack: Stack) -> set[str]:
    statements = stack.policy("deploy")["Statement"]
    return {
        action
        for one in statements
        for action in ([one["Action"]] if isinstance(one["Action"], str) else one["Action"])
    }
