"""A dashboard over a fake DynamoDB with any number of records, and a signed-in browser; for test and benchmark."""

from collections import Counter
from collections.abc import Iterable
from datetime import timedelta
from typing import Any, Final

from fastapi.testclient import TestClient

from benchmarks.many_images import ManyImages
from dashboard.app import create_app
from pixelfleet.catalog.dynamo import to_attributes
from pixelfleet.catalog.items import batch_item, user_item
from pixelfleet.catalog.schema import TABLES
from pixelfleet.deployment import Deployment
from pixelfleet.domain.jobs import Lane
from pixelfleet.domain.records import Batch, Image, timestamp
from pixelfleet.domain.users import Role, User
from pixelfleet.settings import Settings
from tests.fakes.dynamodb import FakeDynamoDb
from tests.fakes.records import BEGINNING, RECIPE, image_of
from tests.fakes.sqs_account import SqsAccount
from tests.fakes.sqs_boto import FakeSqsClient

OWNER: Final = "ana"
OPERATOR: Final = "olga"
BATCHES: Final = 10


class CountingDynamo(FakeDynamoDb):
    """Counts, beside the calls, the items that they returned. It has no Scan: asking for one is an error."""

    def __init__(self, settings: Settings) -> None:
        super().__init__((getattr(settings, f"{table.name}_table"), table) for table in TABLES)
        self.items: Counter[str] = Counter()

    def load(self, table: str, items: Iterable[dict[str, Any]]) -> None:
        for item in items:
            self.put_item(TableName=table, Item=item)

    def get_item(self, **asked: Any) -> dict[str, Any]:
        answer = super().get_item(**asked)
        self.items["GetItem"] += "Item" in answer
        return answer

    def batch_get_item(self, **asked: Any) -> dict[str, Any]:
        answer = super().batch_get_item(**asked)
        self.items["BatchGetItem"] += sum(map(len, answer["Responses"].values()))
        return answer

    def query(self, **asked: Any) -> dict[str, Any]:
        answer = super().query(**asked)
        self.items["Query"] += len(answer["Items"])
        return answer


class StockedFleet(Deployment):
    """A deployment whose DynamoDB and SQS are fakes in this process."""

    def __init__(self, settings: Settings, dynamo: CountingDynamo) -> None:
        super().__init__(settings)
        # For links, which are signed without a call.
        self.clients.session._session.set_credentials("fake", "fake")  # noqa: SLF001
        # In the place of the client that the property would make.
        self.__dict__["dynamodb"] = self.counting = dynamo
        self.__dict__ |= {"sqs": _queues(settings), "metrics": None, "services": None}


def numbered(number: int) -> Image:
    return image_of(OWNER, f"b{number % BATCHES}", number)


def stocked(records: int) -> StockedFleet:
    """That many records of one owner in ten batches, a second apart, every twentieth failed."""
    settings = Settings(dashboard_url="http://testserver", session_secret="x" * 40)
    dynamo = CountingDynamo(settings)
    images = ManyImages(records, numbered)
    dynamo.stock(settings.images_table, images, images.places())
    batches = (
        Batch(
            batch_id=f"{OWNER}/b{n}",
            owner=OWNER,
            name=f"b{n}",
            created_at=timestamp(BEGINNING + timedelta(hours=n)),
            recipe=RECIPE,
        )
        for n in range(BATCHES)
    )
    dynamo.load(settings.batches_table, (to_attributes(batch_item(batch)) for batch in batches))
    users = (
        User(name=name, role=role, password="none", created_at=timestamp())
        for name, role in ((OWNER, Role.USER), (OPERATOR, Role.OPERATOR))
    )
    dynamo.load(settings.users_table, (to_attributes(user_item(user)) for user in users))
    directory = {"user_id": {"S": "directory"}, "people": {"SS": [OWNER, OPERATOR]}}
    dynamo.load(settings.users_table, [directory])
    return StockedFleet(settings, dynamo)


def _queues(settings: Settings) -> FakeSqsClient:
    """The queues of a deployment, empty."""
    sqs = FakeSqsClient(SqsAccount())
    for lane in ("uploads", *Lane):
        for name in (f"{settings.prefix}-{lane}", f"{settings.prefix}-{lane}-dlq"):
            sqs.create_queue(QueueName=name)
    return sqs


def browsing(deployment: StockedFleet, name: str = OWNER) -> tuple[TestClient, CountingDynamo, dict[str, str]]:
    """A browser with a session of `name`, the counting client, and a cursor and an image of `OWNER` to ask for."""
    app = create_app(deployment.settings, deployment)
    # How often it may be asked is not what is measured.
    app.state.site.api_limit.take = _always(app.state.site.api_limit)
    client = TestClient(app, follow_redirects=False)
    sessions = app.state.site.sessions
    client.cookies.set(sessions.cookie, sessions.signed(name, "session", 0))
    cursor = ""
    for _ in range(3):
        page = client.get("/api/v1/images", params={"owner": OWNER, "limit": 100, "cursor": cursor}).json()
        cursor = page["next"]
    return client, deployment.counting, {"cursor": cursor, "image": page["images"][0]["image_id"]}


def _always(limit: Any) -> Any:
    allowance = limit.take("somebody")
    return lambda _caller: allowance
