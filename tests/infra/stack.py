"""The whole stack, applied to the two emulators, and helpers for its tests."""

import contextlib
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from tests.infra.emulators import ACCOUNT, REGION, Emulators, emulators
from tests.infra.keys import self_signed
from tests.infra.terraform import REPOSITORY, Terraform
from tests.once import once

DOMAIN: Final = "images.example.com"
#: A queue outside the stack that receives the stack's notices.
SUBSCRIBER: Final = "subscriber"
#: A bucket of the same account that does not belong to the stack.
FOREIGN_BUCKET: Final = "payroll"
#: The file that holds the variables, beside the root's configuration.
VARIABLES: Final = "test.auto.tfvars.json"
HOST_PYTHON: Final = f"{sys.version_info.major}.{sys.version_info.minor}"


@dataclass
class Stack:
    """A deployment: its emulators, the Terraform that made it, and its outputs."""

    emulators: Emulators
    terraform: Terraform
    folder: Path

    @cached_property
    def outputs(self) -> dict[str, Any]:
        return self.terraform.outputs()

    def forget_outputs(self) -> None:
        """Discard the cached outputs after an apply has changed them."""
        self.__dict__.pop("outputs", None)

    @property
    def zip(self) -> Path:
        """The producer's zip."""
        return self.folder / "producer.zip"

    @property
    def environment(self) -> dict[str, str]:
        """The settings of the tasks of this deployment."""
        return dict(self.outputs["environment"])

    def set_variables(self, **changed: Any) -> None:
        """Change variables of the configuration for this and every later plan."""
        path = self.terraform.folder / "infra" / VARIABLES
        path.write_text(json.dumps(json.loads(path.read_text()) | changed))

    def client(self, service: str) -> Any:
        return self.emulators.client(service)

    def task_environment(self, part: str) -> dict[str, str]:
        """The environment of a part's container, as its task definition gives it."""
        return {entry["name"]: entry["value"] for entry in self.container(part)["environment"]}

    def container(self, part: str) -> dict[str, Any]:
        """A part's container definition, as ECS has it."""
        arn = self.outputs["task_definition_arns"][part]
        ecs = self.emulators.client("ecs", on_moto=True)
        definition = ecs.describe_task_definition(taskDefinition=arn)["taskDefinition"]
        [container] = definition["containerDefinitions"]
        return dict(container)

    def policy(self, part: str) -> dict[str, Any]:
        """The one policy of a part's role. `deploy` is the role of GitHub's workflows."""
        iam = self.client("iam")
        roles = self.outputs["role_names"] | {"deploy": self.outputs["deploy_role_arn"].rpartition("/")[2]}
        role = roles[part]
        [name] = iam.list_role_policies(RoleName=role)["PolicyNames"]
        return dict(iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"])

    def credentials(self, part: str) -> dict[str, str]:
        """Keys with exactly the rights of the part's role.

        Only ECS may assume the role, so a user with the role's policy stands in for the task.
        """
        iam = self.client("iam")
        user = f"acting-{part}"
        with contextlib.suppress(iam.exceptions.EntityAlreadyExistsException):
            iam.create_user(UserName=user)
        iam.put_user_policy(UserName=user, PolicyName=part, PolicyDocument=json.dumps(self.policy(part)))
        key = iam.create_access_key(UserName=user)["AccessKey"]
        return {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}

    def forget_credentials(self) -> None:
        """Delete the stand-in users, so that all remains after a destroy are faults of the configuration."""
        iam = self.client("iam")
        for user in iam.list_users()["Users"]:
            name = user["UserName"]
            for key in iam.list_access_keys(UserName=name)["AccessKeyMetadata"]:
                iam.delete_access_key(UserName=name, AccessKeyId=key["AccessKeyId"])
            for policy in iam.list_user_policies(UserName=name)["PolicyNames"]:
                iam.delete_user_policy(UserName=name, PolicyName=policy)
            iam.delete_user(UserName=name)

    def remove_neighbours(self) -> None:
        sqs = self.client("sqs")
        sqs.delete_queue(QueueUrl=sqs.get_queue_url(QueueName=SUBSCRIBER)["QueueUrl"])
        self.client("s3").delete_bucket(Bucket=FOREIGN_BUCKET)

    def empty_buckets(self) -> None:
        """Delete every version of every object: emulators do not list versions like S3, and force_destroy fails."""
        s3 = self.client("s3")
        for name in (self.outputs["uploads_bucket"], self.outputs["results_bucket"]):
            for page in s3.get_paginator("list_object_versions").paginate(Bucket=name):
                for entry in [*page.get("Versions", []), *page.get("DeleteMarkers", [])]:
                    s3.delete_object(Bucket=name, Key=entry["Key"], VersionId=entry["VersionId"])


def build_zip(architecture: str, python: str, target: Path) -> Path:
    """The producer's zip, as `make lambda` builds it."""
    command = [sys.executable, "infra/packaging/lambda_zip.py", "--arch", architecture, "--python", python]
    subprocess.run([*command, "--out", str(target)], check=True, cwd=REPOSITORY)
    return target


def host_zip(folder: Path) -> Path:
    """A copy in `folder` of the zip for this machine. The processes of one test run build the zip once."""
    kept = once(folder, "producer.zip", lambda path: build_zip("x86_64", HOST_PYTHON, path))
    return Path(shutil.copyfile(kept, folder / "producer.zip"))


@contextlib.contextmanager
def prepared(program: Path, folder: Path) -> Iterator[Stack]:
    """Start the emulators, copy and initialise the configuration, and write the variables. Nothing is applied yet."""
    (folder / "tf").mkdir()
    with emulators(folder) as running:
        terraform = Terraform(program, folder / "tf", running.variables)
        terraform.prepare()
        variables = stack_variables(running, folder)
        (folder / "tf" / "infra" / VARIABLES).write_text(json.dumps(variables))
        yield Stack(running, terraform, folder)


def stack_variables(running: Emulators, folder: Path) -> dict[str, Any]:
    """Variables that turn everything on: both kinds of capacity, WAF, e-mail, a queue's subscription."""
    made = self_signed(DOMAIN)
    acm = running.client("acm", on_moto=True)
    certificate = acm.import_certificate(Certificate=made.certificate, PrivateKey=made.private_key)["CertificateArn"]
    package = host_zip(folder)
    subscriber = make_subscriber(running)
    running.client("s3").create_bucket(Bucket=FOREIGN_BUCKET)
    return {
        "domain_name": DOMAIN,
        "certificate_arn": certificate,
        "signing_public_keys": {"first": made.public_key},
        "image_digest": "sha256:" + 64 * "0",
        "dashboard_secret_arn": f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:dashboard-AbCdEf",
        "architecture": "x86_64",
        "producer": {"architecture": "x86_64", "python": HOST_PYTHON, "package": str(package)},
        "bulk": {
            "scheduled_minimums": {
                "morning": {
                    "schedule": "cron(0 7 ? * MON-FRI *)",
                    "until": "cron(0 19 ? * MON-FRI *)",
                    "minimum": 2,
                }
            },
        },
        "heavy": {"capacity": "ec2", "instance_types": ["r7i.xlarge", "r6i.xlarge"]},
        "waf": True,
        "email_subscription": "operators@example.com",
        "notice_subscriptions": {
            "shop": {"protocol": "sqs", "endpoint": subscriber, "filter": {"owner": ["shop"]}, "raw": True},
        },
        "force_destroy_bucket": True,
        "deletion_protection": False,
        "github": {
            "repository": "example/images",
            "environment": "production",
            "state_bucket": "states",
            "state_key": "pixelfleet.tfstate",
        },
        "max_retries": 2,
    }


def make_subscriber(running: Emulators) -> str:
    """Make the queue SUBSCRIBER, whose policy allows SNS to send. Returns its ARN."""
    sqs = running.client("sqs")
    url = sqs.create_queue(QueueName=SUBSCRIBER)["QueueUrl"]
    arn = str(sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"])
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": arn,
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    return arn
