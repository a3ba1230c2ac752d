"""A dashboard over a fake DynamoDB with any number of records, and a signed-in browser; for test and benchmark."""

from collections import Counter
from collections.abc import Iterable
from datetime import timedelta
from typing import Any, Final

from fastapi.testclient import TestClient

from dashboard.app import create_app
from pixelfleet.catalog.dynamo import to_attributes
from pixelfleet.catalog.items import batch_item, image_item, user_item
from pixelfleet.catalog.schema import TABLES
from pixelfleet.deployment import Deployment
from pixelfleet.domain.records import Batch, timestamp
from pixelfleet.domain.users import User
from pixelfleet.settings import Settings
from tests.fakes.dynamodb import FakeDynamoDb
from tests.fakes.records import BEGINNING, RECIPE, image_of

OWNER: Final = "ana"
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
    """A deployment whose DynamoDB is ours."""

    def __init__(self, settings: Settings, dynamo: CountingDynamo) -> None:
        super().__init__(settings)
        # For links, which are signed without a call.
        self.clients.session._session.set_credentials("fake", "fake")  # noqa: SLF001
        # In the place of the client that the property would make.
        self.__dict__["dynamodb"] = self.counting = dynamo


def stocked(records: int) -> StockedFleet:
    """That many records of one owner in ten batches, a second apart, every twentieth failed."""
    settings = Settings(dashboard_url="http://testserver", session_secret="x" * 40)
    dynamo = CountingDynamo(settings)
    images = (image_of(OWNER, f"b{number % BATCHES}", number) for number in range(records))
    dynamo.load(settings.images_table, (to_attributes(image_item(image)) for image in images))
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
    user = User(name=OWNER, password="none", created_at=timestamp())
    dynamo.load(settings.users_table, [to_attributes(user_item(user))])
    return StockedFleet(settings, dynamo)


def browsing(deployment: StockedFleet) -> tuple[TestClient, CountingDynamo, dict[str, str]]:
    """A browser with a session, the counting client, and a cursor and an image to ask for."""
    app = create_app(deployment.settings, deployment)
    # How often it may be asked is not what is measured.
    app.state.site.api_limit.take = _always(app.state.site.api_limit)
    client = TestClient(app, follow_redirects=False)
    sessions = app.state.site.sessions
    client.cookies.set(sessions.cookie, sessions.signed(OWNER, "session", 0))
    cursor = ""
    for _ in range(3):
        page = client.get("/api/v1/images", params={"limit": 100, "cursor": cursor}).json()
        cursor = page["next"]
    return client, deployment.counting, {"cursor": cursor, "image": page["images"][0]["image_id"]}


def _always(limit: Any) -> Any:
    allowance = limit.take("somebody")
    return lambda _caller: allowance
