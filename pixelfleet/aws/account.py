"""Reads from an AWS account: quotas, roles, certificates, images, zones, tables, queues, secrets. Changes nothing.

The deployment's own settings are not needed: these questions are asked before the first apply.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from pixelfleet.aws.errors import WRONG_CREDENTIALS, error_code
from pixelfleet.errors import SetupError

#: CloudFront takes certificates of this region only.
EDGE_REGION: Final = "us-east-1"
_REFUSED: Final = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthorizationError"})
_ABSENT: Final = frozenset(
    {
        "AWS.SimpleQueueService.NonExistentQueue",
        "ImageNotFoundException",
        "NoSuchEntity",
        "NoSuchResourceException",
        "QueueDoesNotExist",
        "RepositoryNotFoundException",
        "ResourceNotFoundException",
    }
)


class NotAllowedError(Exception):
    """The credentials lack the right to read; the text names the action."""


class NoAnswerError(Exception):
    """The service gave no answer to this question; the text says what it gave."""


@dataclass(frozen=True, slots=True)
class Certificate:
    arn: str
    issued: bool


@dataclass(frozen=True, slots=True)
class TableState:
    """`warm_writes` are write units a second that the table takes at once; None where AWS does not report them."""

    active: bool
    warm_writes: int | None


class Account:
    """One account in one region.

    Every method raises NotAllowedError, NoAnswerError, and SetupError when AWS cannot be reached or does not take the
    credentials.
    """

    def __init__(self, client: Callable[[str, str], Any], region: str) -> None:
        """`client` makes a client of a service in a region."""
        self._client = client
        self.region = region

    def quota(self, service: str, code: str) -> float | None:
        """The quota's value in this account, or AWS's default; None for a quota that AWS does not list."""
        quotas = self._client("service-quotas", self.region)
        for operation in (quotas.get_service_quota, quotas.get_aws_default_service_quota):
            answer = self._ask(partial(operation, ServiceCode=service, QuotaCode=code))
            if answer is not None:
                return float(answer["Quota"]["Value"])
        return None

    def certificates(self, domain: str, region: str) -> list[Certificate]:
        """ACM's certificates that cover a domain, by the domain's name or by a wildcard of its parent."""
        acm = self._client("acm", region)
        names = {domain, "*." + domain.partition(".")[2]}
        certificates = []
        # Without key types, ACM lists RSA_1024 and RSA_2048 only (API reference, ListCertificates).
        kinds = ["RSA_2048", "RSA_3072", "RSA_4096", "EC_prime256v1", "EC_secp384r1"]
        pages = acm.get_paginator("list_certificates").paginate(Includes={"keyTypes": kinds})
        for page in self._ask(lambda: list(pages)) or []:
            for summary in page["CertificateSummaryList"]:
                covered = {summary["DomainName"], *summary.get("SubjectAlternativeNameSummaries", [])}
                if covered & names:
                    certificates.append(Certificate(summary["CertificateArn"], summary.get("Status") == "ISSUED"))
        return certificates

    def has_image(self, repository: str, digest: str) -> bool:
        ecr = self._client("ecr", self.region)
        answer = self._ask(lambda: ecr.describe_images(repositoryName=repository, imageIds=[{"imageDigest": digest}]))
        return bool(answer and answer["imageDetails"])

    def zones(self, domain: str) -> list[str]:
        """Ids of public hosted zones that a domain lies in, the closest first."""
        route53 = self._client("route53", EDGE_REGION)
        labels = domain.split(".")
        parents = [".".join(labels[start:]) + "." for start in range(len(labels) - 1)]
        pages = self._ask(lambda: list(route53.get_paginator("list_hosted_zones").paginate())) or []
        zones = {
            zone["Name"]: zone["Id"].rpartition("/")[2]
            for page in pages
            for zone in page["HostedZones"]
            if not zone["Config"]["PrivateZone"]
        }
        return [zones[parent] for parent in parents if parent in zones]

    def table(self, name: str) -> TableState | None:
        dynamodb = self._client("dynamodb", self.region)
        answer = self._ask(lambda: dynamodb.describe_table(TableName=name))
        if answer is None:
            return None
        table = answer["Table"]
        warm = table.get("WarmThroughput", {}).get("WriteUnitsPerSecond")
        return TableState(table["TableStatus"] in ("ACTIVE", "UPDATING"), warm)

    def has_queue(self, url: str) -> bool:
        sqs = self._client("sqs", self.region)
        return self._ask(lambda: sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])) is not None

    def has_role(self, name: str) -> bool:
        iam = self._client("iam", self.region)
        return self._ask(lambda: iam.get_role(RoleName=name)) is not None

    def has_secret(self, name: str) -> bool:
        secrets = self._client("secretsmanager", self.region)
        return self._ask(lambda: secrets.describe_secret(SecretId=name)) is not None

    def _ask(self, call: Callable[[], Any]) -> Any:
        """The answer; None when the thing is not there."""
        try:
            return call()
        except ClientError as error:
            code = error_code(error)
            if code in _ABSENT:
                return None
            if code in _REFUSED:
                raise NotAllowedError(error.operation_name) from error
            if code in WRONG_CREDENTIALS:
                raise SetupError(f"AWS does not take these credentials ({code})") from error
            raise NoAnswerError(f"{error.operation_name}: {code or 'an error without a code'}") from error
        except BotoCoreError as error:
            raise SetupError(f"AWS could not be asked: {error}") from error


def account(region: str) -> Account:
    """The account of the credentials that boto3 finds."""
    session = boto3.session.Session()
    config = Config(connect_timeout=5, read_timeout=20, retries={"mode": "standard", "total_max_attempts": 4})
    made: dict[tuple[str, str], Any] = {}

    def client(service: str, where: str) -> Any:
        if (service, where) not in made:
            made[service, where] = session.client(service, region_name=where, config=config)  # type: ignore[call-overload]
        return made[service, where]

    return Account(client, region)
