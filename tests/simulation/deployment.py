"""The adapters of one simulated process: the real ones, over the models instead of the network.

Bodies of objects go by a transport of their own instead of a boto3 client: `SimulatedBytes` replaces the transport and
keeps the interface.
"""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from pixelfleet.aws.cdn import Cdn
from pixelfleet.aws.copies import Copies
from pixelfleet.aws.object_bytes import ObjectBytes, ObjectStream, PutHeaders
from pixelfleet.aws.upload_bucket import UploadBucket
from pixelfleet.deployment import Deployment
from pixelfleet.settings import Settings
from tests.fakes.s3_bucket import NULL
from tests.simulation.cloud import Cloud
from tests.simulation.network import Network, RemoteClient

#: Nothing here reads the time at which an object was put.
_PUT: Final = datetime(2026, 11, 1, tzinfo=UTC)


class SimulatedBytes(ObjectBytes):
    """`ObjectBytes` with bodies that go through the simulated client."""

    def __init__(self, client: Any) -> None:
        self._s3 = client

    def put(self, bucket: str, key: str, body: bytes | Path, headers: PutHeaders) -> str:
        content = body.read_bytes() if isinstance(body, Path) else body
        answer = self._s3.put_object(Bucket=bucket, Key=key, Body=content, ContentType=headers.content_type)
        return str(answer["ETag"]).strip('"')

    def get(
        self, bucket: str, key: str, version_id: str | None = None, etag: str | None = None, span: range | None = None
    ) -> ObjectStream:
        assert span is None, "no simulated process reads parts"
        request: dict[str, Any] = {"Bucket": bucket, "Key": key}
        request |= {"VersionId": version_id} if version_id else {}
        request |= {"IfMatch": etag} if etag else {}
        answer = self._s3.get_object(**request)
        body: bytes = answer["Body"].read()
        version: str | None = answer.get("VersionId", NULL)
        version = None if version == NULL else version
        return ObjectStream(version, answer["ETag"].strip('"'), len(body), answer["ContentType"], iter([body]), _PUT)


class SimulatedDynamoDb(RemoteClient):
    """A transaction has the same token in all its attempts, as our client sends it."""

    def transact_write_items(self, **request: Any) -> Any:
        token = f"{self._network.process.rng.getrandbits(64):016x}"
        request = {"ClientRequestToken": token, **request}
        return self._network.call(
            self._service,
            "transact_write_items",
            lambda: self._model.transact_write_items(**request),
            self._attempts,
        )


def deployment_of(network: Network, cloud: Cloud, settings: Settings, *, sqs_attempts: int = 4) -> Deployment:
    """The composition of one process; each process makes its own."""
    deployment = Deployment(settings)
    s3: Any = RemoteClient(network, "s3", cloud.s3)
    s3.meta = cloud.s3.meta
    object_bytes = SimulatedBytes(s3)
    cloudfront: Any = RemoteClient(network, "cloudfront", cloud.cloudfront)
    adapters: dict[str, Any] = {
        "s3": s3,
        "sqs": RemoteClient(network, "sqs", cloud.sqs_client, sqs_attempts),
        "sns": RemoteClient(network, "sns", cloud.sns),
        "dynamodb": SimulatedDynamoDb(network, "dynamodb", cloud.dynamodb),
        "ecs": None,
        "cloudwatch": None,
        "object_bytes": object_bytes,
        "upload_bucket": UploadBucket(s3, object_bytes, settings.uploads_bucket),
        "copies": Copies(s3),
        "cdn": Cdn(cloudfront, settings.cdn_distribution_id),
    }
    # Cached properties: what stands in the instance's dictionary is what they return.
    deployment.__dict__.update(adapters)
    return deployment
