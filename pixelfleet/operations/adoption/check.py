"""The missing settings of an adopted bucket, each with the command that adds it. Nothing is changed."""

import shlex

from pixelfleet.aws.bucket_setup import BucketSetup
from pixelfleet.aws.queues import queue_name
from pixelfleet.deployment import Deployment
from pixelfleet.domain.partitions import arn, partition_of
from pixelfleet.domain.routes import Router
from pixelfleet.errors import SetupError
from pixelfleet.operations.adoption.event_checks import check_events, check_queue_policy
from pixelfleet.operations.adoption.order import check_source
from pixelfleet.operations.preflight import Check, State


def check_adoption(deployment: Deployment, bucket: str, prefix: str = "") -> list[Check]:
    """The checks of a bucket, the most important first. If the bucket cannot be read, no check follows.

    Raises:
        SetupError: the bucket is one of the deployment's own.
        TransientError: AWS does not answer.
    """
    check_source(deployment, bucket)
    readable = _readable(deployment, bucket, prefix)
    if readable.state is not State.OK:
        return [readable]
    settings = deployment.settings
    queue = arn("sqs", settings.region, settings.account_id, queue_name(settings.uploads_queue_url))
    setup = deployment.bucket_setups.read(bucket, settings.uploads_queue_url, queue)
    bucket_arn = f"arn:{partition_of(settings.region).name}:s3:::{bucket}"
    return [
        readable,
        # The queue comes first: S3 refuses a notification to a queue that does not take it.
        check_queue_policy(setup, bucket, bucket_arn, queue, _local_queue(deployment)),
        check_events(setup, bucket, queue),
        _versioning(setup),
        _key(setup, bucket),
        _route(deployment, bucket, prefix),
    ]


def _local_queue(deployment: Deployment) -> tuple[str, str] | None:
    """The endpoint and the address of the uploads queue in the embedded cloud, where no Terraform changes the queue."""
    settings = deployment.settings
    return (settings.endpoint_url, settings.uploads_queue_url) if settings.endpoint_url else None


def _readable(deployment: Deployment, bucket: str, prefix: str) -> Check:
    """Whether the bucket exists, is in the deployment's region, and may be listed and read by the caller."""
    try:
        deployment.source_buckets.check_readable(bucket, prefix)
        first = next(iter(next(deployment.listings.pages(bucket, prefix), [])), None)
        if first is not None and first.archive is None and first.bytes:
            deployment.source_buckets.first_bytes(bucket, first.key, 1)
    except SetupError as error:
        return Check("bucket", State.MISSING, str(error))
    what = "an object was read" if first is not None else "there is no object yet"
    return Check("bucket", State.OK, f"these credentials may list it; {what}")


def _versioning(setup: BucketSetup) -> Check:
    if setup.versioning == "Enabled":
        return Check("versioning", State.OK, "on: each version of an original stays readable")
    if setup.versioning is None:
        return Check("versioning", State.UNKNOWN, "these credentials may not read s3:GetBucketVersioning")
    detail = "off, which does no harm: an image is pinned by the ETag of its original, and a replaced original is gone"
    return Check("versioning", State.OK, detail)


def _key(setup: BucketSetup, bucket: str) -> Check:
    if setup.kms_key is None:
        return Check("encryption", State.UNKNOWN, "these credentials may not read s3:GetEncryptionConfiguration")
    if not setup.kms_key:
        return Check("encryption", State.OK, "no key of KMS by default")
    if setup.kms_key.endswith("alias/aws/s3"):
        return Check("encryption", State.OK, "the key aws/s3, which everybody with s3:GetObject in the account may use")
    remedy = f"aws kms create-grant --key-id {setup.kms_key} --operations Decrypt --grantee-principal WORKERS_ROLE_ARN"
    detail = f"new objects of {bucket} are encrypted by {setup.kms_key}: the workers' roles need kms:Decrypt"
    return Check("encryption", State.UNKNOWN, detail, remedy)


def _route(deployment: Deployment, bucket: str, prefix: str) -> Check:
    routes = deployment.recipe_registry.get().routes
    route = Router(routes).route_of(bucket, f"{prefix}image.jpg")
    if route is not None and route.owner is not None:
        return Check("route", State.OK, f"route {route.route_id} gives new objects to {route.owner}")
    remedy = f"pixelfleet route add --bucket {bucket} --match {shlex.quote(prefix + '**')} --owner OWNER"
    return Check("route", State.MISSING, "new objects belong to the owner default: no route takes them", remedy)
