"""Preflight against a stubbed AWS: botocore checks every parameter and every answer against the service's model."""

from datetime import UTC, datetime
from typing import Any

import botocore.session
import pytest
from botocore.config import Config
from botocore.stub import Stubber

from pixelfleet.aws.account import Account
from pixelfleet.errors import SetupError
from pixelfleet.operations.preflight import Check, LaneSize, Stack, State, preflight, stack_of

DIGEST = "sha256:" + 64 * "a"
ARN = "arn:aws:acm:us-east-1:123456789012:certificate/00000000-0000-0000-0000-000000000000"
NO_LANES: dict[str, LaneSize] = {}


class Stubs:
    """Clients with canned answers; an unexpected call fails."""

    def __init__(self) -> None:
        self._made: dict[tuple[str, str], tuple[Any, Stubber]] = {}

    def __call__(self, service: str, region: str) -> Any:
        return self.stub(service, region)[0]

    def stub(self, service: str, region: str = "us-east-1") -> tuple[Any, Stubber]:
        if (service, region) not in self._made:
            client = botocore.session.Session().create_client(
                service,
                region_name=region,
                aws_access_key_id="testing",
                aws_secret_access_key="testing",
                config=Config(retries={"total_max_attempts": 1}),
            )
            stubber = Stubber(client)
            stubber.activate()
            self._made[service, region] = client, stubber
        return self._made[service, region]

    def answer(self, service: str, operation: str, answer: dict[str, Any], region: str = "us-east-1") -> None:
        self.stub(service, region)[1].add_response(operation, answer)

    def refuse(self, service: str, operation: str, code: str) -> None:
        self.stub(service)[1].add_client_error(operation, code)

    def quota(self, value: float) -> None:
        self.answer("service-quotas", "get_service_quota", {"Quota": {"Value": value}})

    def service_roles(self, region: str = "us-east-1") -> None:
        """The roles of ECS, Auto Scaling and Spot exist, unless the test refused a role before."""
        role = {
            "RoleName": "AWSServiceRoleForECS",
            "RoleId": "AROAEXAMPLEEXAMPLE",
            "Arn": "arn:aws:iam::123456789012:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS",
            "Path": "/aws-service-role/ecs.amazonaws.com/",
            "CreateDate": datetime(2026, 1, 1, tzinfo=UTC),
        }
        for _ in range(3):
            self.answer("iam", "get_role", {"Role": role}, region)

    def plenty(self) -> None:
        """Quotas of Fargate on demand and of Lambda that are enough for a stack without lanes."""
        self.quota(100)
        self.quota(1000)


@pytest.fixture
def stubs() -> Stubs:
    return Stubs()


def by_name(stubs: Stubs, stack: Stack, region: str = "us-east-1") -> dict[str, Check]:
    stubs.service_roles(region)
    return {check.name: check for check in preflight(Account(stubs, region), stack)}


def test_the_quotas_of_a_new_account_are_too_low_and_the_remedy_requests_the_right_number(stubs: Stubs) -> None:
    for value in (6, 6, 10):
        stubs.quota(value)

    checks = by_name(stubs, Stack())

    # 20 % of 50 bulk tasks and all 10 heavy tasks on demand, and the dashboard: 20 + 40 + 1.5 vCPUs.
    assert checks["Fargate On-Demand vCPUs"].state is State.TOO_LOW
    assert checks["Fargate On-Demand vCPUs"].remedy == (
        "aws service-quotas request-service-quota-increase --region us-east-1 --service-code fargate "
        "--quota-code L-3032A538 --desired-value 62"
    )
    assert checks["Fargate Spot vCPUs"].detail == "6, 80 needed"
    assert checks["Lambda concurrent executions"].state is State.OK


def test_a_quota_that_was_never_changed_has_the_default_of_aws(stubs: Stubs) -> None:
    stubs.refuse("service-quotas", "get_service_quota", "NoSuchResourceException")
    stubs.answer("service-quotas", "get_aws_default_service_quota", {"Quota": {"Value": 6}})
    stubs.quota(1000)

    checks = by_name(stubs, Stack(lanes=NO_LANES))

    assert checks["Fargate On-Demand vCPUs"].detail == "6, 1.5 needed"


