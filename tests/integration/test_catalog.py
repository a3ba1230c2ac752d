"""The conformance suite of the catalog on the embedded cloud."""

import pytest

from pixelfleet.catalog.batches import Batches
from pixelfleet.deployment import Deployment
from pixelfleet.settings import Settings
from tests.catalog_conformance import Catalog, CatalogConformance, ContentionConformance, in_a_minute

pytestmark = pytest.mark.slow


class TestCatalogOnTheEmbeddedCloud(CatalogConformance, ContentionConformance):
    @pytest.fixture
    def catalog(self, settings: Settings) -> Catalog:
        deployment = Deployment(settings)
        later = Batches(deployment.dynamodb, settings.batches_table, in_a_minute)
        return Catalog(
            deployment.images, deployment.batches, deployment.recipe_texts, deployment.recipe_registry, later
        )
