"""Destroying the stack. The file's name sorts last: no test of the group `stack` comes after it."""

from typing import Any

import pytest

from tests.infra.stack import Stack

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900), pytest.mark.xdist_group("stack")]


def test_destroy_leaves_nothing(stack: Stack) -> None:
    stack.forget_credentials()
    stack.empty_buckets()
    stack.remove_neighbours()
    # As in a fresh clone without a built zip.
    stack.zip.unlink()

    # After every earlier test, the state equals the stack on the emulators.
    stack.terraform.destroy("-refresh=false")

    assert stack.terraform.resources() == []
    assert left(stack) == {}


def left(stack: Stack) -> dict[str, Any]:
    """The resources that the services still list, by service, of kinds that cost or that prevent a second apply."""
    on = stack.client

    def moto(service: str) -> Any:
        return stack.emulators.client(service, on_moto=True)

    vpcs = moto("ec2").describe_vpcs(Filters=[{"Name": "is-default", "Values": ["false"]}])["Vpcs"]
    actual = {
        "buckets": on("s3").list_buckets()["Buckets"],
        "queues": on("sqs").list_queues().get("QueueUrls", []),
        "tables": on("dynamodb").list_tables()["TableNames"],
        "topics": on("sns").list_topics()["Topics"],
        "functions": on("lambda").list_functions()["Functions"],
        "mappings": on("lambda").list_event_source_mappings()["EventSourceMappings"],
        "roles": [role["RoleName"] for role in on("iam").list_roles()["Roles"] if "pixelfleet" in role["RoleName"]],
        "logs": on("logs").describe_log_groups()["logGroups"],
        "repositories": on("ecr").describe_repositories()["repositories"],
        "distributions": on("cloudfront").list_distributions()["DistributionList"].get("Items", []),
        "schedules": on("scheduler").list_schedules()["Schedules"],
        "vpcs": vpcs,
        "nat": [
            gateway for gateway in moto("ec2").describe_nat_gateways()["NatGateways"] if gateway["State"] != "deleted"
        ],
        "clusters": [arn for arn in moto("ecs").list_clusters()["clusterArns"] if _active(moto("ecs"), arn)],
        "balancers": moto("elbv2").describe_load_balancers()["LoadBalancers"],
        "alarms": moto("cloudwatch").describe_alarms()["MetricAlarms"],
        "groups": moto("autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"],
    }
    return {kind: entries for kind, entries in actual.items() if entries}


def _active(ecs: Any, arn: str) -> bool:
    return any(cluster["status"] == "ACTIVE" for cluster in ecs.describe_clusters(clusters=[arn])["clusters"])
