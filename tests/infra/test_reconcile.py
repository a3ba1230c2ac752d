"""The scheduled reconcile on the applied stack: its task definition's command, under its role, repairs faults."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pixelfleet.catalog.items import image_item
from pixelfleet.deployment import Deployment
from pixelfleet.domain.keys import image_id
from pixelfleet.domain.records import Image, Status
from tests.infra.parts import await_status, await_true, put, results, task_environment
from tests.infra.stack import Stack
from tests.infra.terraform import REPOSITORY

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600), pytest.mark.xdist_group("stack")]

FOLDER = "uploads/shop/mended/"
ORPHAN = "0" * 32


def test_the_schedule_runs_this_task_definition_by_its_own_role_in_private_subnets(stack: Stack) -> None:
    schedule = schedule_of(stack, "reconcile")

    target = schedule["Target"]
    task = target["EcsParameters"]
    network = task["NetworkConfiguration"]["awsvpcConfiguration"]
    assert (schedule["State"], schedule["ScheduleExpression"]) == ("ENABLED", "cron(0 3 ? * MON-SAT *)")
    assert task["TaskDefinitionArn"] == stack.outputs["task_definition_arns"]["reconcile"]
    assert target["Arn"].endswith(f"cluster/{stack.outputs['cluster_name']}")
    assert network["AssignPublicIp"] == "DISABLED"
    assert public_subnets(stack).isdisjoint(network["Subnets"])
    role = target["RoleArn"].rpartition("/")[2]
    assert role == "pixelfleet-reconcile-schedule"
    policy = stack.client("iam").get_role_policy(RoleName=role, PolicyName="schedule")["PolicyDocument"]
    [run] = [statement for statement in policy["Statement"] if statement["Action"] == "ecs:RunTask"]
    assert run["Resource"] == f"{task['TaskDefinitionArn'].rpartition(':')[0]}:*"


def test_a_run_under_the_tasks_role_queues_sweeps_removes_and_announces(
    stack: Stack, operator: Deployment, worker: Path, photo: bytes, tmp_path: Path
) -> None:
    kept, lost, vanished = (f"{FOLDER}{name}.jpg" for name in ("kept", "lost", "vanished"))
    for key in (kept, lost):
        put(stack, key, photo)
        await_status(stack, key, "ready", worker)
    forget(stack, lost)
    orphan = orphaned_result(stack, operator, kept)
    invent(stack, operator, kept, vanished)
    seal(operator, kept)

    reported = reconcile(stack, tmp_path)

    assert reported["found"]["missing"] == 1
    assert reported["examples"] == {"missing": [lost]}
    assert (reported["sent"], reported["refused"]) == (1, 0)
    assert (reported["swept"]["orphaned"], reported["swept"]["removed"]) == (1, 1)
    stored = {entry["Key"] for entry in stack.client("s3").list_objects_v2(Bucket=results(stack))["Contents"]}
    assert orphan not in stored
    await_status(stack, lost, "ready", worker)
    await_status(stack, vanished, "deleted", worker)
    await_true(lambda: announced(operator), "the batch is complete and its notice published", worker)
    assert next(operator.activity.actions()).what == "reconcile"


def announced(operator: Deployment) -> bool:
    """A worker completes a batch and publishes its notice after it has settled the last image."""
    batch = operator.batches.get("shop", "mended")
    return batch is not None and batch.completed_at is not None and batch.notice is None


def test_a_second_run_sends_and_removes_nothing(stack: Stack, worker: Path, tmp_path: Path) -> None:
    def settled() -> bool:
        reported = reconcile(stack, tmp_path, "--dry-run")
        return not reported["found"].keys() - {"known", "failed"}

    await_true(settled, "everything is known", worker)

    reported = reconcile(stack, tmp_path)

    assert reported["sent"] == 0
    assert (reported["swept"]["orphaned"], reported["swept"]["removed"]) == (0, 0)


def reconcile(stack: Stack, scratch: Path, *more: str) -> dict[str, Any]:
    """One run as the sweep's schedule starts it, without a minimum age. Returns the report."""
    [override] = json.loads(schedule_of(stack, "sweep")["Target"]["Input"])["containerOverrides"]
    assert override["name"] == stack.container("reconcile")["name"]
    program, *arguments = override["command"]
    environment = task_environment(stack, "reconcile", scratch) | stack.emulators.as_aws
    environment.pop("PIXELFLEET_SCRATCH_DIR")

    done = subprocess.run(
        [str(Path(sys.executable).with_name(program)), *arguments, "--older-than", "0", *more],
        env=environment,
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    reported: dict[str, Any] = json.loads(done.stdout)
    return reported


def schedule_of(stack: Stack, what: str) -> dict[str, Any]:
    name = stack.outputs["reconcile_schedules"][what]
    return dict(stack.client("scheduler").get_schedule(Name=name, GroupName=stack.environment["PIXELFLEET_PREFIX"]))


def forget(stack: Stack, key: str) -> None:
    """Undo the effect of an upload's event, like a lost event."""
    lost = {"image_id": {"S": image_id(stack.outputs["uploads_bucket"], key)}}
    stack.client("dynamodb").delete_item(TableName=stack.outputs["table_names"]["images"], Key=lost)


def orphaned_result(stack: Stack, operator: Deployment, key: str) -> str:
    """Store a result of a revision that no record names, as a dead attempt leaves it. Returns the result's key."""
    record = record_of(operator, key)
    orphan = f"shop/{record.image_id}/{ORPHAN}/thumb.webp"
    stack.client("s3").put_object(Bucket=results(stack), Key=orphan, Body=b"x")
    return orphan


def invent(stack: Stack, operator: Deployment, like: str, key: str) -> None:
    """Make a ready image with a result, without an original and without an event of its deletion."""
    model = record_of(operator, like)
    invented = model.model_copy(
        update={
            "image_id": image_id(operator.settings.uploads_bucket, key),
            "key": key,
            "batch": None,
            "counted": None,
            "variants": (),
            "status": Status.READY,
        }
    )
    item = {name: {"S": value} for name, value in image_item(invented).items() if isinstance(value, str)}
    item["version"] = {"N": "1"}
    stack.client("dynamodb").put_item(TableName=operator.settings.images_table, Item=item)
    stack.client("s3").put_object(
        Bucket=results(stack), Key=f"shop/{invented.image_id}/{invented.revision}/thumb.webp", Body=b"x"
    )


def seal(operator: Deployment, key: str) -> None:
    """Complete the batch by a seal, as if the sealer died before the announcement."""
    operator.batches.seal("shop", "mended", [record_of(operator, key).image_id])


def record_of(operator: Deployment, key: str) -> Image:
    record = operator.images.get(image_id(operator.settings.uploads_bucket, key))
    assert record is not None
    return record


def public_subnets(stack: Stack) -> set[str]:
    named: Any = [{"Name": "tag:Name", "Values": ["pixelfleet-public-*"]}]
    actual = stack.emulators.client("ec2", on_moto=True).describe_subnets(Filters=named)["Subnets"]
    assert actual
    return {subnet["SubnetId"] for subnet in actual}
