"""The catalog's promises on the embedded cloud."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from pixelfleet.catalog.batches import Batches
from pixelfleet.deployment import Deployment
from pixelfleet.domain.records import Counts, Image
from pixelfleet.settings import Settings
from tests.catalog_conformance import OUTCOME, Catalog, CatalogConformance, aim, in_a_minute, make_ready


class TestCatalogOnTheEmbeddedCloud(CatalogConformance):
    @pytest.fixture
    def catalog(self, settings: Settings) -> Catalog:
        deployment = Deployment(settings)
        later = Batches(deployment.dynamodb, settings.batches_table, in_a_minute)
        return Catalog(deployment.images, deployment.batches, deployment.recipe_texts, later)

    # moto lets two threads both win a condition, so what follows is asked of the embedded cloud alone.

    def test_one_revision_is_recorded_and_counted_once_by_however_many_workers(self, catalog: Catalog) -> None:
        claimed = catalog.images.claim(aim(), 5, None)
        assert isinstance(claimed, Image)
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda _: catalog.images.record_ready(aim(), OUTCOME, claimed), range(8)))
        assert [answer for answer in answers if isinstance(answer, Image)] != []
        assert sorted({str(answer) for answer in answers if not isinstance(answer, Image)}) == ["done"]
        assert catalog.batches.counts("me", "b1") == Counts(ready=1)

    def test_of_many_who_see_the_last_image_at_once_one_announces_the_batch(self, catalog: Catalog) -> None:
        catalog.batches.create("me", "b1")
        image = make_ready(catalog, aim())
        catalog.batches.seal("me", "b1", [image.image_id])
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda _: catalog.batches.complete("me", "b1"), range(16)))
        assert len([answer for answer in answers if answer is not None]) == 1

    def test_every_claim_of_many_at_once_is_counted(self, catalog: Catalog) -> None:
        with ThreadPoolExecutor(4) as pool:
            claims = [replace(aim(), worker=f"w{number}") for number in range(4)]
            list(pool.map(lambda claim: catalog.images.claim(claim, 5, None), claims))
        image = catalog.images.get(aim().job.image_id)
        assert image is not None
        assert image.attempts == 4
