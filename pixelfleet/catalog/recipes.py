"""The recipes table: texts by digest. Names, and where each recipe applies, are in `registry.py`."""

from typing import TYPE_CHECKING

from pixelfleet.aws.errors import translated
from pixelfleet.catalog.dynamo import from_attributes, to_attributes, write
from pixelfleet.domain.records import RecipeRef

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class RecipeTexts:
    """Recipe texts never change under their digest, so that a record's recipe can always be read again."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self._table = table

    def put(self, recipe: RecipeRef, text: str) -> None:
        self._write({"recipe_id": f"text#{recipe.digest}", "name": recipe.name, "text": text})

    def text(self, digest: str) -> str | None:
        item = self._read(f"text#{digest}")
        return str(item["text"]) if item else None

    def _write(self, item: dict[str, str]) -> None:
        with translated("store a recipe"):
            write(self._client.put_item, TableName=self._table, Item=to_attributes(item))

    def _read(self, recipe_id: str) -> dict[str, object]:
        with translated("read a recipe"):
            answer = self._client.get_item(TableName=self._table, Key={"recipe_id": {"S": recipe_id}})
        return from_attributes(answer.get("Item", {}))