def test_lanes_on_ec2_need_the_quotas_of_ec2(stubs: Stubs) -> None:
    for value in (100, 10, 10, 1000):
        stubs.quota(value)

    checks = by_name(stubs, Stack(lanes={"heavy": LaneSize("ec2", 4096, 10, 50)}))

    assert checks["EC2 On-Demand Standard vCPUs"].detail == "10, 20 needed"
    assert checks["EC2 Spot Standard vCPUs"].detail == "10, 20 needed"


def test_an_account_that_never_ran_ecs_lacks_its_role_and_the_remedy_creates_the_role(stubs: Stubs) -> None:
    stubs.refuse("iam", "get_role", "NoSuchEntity")
    stubs.plenty()

    checks = by_name(stubs, Stack(lanes=NO_LANES))

    assert checks["role of ecs.amazonaws.com"].state is State.MISSING
    assert checks["role of ecs.amazonaws.com"].remedy == (
        "aws iam create-service-linked-role --aws-service-name ecs.amazonaws.com"
    )
    assert {name for name in checks if name.startswith("role of")} == {"role of ecs.amazonaws.com"}


@pytest.mark.parametrize(("percent", "roles"), [(0, {"ecs", "autoscaling"}), (80, {"ecs", "autoscaling", "spot"})])
def test_lanes_on_ec2_need_the_roles_of_auto_scaling_and_spot(stubs: Stubs, percent: int, roles: set[str]) -> None:
    for value in (100, 100, 100, 1000):
        stubs.quota(value)

    checks = by_name(stubs, Stack(lanes={"heavy": LaneSize("ec2", 4096, 10, percent)}))

    assert {name for name in checks if name.startswith("role of")} == {
        f"role of {name}.amazonaws.com" for name in roles
    }


@pytest.mark.parametrize(("region", "state"), [("us-gov-west-1", State.MISSING), ("cn-north-1", State.MISSING)])
def test_a_partition_whose_cloudfront_has_no_vpc_origins_is_named(stubs: Stubs, region: str, state: State) -> None:
    for value in (100, 1000):
        stubs.answer("service-quotas", "get_service_quota", {"Quota": {"Value": value}}, region)

    checks = by_name(stubs, Stack(lanes=NO_LANES), region)

    assert checks["partition"].state is state
    assert region in checks["partition"].detail


def test_a_stack_outside_us_east_1_needs_two_certificates(stubs: Stubs) -> None:
    stubs.answer("service-quotas", "get_service_quota", {"Quota": {"Value": 100}}, "eu-central-1")
    stubs.answer("service-quotas", "get_service_quota", {"Quota": {"Value": 1000}}, "eu-central-1")
    summary = {"CertificateArn": ARN, "DomainName": "*.example.com", "Status": "ISSUED"}
    stubs.answer("acm", "list_certificates", {"CertificateSummaryList": [summary]}, "eu-central-1")
    pending = summary | {"DomainName": "images.example.com", "Status": "PENDING_VALIDATION"}
    stubs.answer("acm", "list_certificates", {"CertificateSummaryList": [pending]})
    zones = [
        {"Id": "/hostedzone/Z1", "Name": "example.com.", "CallerReference": "x", "Config": {"PrivateZone": False}},
        {"Id": "/hostedzone/Z2", "Name": "example.com.", "CallerReference": "y", "Config": {"PrivateZone": True}},
    ]
    stubs.answer(
        "route53", "list_hosted_zones", {"HostedZones": zones, "IsTruncated": False, "MaxItems": "100", "Marker": ""}
    )

    checks = by_name(stubs, Stack(domain="images.example.com", lanes=NO_LANES), "eu-central-1")

    assert checks["certificate in eu-central-1"].state is State.OK
    assert checks["certificate in us-east-1"].state is State.MISSING
    assert "describe-certificate" in checks["certificate in us-east-1"].remedy
    assert checks["hosted zone"].detail.startswith("Z1:")


