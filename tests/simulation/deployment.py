"""The adapters of one simulated process: the real ones, over the models instead of the network.

Two adapters read and write bodies by a transport of their own instead of a boto3 client. Of these `SimulatedObjects`
and `SimulatedSender` replace the transport and keep the interface.
"""

import hashlib
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from pixelfleet.aws.cdn import Cdn
from pixelfleet.aws.errors import error_code, translated
from pixelfleet.aws.objects import ObjectGoneError, Objects, ObjectVersion, Stored
from pixelfleet.deployment import Deployment
from pixelfleet.settings import Settings
from tests.fakes.s3_bucket import NULL
from tests.simulation.cloud import Cloud
from tests.simulation.network import Network, RemoteClient

#: S3's answers for a version that is not there, or that the key no longer holds.
_GONE = frozenset({"NoSuchKey", "NoSuchVersion", "PreconditionFailed", "MethodNotAllowed"})


class SimulatedObjects(Objects):
    """`Objects` with bodies that go through the simulated client."""

    def __init__(self, client: Any, results_bucket: str) -> None:
        self._client = client
        self.results_bucket = results_bucket

    def fetch(self, source: ObjectVersion, path: Path, max_bytes: int) -> tuple[ObjectVersion, str]:
        request: dict[str, Any] = {"Bucket": source.bucket, "Key": source.key}
        request |= {"VersionId": source.version_id} if source.version_id else {"IfMatch": source.etag}
        with translated(f"fetch {source.key!r}"):
            try:
                answer = self._client.get_object(**request)
            except ClientError as error:
                if error_code(error) in _GONE:
                    raise ObjectGoneError(source.key) from None
                raise
        body: bytes = answer["Body"].read()
        version: str | None = answer.get("VersionId", NULL)
        version = None if version == NULL else version
        fetched = ObjectVersion(source.bucket, source.key, version, answer["ETag"].strip('"'), len(body))
        if len(body) > max_bytes:
            return fetched, ""
        path.write_bytes(body)
        return fetched, hashlib.sha256(body).hexdigest()

    def store(self, path: Path, key: str, told: Stored) -> str:
        body = path.read_bytes()
        with translated(f"store {key!r}"):
            self._client.put_object(Bucket=self.results_bucket, Key=key, Body=body, ContentType=told.content_type)
        return hashlib.sha256(body).hexdigest()


class SimulatedSender:
    """`Sender` over the simulated client."""

    def __init__(self, client: Any, bucket: str) -> None:
        self.client = client
        self.bucket = bucket

    def put(self, key: str, body: Any, digest: Any, content_type: str | None = None) -> str:
        answer = self.client.put_object(
            Bucket=self.bucket, Key=key, Body=bytes(body), ChecksumSHA256=digest.base64, ContentType=content_type
        )
        return str(answer["ETag"])


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
    s3 = RemoteClient(network, "s3", cloud.s3)
    cloudfront: Any = RemoteClient(network, "cloudfront", cloud.cloudfront)
    adapters: dict[str, Any] = {
        "s3": s3,
        "sqs": RemoteClient(network, "sqs", cloud.sqs_client, sqs_attempts),
        "sns": RemoteClient(network, "sns", cloud.sns),
        "dynamodb": SimulatedDynamoDb(network, "dynamodb", cloud.dynamodb),
        "ecs": None,
        "cloudwatch": None,
        "objects": SimulatedObjects(s3, settings.results_bucket),
        "sender": SimulatedSender(s3, settings.uploads_bucket),
        "cdn": Cdn(cloudfront, settings.cdn_distribution_id),
    }
    # Cached properties: what stands in the instance's dictionary is what they return.
    deployment.__dict__.update(adapters)
    return deployment
