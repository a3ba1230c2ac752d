"""Removed images leave the edge caches."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from pixelfleet.aws.cdn import Cdn
from pixelfleet.domain.records import Image, Status
from pixelfleet.errors import Cause, TransientError

REMOVED = Image(
    image_id="abc", bucket="uploads", key="uploads/me@x/b1/a.jpg", owner="me@x", status=Status.DELETED, sequencer="07"
)


class Recording:
    """A CloudFront client that keeps what it was asked, or refuses."""

    def __init__(self, refusal: str | None = None) -> None:
        self.asked: list[Any] = []
        self._refusal = refusal

    def create_invalidation(self, **request: Any) -> None:
        if self._refusal:
            told: Any = {"Error": {"Code": self._refusal}, "ResponseMetadata": {"HTTPStatusCode": 400}}
            raise ClientError(told, "CreateInvalidation")
        self.asked.append(request)


def test_both_addresses_of_an_image_are_invalidated_with_every_revision_and_variant() -> None:
    client: Any = Recording()
    Cdn(client, "E123").forget(REMOVED)
    [request] = client.asked
    assert request["DistributionId"] == "E123"
    assert request["InvalidationBatch"]["Paths"] == {"Quantity": 2, "Items": ["/i/me@x/abc/*", "/me@x/abc/*"]}


def test_a_removal_that_is_told_twice_is_one_invalidation() -> None:
    client: Any = Recording()
    for _ in range(2):
        Cdn(client, "E123").forget(REMOVED)
    assert len({request["InvalidationBatch"]["CallerReference"] for request in client.asked}) == 1


def test_too_many_at_once_is_tried_again_later() -> None:
    client: Any = Recording("TooManyInvalidationsInProgress")
    with pytest.raises(TransientError) as caught:
        Cdn(client, "E123").forget(REMOVED)
    assert caught.value.cause is Cause.THROTTLED