def test_a_missing_image_secret_and_queue_are_named(stubs: Stubs) -> None:
    stubs.plenty()
    stubs.refuse("ecr", "describe_images", "ImageNotFoundException")
    stubs.refuse("secretsmanager", "describe_secret", "ResourceNotFoundException")
    stubs.refuse("sqs", "get_queue_attributes", "AWS.SimpleQueueService.NonExistentQueue")

    checks = by_name(
        stubs,
        Stack(
            repository="pixelfleet", digest=DIGEST, secret="s", queues={"bulk": "https://sqs/1/bulk"}, lanes=NO_LANES
        ),
    )

    assert {
        name: check.state for name, check in checks.items() if name in ("container image", "secret", "queue bulk")
    } == {
        "container image": State.MISSING,
        "secret": State.MISSING,
        "queue bulk": State.MISSING,
    }
    assert checks["secret"].remedy == "pixelfleet secrets create --name s"


@pytest.mark.parametrize(("warm", "state"), [(4000, State.TOO_LOW), (8000, State.OK)])
def test_a_large_batch_needs_a_warm_images_table(stubs: Stubs, warm: int, state: State) -> None:
    stubs.plenty()
    table = {
        "TableStatus": "ACTIVE",
        "WarmThroughput": {"WriteUnitsPerSecond": warm, "ReadUnitsPerSecond": 12000, "Status": "ACTIVE"},
        "CreationDateTime": datetime(2026, 1, 1, tzinfo=UTC),
    }
    stubs.answer("dynamodb", "describe_table", {"Table": table})

    checks = by_name(stubs, Stack(tables={"images": "p-images"}, images_per_second=500, lanes=NO_LANES))

    assert checks["table images"].state is state
    assert ("--warm-throughput WriteUnitsPerSecond=8000" in checks["table images"].remedy) is (state is State.TOO_LOW)


def test_a_refused_check_is_unknown_and_the_other_checks_still_run(stubs: Stubs) -> None:
    stubs.refuse("service-quotas", "get_service_quota", "AccessDeniedException")
    stubs.quota(1000)

    checks = by_name(stubs, Stack(lanes=NO_LANES))

    assert checks["Fargate On-Demand vCPUs"].state is State.UNKNOWN
    assert checks["Lambda concurrent executions"].state is State.OK


def test_the_check_of_a_failing_service_is_unknown_and_the_other_checks_still_run(stubs: Stubs) -> None:
    stubs.refuse("service-quotas", "get_service_quota", "ServiceException")
    stubs.quota(1000)

    checks = by_name(stubs, Stack(lanes=NO_LANES))

    assert checks["Fargate On-Demand vCPUs"].state is State.UNKNOWN
    assert checks["Fargate On-Demand vCPUs"].detail == "AWS gave no answer to GetServiceQuota: ServiceException"
    assert checks["Lambda concurrent executions"].state is State.OK


def test_expired_credentials_end_the_preflight_with_an_error_that_names_them(stubs: Stubs) -> None:
    stubs.refuse("service-quotas", "get_service_quota", "ExpiredTokenException")

    with pytest.raises(SetupError, match="does not take these credentials"):
        by_name(stubs, Stack(lanes=NO_LANES))


def test_terraforms_outputs_describe_the_stack() -> None:
    outputs = {
        "dashboard_url": {"value": "https://images.example.com"},
        "repository_url": {"value": "123456789012.dkr.ecr.us-east-1.amazonaws.com/pixelfleet"},
        "image_digest": {"value": DIGEST},
        "lanes": {
            "value": {
                "bulk": {
                    "capacity": "ec2",
                    "cpu": 2048,
                    "memory": 3700,
                    "scratch_gib": 21,
                    "maximum": 9,
                    "spot_percent": 80,
                }
            }
        },
        "table_names": {"value": {"images": "p-images"}},
        "queue_urls": {"value": {"bulk": "https://sqs/1/bulk"}},
    }

    stack = stack_of(outputs, 5)

    assert (stack.domain, stack.repository, stack.digest) == ("images.example.com", "pixelfleet", DIGEST)
    assert stack.lanes == {"bulk": LaneSize("ec2", 2048, 9, 80)}
    assert (stack.tables, stack.images_per_second) == ({"images": "p-images"}, 5)
