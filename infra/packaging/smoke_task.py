"""Run one task of each lane's new task definition: `python infra/packaging/smoke_task.py outputs.json`.

A lane that sleeps at zero tasks starts none in a deployment, so a broken image would be found by the first upload. The
task renders a sample image and ends. The file is the output of `terraform output -json`. Exit code 1: a task failed.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import boto3

LANES: Final = ("bulk", "heavy")
COMMAND: Final = [
    "sh",
    "-c",
    "pixelfleet samples /scratch/smoke && pixelfleet render /scratch/smoke/photos --out /scratch/rendered --strict",
]
#: A task needs minutes for its image to arrive, and seconds to render.
TIMEOUT: Final = 900.0
POLL: Final = 5.0


class SmokeError(Exception):
    """A task did not start, did not end in time, or failed; the text says which."""


def run(
    ecs: Any, lane: str, outputs: Mapping[str, Any], clock: Callable[[], float], sleep: Callable[[float], None]
) -> str:
    """Start the lane's smoke task on demand and wait for its end; returns the task's ARN.

    Raises:
        SmokeError: the task failed.
    """
    answer = ecs.run_task(
        cluster=outputs["cluster_name"],
        taskDefinition=outputs["task_definition_arns"][lane],
        capacityProviderStrategy=_provider(lane, outputs),
        networkConfiguration={
            "awsvpcConfiguration": {
                "subnets": outputs["private_subnet_ids"],
                "securityGroups": [outputs["workers_security_group_id"]],
                "assignPublicIp": "DISABLED",
            }
        },
        overrides={"containerOverrides": [{"name": "worker", "command": COMMAND}]},
    )
    if answer.get("failures") or not answer["tasks"]:
        raise SmokeError(f"{lane}: ECS started no task: {answer.get('failures')}")
    task = str(answer["tasks"][0]["taskArn"])
    deadline = clock() + TIMEOUT
    while clock() < deadline:
        [state] = ecs.describe_tasks(cluster=outputs["cluster_name"], tasks=[task])["tasks"]
        if state["lastStatus"] == "STOPPED":
            _raise_unless_rendered(lane, task, state)
            return task
        sleep(POLL)
    ecs.stop_task(cluster=outputs["cluster_name"], task=task, reason="smoke task took too long")
    raise SmokeError(f"{lane}: {task} did not end within {TIMEOUT:g} s")


def _provider(lane: str, outputs: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The lane's own instances, or Fargate on demand."""
    on_ec2 = outputs["lanes"][lane]["capacity"] == "ec2"
    name = outputs["service_names"][lane] if on_ec2 else "FARGATE"
    return [{"capacityProvider": name, "weight": 1}]


def _raise_unless_rendered(lane: str, task: str, state: Mapping[str, Any]) -> None:
    codes = [container.get("exitCode") for container in state["containers"]]
    if codes != [0]:
        raise SmokeError(f"{lane}: {task} ended with {codes}: {state.get('stoppedReason')}. Its log: /ecs/...-{lane}")


def main() -> int:
    parser = argparse.ArgumentParser(description="Run one task of each lane's new task definition.")
    parser.add_argument("outputs", type=Path, help="file with the output of `terraform output -json`")
    outputs = {name: entry["value"] for name, entry in json.loads(parser.parse_args().outputs.read_text()).items()}
    ecs = boto3.client("ecs", region_name=outputs["environment"]["AWS_REGION"])
    failed = False
    for lane in LANES:
        try:
            sys.stdout.write(f"{lane}: {run(ecs, lane, outputs, time.monotonic, time.sleep)} rendered its sample\n")
        except SmokeError as error:
            sys.stderr.write(f"{error}\n")
            failed = True
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
