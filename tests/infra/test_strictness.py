"""The tests' emulator refuses the calls that AWS refuses, for a boto3 client, and the catalog works on it."""

import json
import threading
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError

from pixelfleet.aws.errors import error_code
from pixelfleet.catalog.batches import Batches
from pixelfleet.deployment import Deployment
from pixelfleet.localcloud.provision import provision
from pixelfleet.settings import Settings
from tests.catalog_conformance import Catalog, ContentionConformance, in_a_minute
from tests.infra.emulators import ACCOUNT, REGION, Emulators, ministack
from tests.infra.sns_limits import FILTER_POLICIES_PAGE, MAIL_PAGE, MAILS_A_SECOND, MOST_FILTER_POLICIES
from tests.infra.strictness import INVALIDATIONS_PAGE, MOST_WILDCARDS, TRANSACTIONS_PAGE

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("strictness")]

TABLE = "counters"


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulators]:
    with ministack(tmp_path_factory.mktemp("ministack")) as running:
        yield running


def test_every_refusal_names_its_page() -> None:
    pages = (INVALIDATIONS_PAGE, TRANSACTIONS_PAGE, FILTER_POLICIES_PAGE, MAIL_PAGE)

    assert all(page.startswith("https://docs.aws.amazon.com/") for page in pages)


def test_a_sixteenth_wildcard_in_progress_is_refused_and_a_repeated_call_is_not(emulator: Emulators) -> None:
    cloudfront = emulator.client("cloudfront")
    distribution = cloudfront.create_distribution(DistributionConfig=DISTRIBUTION)["Distribution"]["Id"]

    def invalidate(reference: str, paths: list[str]) -> str:
        batch = {"CallerReference": reference, "Paths": {"Quantity": len(paths), "Items": paths}}
        return outcome(lambda: cloudfront.create_invalidation(DistributionId=distribution, InvalidationBatch=batch))

    first = [f"/{number}/*" for number in range(MOST_WILDCARDS)]
    assert invalidate("first", first) == "taken"
    assert invalidate("second", ["/one more/*"]) == "TooManyInvalidationsInProgress"
    assert invalidate("first", first) == "taken"
    assert invalidate("third", ["/one/file"]) == "taken"


def test_the_filter_policy_above_the_quota_is_refused_until_another_is_removed(emulator: Emulators) -> None:
    sns = emulator.client("sns")
    topic = sns.create_topic(Name="filtered")["TopicArn"]

    def subscribe(number: int) -> str:
        return outcome(
            lambda: sns.subscribe(
                TopicArn=topic,
                Protocol="email",
                Endpoint=f"{number}@example.com",
                Attributes={"FilterPolicy": json.dumps({"owner": [str(number)]})},
            )
        )

    outcomes = [subscribe(number) for number in range(MOST_FILTER_POLICIES + 1)]
    assert outcomes == MOST_FILTER_POLICIES * ["taken"] + ["FilterPolicyLimitExceeded"]

    other = sns.create_topic(Name="another")["TopicArn"]
    filters = {"FilterPolicy": json.dumps({"owner": ["x"]})}
    assert (
        outcome(lambda: sns.subscribe(TopicArn=other, Protocol="email", Endpoint="x@example.com", Attributes=filters))
        == "taken"
    )
    one = sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"][0]["SubscriptionArn"]
    sns.unsubscribe(SubscriptionArn=one)
    assert subscribe(MOST_FILTER_POLICIES) == "taken"
    sns.delete_topic(TopicArn=topic)


def test_an_eleventh_mail_in_a_second_suspends_only_the_subscription_that_gets_it(emulator: Emulators) -> None:
    sns = emulator.client("sns")
    topic = sns.create_topic(Name="flooded")["TopicArn"]
    everything = sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="all@example.com")["SubscriptionArn"]
    batches = sns.subscribe(
        TopicArn=topic,
        Protocol="email",
        Endpoint="batches@example.com",
        Attributes={"FilterPolicy": json.dumps({"kind": ["batch.completed"]})},
    )["SubscriptionArn"]
    kind = {"kind": {"DataType": "String", "StringValue": "image.ready"}}

    with ThreadPoolExecutor(4) as threads:
        list(
            threads.map(
                lambda _: sns.publish(TopicArn=topic, Message="x", MessageAttributes=kind), range(3 * MAILS_A_SECOND)
            )
        )

    def pending(arn: str) -> str:
        return str(sns.get_subscription_attributes(SubscriptionArn=arn)["Attributes"]["PendingConfirmation"])

    assert (pending(everything), pending(batches)) == ("true", "false")


