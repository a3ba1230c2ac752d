"""The tables of the catalog on one machine: made, and brought up to date without the loss of an item."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import boto3
import pytest
from moto import mock_aws

from pixelfleet.catalog.images import Images
from pixelfleet.catalog.schema import BY_DIGEST, IMAGES
from pixelfleet.domain.transitions import Success
from pixelfleet.errors import SetupError
from pixelfleet.localcloud.tables import ensure_table
from tests.catalog_conformance import THUMB, aim


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        yield boto3.client("dynamodb", region_name="us-east-1")


def test_a_table_of_an_earlier_version_gets_the_new_index_and_keeps_its_items(client: Any) -> None:
    earlier = replace(IMAGES, indexes=tuple(index for index in IMAGES.indexes if index != BY_DIGEST))
    assert ensure_table(client, "images", earlier)
    images = Images(client, "images", "batches")
    by = replace(aim(), job=replace(aim().job, key="a.jpg"))
    claimed = images.claim(by, 5, None)
    images.record_ready(by.claimed(claimed), Success((THUMB,), {"sha256": "a" * 64}, {}), claimed)  # type: ignore[arg-type]
    assert not ensure_table(client, "images", IMAGES)
    assert images.with_digest("default", "a" * 64, 10) == [by.job.image_id]
    assert not ensure_table(client, "images", IMAGES)


def test_a_table_with_other_keys_is_refused(client: Any) -> None:
    ensure_table(client, "images", replace(IMAGES, hash_key="other"))
    with pytest.raises(SetupError, match="table images has other keys"):
        ensure_table(client, "images", IMAGES)
