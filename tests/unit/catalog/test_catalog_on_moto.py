"""The conformance tests of the catalog on moto, in process. `make test` runs them on the fake."""

from collections.abc import Iterator

import boto3
import pytest
from moto import mock_aws

from pixelfleet.catalog.batches import Batches
from pixelfleet.catalog.images import Images
from pixelfleet.catalog.recipes import RecipeTexts
from pixelfleet.catalog.registry import RecipeRegistry
from pixelfleet.catalog.schema import BATCHES, IMAGES, RECIPES
from pixelfleet.localcloud.tables import ensure_table
from tests.catalog_conformance import Catalog, CatalogConformance, in_a_minute

pytestmark = pytest.mark.slow


class TestCatalogOnMoto(CatalogConformance):
    @pytest.fixture
    def catalog(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[Catalog]:
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
        monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
        with mock_aws():
            client = boto3.client("dynamodb", region_name="us-east-1")
            for table in (IMAGES, BATCHES, RECIPES):
                ensure_table(client, table.name, table)
            yield Catalog(
                Images(client, "images", "batches"),
                Batches(client, "batches"),
                RecipeTexts(client, "recipes"),
                RecipeRegistry(client, "recipes"),
                Batches(client, "batches", in_a_minute),
            )
