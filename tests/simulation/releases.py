"""A worker of the next release: what it writes holds attributes and values that this release does not know."""

from typing import Any, Final

from pixelfleet.deployment import Deployment

NEWER: Final = "newer"
#: An attribute of image items that only the next release knows. Each of its writes keeps or adds the attribute.
ATTRIBUTE: Final = "next_release"
#: The lane that each of its writes names: this release has no lane of that name.
LANE: Final = "gigantic"


class _NewerClient:
    """A DynamoDB client that writes image items as the next release does."""

    def __init__(self, client: Any, images_table: str) -> None:
        self._client = client
        self._images = images_table

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def put_item(self, **request: Any) -> Any:
        return self._client.put_item(**self._with_attribute(request))

    def transact_write_items(self, **request: Any) -> Any:
        actions = [
            {"Put": self._with_attribute(action["Put"])} if "Put" in action else action
            for action in request["TransactItems"]
        ]
        return self._client.transact_write_items(**request | {"TransactItems": actions})

    def _with_attribute(self, put: dict[str, Any]) -> dict[str, Any]:
        if put["TableName"] != self._images:
            return put
        return put | {"Item": put["Item"] | {ATTRIBUTE: {"S": "kept"}, "lane": {"S": LANE}}}


def newer_release(deployment: Deployment) -> None:
    """Let a process write as the next release."""
    client = _NewerClient(deployment.dynamodb, deployment.settings.images_table)
    deployment.__dict__["dynamodb"] = client
