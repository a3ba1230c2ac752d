"""The conformance suite of S3 on the embedded cloud. The fake passes the same suite."""

from typing import TYPE_CHECKING, cast

import pytest

from pixelfleet.localcloud.emulator import Emulator
from tests.fakes.clients import client
from tests.s3_conformance import S3Conformance

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


class TestS3OnTheEmbeddedCloud(S3Conformance):
    @pytest.fixture
    def s3(self, cloud: Emulator) -> "S3Client":
        return cast("S3Client", client("s3", cloud.endpoint_url, cloud.exports()))
