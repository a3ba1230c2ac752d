"""A dashboard over a fake DynamoDB that holds any number of records, and a signed-in browser; for test and benchmark."""

import os
from typing import Any, Final

from fastapi.testclient import TestClient

from dashboard.app import create_app
from pixelfleet.bootstrap import Fleet
from pixelfleet.catalog.dynamo import to_attributes
from pixelfleet.catalog.people import User
from pixelfleet.catalog.records import Batch, timestamp
from pixelfleet.catalog.schema import TABLES
from pixelfleet.settings import Settings
from tests.fakes.dynamodb import CountingDynamo
from tests.fakes.records import RECIPE, image_of

OWNER: Final = "ana"
BATCHES: Final = 10


class StockedFleet(Fleet):
    """A deployment whose DynamoDB is ours."""

    def __init__(self, settings: Settings, dynamo: CountingDynamo) -> None:
        super().__init__(settings)
        self.__dict__["dynamodb"] = dynamo


def stocked(records: int) -> StockedFleet:
    """That many records of one owner in ten batches, a second apart, every twentieth failed."""
    os.environ.update({"AWS_ACCESS_KEY_ID": "fake", "AWS_SECRET_ACCESS_KEY": "fake", "AWS_DEFAULT_REGION": "us-east-1"})
    settings = Settings(dashboard_url="http://testserver", session_secret="x" * 40)
    dynamo = CountingDynamo({getattr(settings, f"{table.name}_table"): table for table in TABLES})
    images = (image_of(OWNER, f"b{number % BATCHES}", number) for number in range(records))
    dynamo.load(settings.images_table, (to_attributes(image.to_item()) for image in images))
    batches = (
        Batch(batch_id=f"{OWNER}/b{n}", owner=OWNER, name=f"b{n}", created_at=timestamp(), recipe=RECIPE)
        for n in range(BATCHES)
    )
    dynamo.load(settings.batches_table, (to_attributes(batch.to_item()) for batch in batches))
    user = User(name=OWNER, password="none", created_at=timestamp())
    dynamo.load(settings.users_table, [to_attributes(user.to_item())])
    return StockedFleet(settings, dynamo)


def browsing(fleet: StockedFleet) -> tuple[TestClient, Any, dict[str, str]]:
    """A browser with a session, the counting client, and a cursor and an image to ask for."""
    app = create_app(fleet.settings, fleet)
    # How often it may be asked is not what is measured.
    app.state.site.api_limit.take = _always(app.state.site.api_limit)
    client = TestClient(app, follow_redirects=False)
    sessions = app.state.site.sessions
    client.cookies.set(sessions.cookie, sessions.signed(OWNER, "session", 0))
    cursor = ""
    for _ in range(3):
        page = client.get("/api/v1/images", params={"limit": 100, "cursor": cursor}).json()
        cursor = page["next"]
    return client, fleet.dynamodb, {"cursor": cursor, "image": page["images"][0]["image_id"]}


def _always(limit: Any) -> Any:
    allowance = limit.take("somebody")
    return lambda _caller: allowance
