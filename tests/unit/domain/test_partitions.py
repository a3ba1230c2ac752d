"""Queue URLs and ARNs in every region in the data of botocore."""

from collections.abc import Iterator

import botocore.loaders
import botocore.session
import pytest

from pixelfleet.domain.jobs import Lane
from pixelfleet.domain.partitions import arn, partition_of
from pixelfleet.settings import Settings


def regions() -> Iterator[tuple[str, str, str]]:
    for partition in botocore.loaders.Loader().load_data("partitions")["partitions"]:
        for region in partition["regions"]:
            if not region.endswith("-global"):
                yield region, partition["id"], partition["outputs"]["dnsSuffix"]


@pytest.mark.parametrize(("region", "name", "suffix"), list(regions()))
def test_every_region_has_the_same_partition_and_endpoints_as_in_botocore(region: str, name: str, suffix: str) -> None:
    partition = partition_of(region)
    assert (partition.name, partition.dns_suffix) == (name, suffix)
    settings = Settings(AWS_REGION=region, account_id="123456789012")
    assert settings.queue_url(Lane.BULK) == f"https://sqs.{region}.{suffix}/123456789012/pixelfleet-bulk"
    assert settings.notices_topic_arn == f"arn:{name}:sns:{region}:123456789012:pixelfleet-notices"


def test_an_arn_names_its_partition() -> None:
    assert arn("sqs", "cn-north-1", "123456789012", "q") == "arn:aws-cn:sqs:cn-north-1:123456789012:q"
