"""The one composition: settings in, clients and adapters out. Entry points call it; nothing else makes a client.

boto3 clients must not cross a fork: a Celery child composes its own.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

import boto3
import botocore.session
from botocore.config import Config
from botocore.credentials import Credentials

from pixelfleet.aws.cdn import Cdn
from pixelfleet.aws.inspection import Inspection
from pixelfleet.aws.listing import Listings
from pixelfleet.aws.metrics import Metrics, Services
from pixelfleet.aws.notices import Notices
from pixelfleet.aws.objects import Objects
from pixelfleet.aws.originals import Originals
from pixelfleet.aws.presigned import Links
from pixelfleet.aws.queues import Queues
from pixelfleet.catalog.activity import Activity
from pixelfleet.catalog.background import BackgroundTasks
from pixelfleet.catalog.batches import Batches
from pixelfleet.catalog.images import Images
from pixelfleet.catalog.invalidations import Invalidations
from pixelfleet.catalog.recipes import RecipeTexts
from pixelfleet.catalog.users import Users
from pixelfleet.errors import SetupError
from pixelfleet.settings import Settings
from pixelfleet.signed import dynamodb, s3, sns
from pixelfleet.signed.dynamodb import SignedDynamoDb
from pixelfleet.signed.http import Judge, Policy, SignedHttp
from pixelfleet.signed.s3 import SignedS3
from pixelfleet.signed.sns import SignedSns
from pixelfleet.uploads.sender import Sender

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_ecs import ECSClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_sqs import SQSClient


@dataclass(frozen=True)
class Deployment:
    """Every adapter of one deployment; each client is made when it is first asked for."""

    settings: Settings
    connections: int = 10

    @cached_property
    def images(self) -> Images:
        return Images(self.dynamodb, self.settings.images_table, self.settings.batches_table)

    @cached_property
    def batches(self) -> Batches:
        return Batches(self.dynamodb, self.settings.batches_table)

    @cached_property
    def recipe_texts(self) -> RecipeTexts:
        return RecipeTexts(self.dynamodb, self.settings.recipes_table)

    @cached_property
    def users(self) -> Users:
        return Users(self.dynamodb, self.settings.users_table)

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
        return Objects(self.s3, SignedS3(self.s3, self._signed(self.s3, s3.judge)), self.settings.results_bucket)

    @cached_property
    def links(self) -> Links:
        on_aws = self.settings.endpoint_url is None
        return Links(self.s3, self.settings.uploads_bucket, self.settings.results_bucket, on_aws=on_aws)

    @cached_property
    def sender(self) -> Sender:
        """Raises SetupError when there are no credentials."""
        credentials = self._credentials
        if credentials is None:
            raise SetupError("no AWS credentials were found; after `pixelfleet up`, paste the lines that it prints")
        return Sender(
            self.s3,
            credentials,
            self.settings.uploads_bucket,
            connections=self.connections,
            ca_bundle=self._core.get_config_variable("ca_bundle"),
        )

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
        """None where no distribution is named, as on one machine."""
        distribution = self.settings.cdn_distribution_id
        return Cdn(self._client("cloudfront"), distribution) if distribution else None

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
    def metrics(self) -> Metrics | None:
        """None at the embedded cloud, which keeps no metrics."""
        return Metrics(self.cloudwatch) if self.cloudwatch is not None else None

    @cached_property
    def services(self) -> Services | None:
        """None at the embedded cloud, whose workers are processes."""
        return Services(self.ecs, self.settings.ecs_cluster) if self.ecs is not None else None

    @cached_property
    def s3(self) -> "S3Client":
        # On AWS, what is signed names the region: the global address answers elsewhere with a redirect, which a
        # browser's form does not survive.
        style = "auto" if self.settings.endpoint_url else "virtual"
        client: S3Client = self._client("s3", signature_version="s3v4", s3={"addressing_style": style})
        return client

    @cached_property
    def sqs(self) -> "SQSClient":
        client: SQSClient = self._client("sqs")
        return client

    @cached_property
    def sns(self) -> "SNSClient":
        client: SNSClient = self._client("sns")
        return cast("SNSClient", SignedSns(client, self._signed(client, sns.judge)))

    @cached_property
    def ecs(self) -> "ECSClient | None":
        """None at the embedded cloud, whose workers are processes."""
        client: ECSClient | None = None if self.settings.endpoint_url else self._client("ecs")
        return client

    @cached_property
    def cloudwatch(self) -> "CloudWatchClient | None":
        """None at the embedded cloud, which keeps no metrics."""
        client: CloudWatchClient | None = None if self.settings.endpoint_url else self._client("cloudwatch")
        return client

    @cached_property
    def dynamodb(self) -> "DynamoDBClient":
        client: DynamoDBClient = self._client("dynamodb")
        return cast("DynamoDBClient", SignedDynamoDb(client, self._signed(client, dynamodb.judge)))

    @cached_property
    def _core(self) -> botocore.session.Session:
        return botocore.session.Session()

    @cached_property
    def _session(self) -> boto3.session.Session:
        return boto3.session.Session(region_name=self.settings.region, botocore_session=self._core)

    @cached_property
    def _credentials(self) -> Credentials | None:
        found: Credentials | None = self._core.get_credentials()
        return found

    def _signed(self, client: Any, judge: Judge) -> SignedHttp:
        policy = Policy(self.connections, self._core.get_config_variable("ca_bundle"))
        return SignedHttp(client, self._credentials, judge, policy)

    def _client(self, service: str, **options: Any) -> Any:
        config = Config(
            connect_timeout=5,
            read_timeout=60,
            max_pool_connections=self.connections,
            tcp_keepalive=True,
            retries={"mode": "standard", "total_max_attempts": 4},
            **options,
        )
        return self._session.client(service, endpoint_url=self.settings.endpoint_url, config=config)  # type: ignore[call-overload]
