"""The conformance tests of the catalog on the fake in memory, so that measurements on the fake hold elsewhere."""

from typing import Any

import pytest

from pixelfleet.catalog.batches import Batches
from pixelfleet.catalog.images import Images
from pixelfleet.catalog.recipes import RecipeTexts
from pixelfleet.catalog.registry import RecipeRegistry
from pixelfleet.catalog.schema import TABLES
from tests.catalog_conformance import Catalog, CatalogConformance, in_a_minute
from tests.fakes.dynamodb import FakeDynamoDb


class TestCatalogOnTheFake(CatalogConformance):
    @pytest.fixture
    def catalog(self) -> Catalog:
        client: Any = FakeDynamoDb((table.name, table) for table in TABLES)
        return Catalog(
            Images(client, "images", "batches"),
            Batches(client, "batches"),
            RecipeTexts(client, "recipes"),
            RecipeRegistry(client, "recipes"),
            Batches(client, "batches", in_a_minute),
        )
