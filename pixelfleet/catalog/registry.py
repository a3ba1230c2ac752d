"""The registry in the recipes table: one item that every worker reads, and the versions of each name.

| `recipe_id` | one item is |
| --- | --- |
| `registry` | the present registry: see `domain/registry.py` |
| `versions#<name>` | all versions of a name, oldest first |

Whoever changes the registry writes both in one transaction, on the condition that nobody changed it in between.
"""

from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from pixelfleet.aws.errors import translated
from pixelfleet.catalog.dynamo import CHANGE_TRIES, condition_lost, from_attributes, pause, to_attributes, write
from pixelfleet.catalog.items import fields_of
from pixelfleet.domain.registry import MOST_VERSIONS, Change, RecipeVersion, Registry
from pixelfleet.errors import Cause, TransientError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_REGISTRY: Final = "registry"


class RecipeRegistry:
    """Every method raises TransientError when DynamoDB does not answer."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self._table = table

    def get(self) -> Registry:
        """The registry as it is now; an empty one, if nothing was ever stored."""
        return Registry.model_validate(self._read(_REGISTRY))

    def versions(self, name: str) -> tuple[RecipeVersion, ...]:
        """All versions of a name, oldest first, also of a name that was removed."""
        item = self._read(f"versions#{name}")
        return tuple(RecipeVersion.model_validate(each) for each in item.get("versions", []))

    def change(self, change: Change) -> Registry:
        """Apply a change to the present registry, again if somebody else changed the registry meanwhile.

        Raises:
            SetupError: the change refuses; nothing is written.
        """
        for _ in range(CHANGE_TRIES):
            before = self.get()
            after = change(before)
            if after == before:
                return before
            after = after.model_copy(update={"version": before.version + 1})
            if self._replace(before, after):
                return after
            pause()
        raise TransientError(Cause.THROTTLED, "the recipes are being changed by too many at once")

    def _replace(self, before: Registry, after: Registry) -> bool:
        """Whether the registry was written: False if it is not `before` any more."""
        item = {"recipe_id": _REGISTRY} | fields_of(after)
        head: dict[str, Any] = {"TableName": self._table, "Item": to_attributes(item)}
        if before.version:
            head["ConditionExpression"] = "#version = :version"
            head["ExpressionAttributeNames"] = {"#version": "version"}
            head["ExpressionAttributeValues"] = {":version": {"N": str(before.version)}}
        else:
            head["ConditionExpression"] = "attribute_not_exists(recipe_id)"
        actions: list[Any] = [{"Put": head}, *self._histories(before, after)]
        with translated("change the recipes"):
            try:
                write(self._client.transact_write_items, TransactItems=actions)
            except ClientError as error:
                if condition_lost(error):
                    return False
                raise
        return True

    def _histories(self, before: Registry, after: Registry) -> list[Any]:
        """The puts that add new versions to those of their names."""
        puts = []
        for name, recipe in after.recipes.items():
            present = before.recipes.get(name)
            if present is not None and present.number == recipe.number:
                continue
            # What a newer release keeps in the item, and in its lines, stays.
            item = self._read(f"versions#{name}")
            listed = [*item.get("versions", []), fields_of(recipe.as_version)][-MOST_VERSIONS:]
            item |= {"recipe_id": f"versions#{name}", "name": name, "versions": listed}
            puts.append({"Put": {"TableName": self._table, "Item": to_attributes(item)}})
        return puts

    def _read(self, recipe_id: str) -> dict[str, Any]:
        with translated("read the recipes"):
            answer = self._client.get_item(
                TableName=self._table, Key={"recipe_id": {"S": recipe_id}}, ConsistentRead=True
            )
        item = from_attributes(answer.get("Item", {}))
        item.pop("recipe_id", None)
        return item