@pytest.mark.parametrize(
    ("entries", "code"),
    [
        ([("1", "x"), ("1", "y")], "BatchEntryIdsNotDistinct"),
        ([(str(number), "x") for number in range(11)], "TooManyEntriesInBatchRequest"),
        # SQS API reference, SendMessageBatch: 1 MiB in all (262,144 bytes until August 2025).
        ([(str(number), 600_000 * "x") for number in range(2)], "BatchRequestTooLong"),
        ([], "EmptyBatchRequest"),
    ],
)
def test_a_batch_that_sqs_refuses_is_refused(emulator: Emulators, entries: list[tuple[str, str]], code: str) -> None:
    sqs = emulator.client("sqs")
    url = sqs.create_queue(QueueName="batches")["QueueUrl"]
    sent = [{"Id": number, "MessageBody": body} for number, body in entries]

    assert outcome(lambda: sqs.send_message_batch(QueueUrl=url, Entries=sent)).rpartition(".")[2] == code


def test_writes_in_conflict_with_a_transaction_are_refused_and_nothing_is_counted_twice(emulator: Emulators) -> None:
    """Eight writers add to one item, with and without transactions, and repeat writes refused for a conflict."""
    dynamodb = emulator.client("dynamodb")
    dynamodb.create_table(
        TableName=TABLE,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    refused: list[str] = []
    together = threading.Barrier(8)

    def add(number: int) -> None:
        update = {
            "TableName": TABLE,
            "Key": {"id": {"S": "shared"}},
            "UpdateExpression": "ADD n :one",
            "ExpressionAttributeValues": {":one": {"N": "1"}},
        }
        mine = {"Put": {"TableName": TABLE, "Item": {"id": {"S": f"own {number}"}}}}
        call = (
            (lambda: dynamodb.update_item(**update))
            if number % 2
            else (lambda: dynamodb.transact_write_items(TransactItems=[mine, {"Update": update}]))
        )
        together.wait()
        while (code := outcome(call)) != "taken":
            refused.append(code)

    both = {"TransactionConflictException", "TransactionCanceledException"}
    rounds = 0
    with ThreadPoolExecutor(8) as threads:
        # The machine decides which writers meet, so that one round may show one of the two errors only.
        while set(refused) != both and rounds < 100:
            list(threads.map(add, range(8)))
            rounds += 1

    assert set(refused) == both
    count = dynamodb.get_item(TableName=TABLE, Key={"id": {"S": "shared"}})["Item"]["n"]["N"]
    assert count == str(8 * rounds)


class TestCatalogUnderConflicts(ContentionConformance):
    """The catalog on tables whose transactions lock their items, as in DynamoDB."""

    @pytest.fixture
    def catalog(self, emulator: Emulators, monkeypatch: pytest.MonkeyPatch) -> Catalog:
        for name, value in emulator.variables.items():
            monkeypatch.setenv(name, value)
        settings = Settings(prefix=f"t{uuid.uuid4().hex[:12]}", account_id=ACCOUNT, region=REGION)
        provision(settings)
        deployment = Deployment(settings)
        later = Batches(deployment.dynamodb, settings.batches_table, in_a_minute)
        return Catalog(
            deployment.images, deployment.batches, deployment.recipe_texts, deployment.recipe_registry, later
        )


def outcome(call: Any) -> str:
    """The code of the refusal, or `taken`."""
    try:
        call()
    except ClientError as error:
        return error_code(error)
    return "taken"


DISTRIBUTION = {
    "CallerReference": "one",
    "Comment": "",
    "Enabled": True,
    "Origins": {
        "Quantity": 1,
        "Items": [
            {
                "Id": "o",
                "DomainName": "example.com",
                "CustomOriginConfig": {"HTTPPort": 80, "HTTPSPort": 443, "OriginProtocolPolicy": "https-only"},
            }
        ],
    },
    "DefaultCacheBehavior": {
        "TargetOriginId": "o",
        "ViewerProtocolPolicy": "https-only",
        "CachePolicyId": "658327ea-f89d-4fab-a63d-7e88639e58f6",
    },
}
