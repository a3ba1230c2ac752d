"""Checks of an AWS account before an apply or a large batch: the lacks, and a remedy for each."""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial
from typing import Any, Final

from pixelfleet.aws.account import EDGE_REGION, Account, NoAnswerError, NotAllowedError
from pixelfleet.domain.partitions import AWS, partition_of

#: Quotas by code (Service Quotas): vCPUs of Fargate, of EC2's standard types, and Lambda's concurrency.
FARGATE_ON_DEMAND: Final = ("fargate", "L-3032A538", "Fargate On-Demand vCPUs")
FARGATE_SPOT: Final = ("fargate", "L-36FBB829", "Fargate Spot vCPUs")
EC2_ON_DEMAND: Final = ("ec2", "L-1216C47A", "EC2 On-Demand Standard vCPUs")
EC2_SPOT: Final = ("ec2", "L-34B43A08", "EC2 Spot Standard vCPUs")
LAMBDA: Final = ("lambda", "L-B99A9384", "Lambda concurrent executions")
#: Roles that AWS makes for a service at its first use, by the service's name. These must be there before an apply: the
#: first cluster or capacity provider of an account fails while its role is new (ECS developer guide, "Using
#: service-linked roles for Amazon ECS"), and Spot by an Auto Scaling group needs its role (EC2 user guide,
#: "Service-linked role for Spot Instance requests"). The other services of the stack make theirs in time.
SERVICE_ROLES: Final[Mapping[str, str]] = {
    "ecs.amazonaws.com": "AWSServiceRoleForECS",
    "autoscaling.amazonaws.com": "AWSServiceRoleForAutoScaling",
    "spot.amazonaws.com": "AWSServiceRoleForEC2Spot",
}
#: Write units of the images table that one image takes: claim, record and indexes (docs/deploy.md, How to size).
WRITES_AN_IMAGE: Final = 16
#: Write units that a new on-demand table takes at once (DynamoDB developer guide, "Initial throughput").
NEW_TABLE_WRITES: Final = 4_000
#: vCPUs of the dashboard's two tasks and of the scheduled task.
OTHER_CORES: Final = 1.5


class State(StrEnum):
    OK = "ok"
    MISSING = "missing"
    TOO_LOW = "too low"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Check:
    """One check and its result; `remedy` is a command or a page, empty where nothing has to be done."""

    name: str
    state: State
    detail: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class LaneSize:
    """A lane's tasks: `cpu` in CPU units (1024 is a vCPU), `maximum` tasks, `spot_percent` of them on Spot."""

    capacity: str
    cpu: int
    maximum: int
    spot_percent: int

    @property
    def spot_cores(self) -> float:
        return self.maximum * self.spot_percent / 100 * self.cpu / 1024

    @property
    def on_demand_cores(self) -> float:
        return self.maximum * self.cpu / 1024 - self.spot_cores


#: The defaults of infra/modules/pixelfleet.
DEFAULT_LANES: Final[Mapping[str, LaneSize]] = {
    "bulk": LaneSize("fargate", 2048, 50, 80),
    "heavy": LaneSize("fargate", 4096, 10, 0),
}


@dataclass(frozen=True, slots=True)
class Stack:
    """The planned stack. Empty fields are not checked."""

    domain: str = ""
    repository: str = ""
    digest: str = ""
    secret: str = ""
    lanes: Mapping[str, LaneSize] = field(default_factory=lambda: DEFAULT_LANES)
    tables: Mapping[str, str] = field(default_factory=dict)
    queues: Mapping[str, str] = field(default_factory=dict)
    producers: int = 10
    images_per_second: float = 0


def stack_of(outputs: Mapping[str, Any], images_per_second: float = 0) -> Stack:
    """The stack that `terraform output -json` describes."""
    values = {name: output["value"] for name, output in outputs.items()}
    lanes = {
        name: LaneSize(lane["capacity"], int(lane["cpu"]), int(lane["maximum"]), int(lane["spot_percent"]))
        for name, lane in (values.get("lanes") or {}).items()
    }
    return Stack(
        domain=str(values.get("dashboard_url") or "").removeprefix("https://"),
        repository=str(values.get("repository_url") or "").partition("/")[2],
        digest=str(values.get("image_digest") or ""),
        lanes=lanes or DEFAULT_LANES,
        tables=values.get("table_names") or {},
        queues=values.get("queue_urls") or {},
        images_per_second=images_per_second,
    )


def preflight(account: Account, stack: Stack) -> list[Check]:
    """Make all checks. A check that AWS refuses or does not answer is `unknown`, and the others go on."""
    checks: list[Check] = []
    for name, ask in _questions(account, stack):
        try:
            checks.append(ask())
        except NotAllowedError as refusal:
            checks.append(Check(name, State.UNKNOWN, f"these credentials may not call {refusal}"))
        except NoAnswerError as error:
            checks.append(Check(name, State.UNKNOWN, f"AWS gave no answer to {error}"))
    return checks


def _questions(account: Account, stack: Stack) -> Iterator[tuple[str, Callable[[], Check]]]:
    yield from _account_questions(account, stack)
    yield from _stack_questions(account, stack)


def _account_questions(account: Account, stack: Stack) -> Iterator[tuple[str, Callable[[], Check]]]:
    yield "partition", partial(_partition, account.region)
    for service in _service_roles(stack):
        yield f"role of {service}", partial(_service_role, account, service)
    for (service, code, name), needed in _cores(stack):
        yield name, partial(_quota, account, (service, code, name), needed)
    yield LAMBDA[2], partial(_quota, account, LAMBDA, stack.producers)


