"""The catalog's promises on the embedded cloud."""

import pytest

from pixelfleet.bootstrap import Fleet
from pixelfleet.settings import Settings
from tests.catalog_conformance import Catalog, CatalogConformance


class TestCatalogOnTheEmbeddedCloud(CatalogConformance):
    @pytest.fixture
    def catalog(self, settings: Settings) -> Catalog:
        fleet = Fleet(settings)
        return Catalog(fleet.images, fleet.batches, fleet.recipe_texts)
