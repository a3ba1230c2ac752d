"""AWS's partitions: how ARNs begin and where endpoints are, by a region's name. A test holds this to botocore."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Partition:
    """`name` is the second part of an ARN, `dns_suffix` what follows the region in an endpoint's name."""

    name: str
    dns_suffix: str


AWS: Final = Partition("aws", "amazonaws.com")
_BY_PREFIX: Final = {
    "cn-": Partition("aws-cn", "amazonaws.com.cn"),
    "us-gov-": Partition("aws-us-gov", "amazonaws.com"),
    "eusc-": Partition("aws-eusc", "amazonaws.eu"),
    "us-iso-": Partition("aws-iso", "c2s.ic.gov"),
    "us-isob-": Partition("aws-iso-b", "sc2s.sgov.gov"),
    "eu-isoe-": Partition("aws-iso-e", "cloud.adc-e.uk"),
    "us-isof-": Partition("aws-iso-f", "csp.hci.ic.gov"),
}


def partition_of(region: str) -> Partition:
    """The partition of a region; `aws` for every name of no other partition."""
    return next((partition for prefix, partition in _BY_PREFIX.items() if region.startswith(prefix)), AWS)


def arn(service: str, region: str, account: str, resource: str) -> str:
    """The ARN of a resource of one account and region."""
    return f"arn:{partition_of(region).name}:{service}:{region}:{account}:{resource}"