def _stack_questions(account: Account, stack: Stack) -> Iterator[tuple[str, Callable[[], Check]]]:
    if stack.domain:
        for region in dict.fromkeys((account.region, EDGE_REGION)):
            yield f"certificate in {region}", partial(_certificate, account, stack.domain, region)
        yield "hosted zone", partial(_zone, account, stack.domain)
    if stack.digest:
        yield "container image", partial(_image, account, stack)
    if stack.secret:
        yield "secret", partial(_secret, account, stack.secret)
    for name, url in stack.queues.items():
        yield f"queue {name}", partial(_queue, account, name, url)
    for name, table in stack.tables.items():
        yield f"table {name}", partial(_table, account, name, table, stack.images_per_second)


def _cores(stack: Stack) -> Iterable[tuple[tuple[str, str, str], float]]:
    fargate = [lane for lane in stack.lanes.values() if lane.capacity == "fargate"]
    ec2 = [lane for lane in stack.lanes.values() if lane.capacity == "ec2"]
    yield FARGATE_ON_DEMAND, OTHER_CORES + sum(lane.on_demand_cores for lane in fargate)
    for quota, cores in (
        (FARGATE_SPOT, sum(lane.spot_cores for lane in fargate)),
        (EC2_ON_DEMAND, sum(lane.on_demand_cores for lane in ec2)),
        (EC2_SPOT, sum(lane.spot_cores for lane in ec2)),
    ):
        if cores:
            yield quota, cores


def _service_roles(stack: Stack) -> Iterable[str]:
    ec2 = [lane for lane in stack.lanes.values() if lane.capacity == "ec2"]
    yield "ecs.amazonaws.com"
    if ec2:
        yield "autoscaling.amazonaws.com"
    if any(lane.spot_percent for lane in ec2):
        yield "spot.amazonaws.com"


def _partition(region: str) -> Check:
    """GovCloud has no CloudFront, and CloudFront in China has no VPC origins and takes no certificate of ACM."""
    partition = partition_of(region).name
    if partition == AWS.name:
        return Check("partition", State.OK, partition)
    detail = f"{region} is in {partition}, where CloudFront has no VPC origins: the stack cannot be applied there"
    return Check("partition", State.MISSING, detail, "export AWS_REGION=eu-central-1, or another region of aws")


def _service_role(account: Account, service: str) -> Check:
    role = SERVICE_ROLES[service]
    if account.has_role(role):
        return Check(f"role of {service}", State.OK, role)
    remedy = f"aws iam create-service-linked-role --aws-service-name {service}"
    return Check(f"role of {service}", State.MISSING, f"{role} is not there", remedy)


def _quota(account: Account, quota: tuple[str, str, str], needed: float) -> Check:
    service, code, name = quota
    value = account.quota(service, code)
    if value is None:
        return Check(name, State.UNKNOWN, f"{needed:g} needed; AWS lists no quota {code} in {account.region}")
    if value >= needed:
        return Check(name, State.OK, f"{value:g}, {needed:g} needed")
    remedy = (
        f"aws service-quotas request-service-quota-increase --region {account.region} --service-code {service} "
        f"--quota-code {code} --desired-value {math.ceil(needed)}"
    )
    return Check(name, State.TOO_LOW, f"{value:g}, {needed:g} needed", remedy)


def _certificate(account: Account, domain: str, region: str) -> Check:
    name = f"certificate in {region}"
    certificates = account.certificates(domain, region)
    issued = [certificate.arn for certificate in certificates if certificate.issued]
    if issued:
        return Check(name, State.OK, issued[0])
    if certificates:
        remedy = f"aws acm describe-certificate --region {region} --certificate-arn {certificates[0].arn}"
        return Check(name, State.MISSING, "requested and not issued: its DNS record is missing", remedy)
    remedy = f"aws acm request-certificate --region {region} --domain-name {domain} --validation-method DNS"
    return Check(name, State.MISSING, f"none for {domain}; or set route53_zone_id", remedy)


def _zone(account: Account, domain: str) -> Check:
    zones = account.zones(domain)
    if zones:
        return Check("hosted zone", State.OK, f"{zones[0]}: route53_zone_id may be set")
    return Check("hosted zone", State.OK, f"no public zone here: point {domain} at cdn_domain_name yourself")


def _image(account: Account, stack: Stack) -> Check:
    if account.has_image(stack.repository, stack.digest):
        return Check("container image", State.OK, f"{stack.repository}@{stack.digest[:19]}")
    detail = f"{stack.digest} is not in the repository {stack.repository}"
    return Check("container image", State.MISSING, detail, "make image, then push the image (docs/deploy.md, step 5)")


def _secret(account: Account, name: str) -> Check:
    if account.has_secret(name):
        return Check("secret", State.OK, name)
    return Check("secret", State.MISSING, f"{name} is not there", f"pixelfleet secrets create --name {name}")


def _queue(account: Account, name: str, url: str) -> Check:
    if account.has_queue(url):
        return Check(f"queue {name}", State.OK, url)
    return Check(f"queue {name}", State.MISSING, f"{url} is not there", "make apply")


def _table(account: Account, name: str, table: str, rate: float) -> Check:
    described = account.table(table)
    label = f"table {name}"
    if described is None or not described.active:
        return Check(label, State.MISSING, f"{table} is not there, or not active", "make apply")
    needed = math.ceil(rate * WRITES_AN_IMAGE) if name == "images" else 0
    warm = described.warm_writes or NEW_TABLE_WRITES
    detail = f"{warm:,} write units a second at once"
    if warm >= needed:
        return Check(label, State.OK, detail)
    remedy = (
        f"aws dynamodb update-table --region {account.region} --table-name {table} "
        f"--warm-throughput WriteUnitsPerSecond={needed}"
    )
    return Check(label, State.TOO_LOW, f"{detail}, {needed:,} needed for {rate:g} images a second", remedy)
