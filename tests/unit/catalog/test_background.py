"""Background tasks of the dashboard, as other processes read them."""

from typing import Any

from pixelfleet.catalog.background import BackgroundTasks
from pixelfleet.catalog.schema import TABLES
from tests.fakes.dynamodb import FakeDynamoDb


def test_a_task_in_a_state_that_only_a_newer_release_has_is_listed_and_counts_as_settled() -> None:
    client: Any = FakeDynamoDb((table.name, table) for table in TABLES)
    tasks = BackgroundTasks(client, "activity")
    task = tasks.begin("redrive", "ana", "all")
    key = {"stream": {"S": "background_tasks"}, "at": {"S": task.id}}
    item = client.get_item(TableName="activity", Key=key)["Item"]
    client.put_item(TableName="activity", Item=item | {"state": {"S": "postponed"}})
    [listed] = tasks.recent(9)
    assert (str(listed.state), listed.settled) == ("postponed", True)


def test_a_task_that_is_taken_up_again_keeps_the_attributes_of_a_newer_release() -> None:
    client: Any = FakeDynamoDb((table.name, table) for table in TABLES)
    tasks = BackgroundTasks(client, "activity")
    task = tasks.begin("rollout", "ana", "all")
    key = {"stream": {"S": "background_tasks"}, "at": {"S": task.id}}
    item = client.get_item(TableName="activity", Key=key)["Item"]
    client.put_item(TableName="activity", Item=item | {"machine": {"S": "laptop"}})
    again = tasks.get(task.id)
    assert again is not None
    tasks.save(again.model_copy(update={"message": "3 images made"}))
    stored = client.get_item(TableName="activity", Key=key)["Item"]
    assert (stored["machine"], stored["message"]) == ({"S": "laptop"}, {"S": "3 images made"})
    assert stored.keys() == item.keys() | {"machine"}
