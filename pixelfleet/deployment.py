"""The composition: settings in, clients and adapters out. Entry points call it; no other code makes clients.

Clients of boto3 and stores of obstore must not cross a fork: a Celery child composes its own deployment.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

from botocore.exceptions import NoCredentialsError

from pixelfleet.aws.alias_objects import AliasObjects
from pixelfleet.aws.bucket_setup import BucketSetups
from pixelfleet.aws.cdn import Cdn
from pixelfleet.aws.clients import Clients, is_open
from pixelfleet.aws.copies import Copies
from pixelfleet.aws.inspection import Inspection
from pixelfleet.aws.listing import Listings
from pixelfleet.aws.metrics import Metrics, Services
from pixelfleet.aws.notices import Notices
from pixelfleet.aws.object_bytes import ObjectBytes, Policy
from pixelfleet.aws.objects import Objects
from pixelfleet.aws.originals import Originals
from pixelfleet.aws.presigned import Links
from pixelfleet.aws.queues import Queues
from pixelfleet.aws.source_buckets import SourceBuckets
from pixelfleet.aws.upload_bucket import UploadBucket
from pixelfleet.catalog.activity import Activity
from pixelfleet.catalog.alias_claims import AliasClaims
from pixelfleet.catalog.background import BackgroundTasks
from pixelfleet.catalog.batches import Batches
from pixelfleet.catalog.images import Images
from pixelfleet.catalog.invalidations import Invalidations
from pixelfleet.catalog.recipes import RecipeTexts
from pixelfleet.catalog.registry import RecipeRegistry
from pixelfleet.catalog.sign_in_attempts import SignInAttempts
from pixelfleet.catalog.users import Users
from pixelfleet.errors import SetupError
from pixelfleet.settings import Settings

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_ecs import ECSClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_sqs import SQSClient

#: For uploads over a slow connection: eight bodies of 8 MB at once need almost nine minutes at 1 Mbit/s.
UPLOAD_POLICY: Final = Policy(silence=600.0, attempts=5)


@dataclass(frozen=True)
class Deployment:
    """Every adapter of one deployment. Each client is made at its first use."""

    settings: Settings
    connections: int = 10

    @cached_property
    def clients(self) -> Clients:
        return Clients(self.settings.region, self.settings.endpoint_url, self.connections)

    @cached_property
    def images(self) -> Images:
        return Images(self.dynamodb, self.settings.images_table, self.settings.batches_table)

    @cached_property
    def alias_claims(self) -> AliasClaims:
        return AliasClaims(self.dynamodb, self.settings.images_table)

    @cached_property
    def batches(self) -> Batches:
        return Batches(self.dynamodb, self.settings.batches_table)

    @cached_property
    def recipe_texts(self) -> RecipeTexts:
        return RecipeTexts(self.dynamodb, self.settings.recipes_table)

    @cached_property
    def recipe_registry(self) -> RecipeRegistry:
        return RecipeRegistry(self.dynamodb, self.settings.recipes_table)

    @cached_property
    def users(self) -> Users:
        return Users(self.dynamodb, self.settings.users_table)

    @cached_property
    def sign_in_attempts(self) -> SignInAttempts:
        return SignInAttempts(self.dynamodb, self.settings.users_table)

    @cached_property
    def activity(self) -> Activity:
        return Activity(self.dynamodb, self.settings.activity_table)

    @cached_property
    def invalidations(self) -> Invalidations:
        return Invalidations(self.dynamodb, self.settings.activity_table)

    @cached_property
    def background_tasks(self) -> BackgroundTasks:
        return BackgroundTasks(self.dynamodb, self.settings.activity_table)

    @cached_property
    def objects(self) -> Objects:
        return Objects(self.s3, self.object_bytes, self.settings.results_bucket)

    @cached_property
    def alias_objects(self) -> AliasObjects:
        return AliasObjects(self.s3, self.settings.results_bucket, self.settings.stable_max_age)

    @cached_property
    def object_bytes(self) -> ObjectBytes:
        return ObjectBytes(self.s3, self.clients.session, ca_bundle=self.clients.ca_bundle)

    @cached_property
    def links(self) -> Links:
        on_aws = self.settings.endpoint_url is None
        return Links(self.s3, self.settings.uploads_bucket, self.settings.results_bucket, on_aws=on_aws)

    @cached_property
    def upload_bucket(self) -> UploadBucket:
        """The uploads bucket for a client whose connection may be slow.

        Raises:
            SetupError: there are no credentials.
        """
        session = self.clients.session
        if session.get_credentials() is None:
            raise SetupError("no AWS credentials were found") from NoCredentialsError()
        object_bytes = ObjectBytes(self.s3, session, UPLOAD_POLICY, self.clients.ca_bundle)
        return UploadBucket(self.s3, object_bytes, self.settings.uploads_bucket)

    @cached_property
    def queues(self) -> Queues:
        return Queues(self.sqs, self.settings)

    @cached_property
    def notices(self) -> Notices:
        return Notices(
            self.sns, self.settings.notices_topic_arn, self.settings.dashboard_url, self.settings.results_bucket
        )

    @cached_property
    def cdn(self) -> Cdn | None:
        """The CloudFront distribution; None if the settings name none, as on one machine."""
        distribution = self.settings.cdn_distribution_id
        return Cdn(self.clients.client("cloudfront"), distribution) if distribution else None

    @cached_property
    def inspection(self) -> Inspection:
        return Inspection(self.s3, self.settings.results_bucket)

    @cached_property
    def listings(self) -> Listings:
        return Listings(self.s3)

    @cached_property
    def originals(self) -> Originals:
        return Originals(self.s3)

    @cached_property
    def copies(self) -> Copies:
        return Copies(self.s3)

    @cached_property
    def bucket_setups(self) -> BucketSetups:
        # In the embedded cloud, only the notifications are read.
        events = None if self.settings.endpoint_url else self.clients.client("events")
        return BucketSetups(self.s3, self.sqs, events)

    @cached_property
    def source_buckets(self) -> SourceBuckets:
        return SourceBuckets(self.s3)

    @cached_property
    def metrics(self) -> Metrics | None:
        """None at the embedded cloud, which keeps no metrics."""
        return Metrics(self.cloudwatch) if self.cloudwatch is not None else None

    @cached_property
    def services(self) -> Services | None:
        """None at the embedded cloud, whose workers are processes."""
        return Services(self.ecs, self.settings.ecs_cluster) if self.ecs is not None else None

    @cached_property
    def s3(self) -> "S3Client":
        endpoint = self.settings.endpoint_url
        # On AWS, a signed address names the region: the global address answers elsewhere with a redirect, which a
        # browser's form does not survive.
        style = "auto" if endpoint else "virtual"
        # Every body has a checksum of its own, and the signature covers the checksum.
        sign_bodies = endpoint is not None and is_open(endpoint)
        client: S3Client = self.clients.client(
            "s3",
            signature_version="s3v4",
            s3={"addressing_style": style, "payload_signing_enabled": sign_bodies},
        )
        return client

    @cached_property
    def sqs(self) -> "SQSClient":
        client: SQSClient = self.clients.client("sqs")
        return client

    @cached_property
    def sns(self) -> "SNSClient":
        client: SNSClient = self.clients.client("sns", parameter_validation=False)
        return client

    @cached_property
    def ecs(self) -> "ECSClient | None":
        """None at the embedded cloud, whose workers are processes."""
        client: ECSClient | None = None if self.settings.endpoint_url else self.clients.client("ecs")
        return client

    @cached_property
    def cloudwatch(self) -> "CloudWatchClient | None":
        """None at the embedded cloud, which keeps no metrics."""
        client: CloudWatchClient | None = None if self.settings.endpoint_url else self.clients.client("cloudwatch")
        return client

    @cached_property
    def dynamodb(self) -> "DynamoDBClient":
        # Every image needs these calls. mypy has checked the arguments; a second check costs a sixth of each call.
        client: DynamoDBClient = self.clients.client("dynamodb", parameter_validation=False)
        return client
