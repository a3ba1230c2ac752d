"""Invalidations are sent when CloudFront has room for them, and are kept until then."""

from types import SimpleNamespace
from typing import Any

import pytest

from pixelfleet.aws.cdn import Cdn
from pixelfleet.catalog.schema import TABLES
from pixelfleet.deployment import Deployment
from pixelfleet.domain.keys import image_id
from pixelfleet.domain.records import Image, Status
from pixelfleet.errors import TransientError
from pixelfleet.operations.invalidation import (
    LONGEST_WAIT,
    MOST_COVERED,
    RECONCILE_CALLS,
    send_all_invalidations,
    send_invalidations,
)
from pixelfleet.settings import Settings
from tests.clock import Clock
from tests.fakes.cloudfront import DURATION, FakeCloudFront
from tests.fakes.dynamodb import FakeDynamoDb
from tests.fakes.errors import aws_error


class Edge:
    """A deployment with a distribution, and the images that were removed."""

    def __init__(self, most_wildcards: int = 15, distribution: str = "E1") -> None:
        self.clock = Clock()
        self.cloudfront = FakeCloudFront(self.clock, most_wildcards)
        self.deployment = Deployment(Settings(cdn_distribution_id=distribution))
        client: Any = self.cloudfront
        tables = FakeDynamoDb((f"pixelfleet-{table.name}", table) for table in TABLES)
        self.deployment.__dict__.update(dynamodb=tables, cdn=Cdn(client, "E1") if distribution else None)
        self.removed: list[Image] = []

    def remove(self, owner: str, number: int) -> None:
        key = f"uploads/{owner}/b1/{number}.jpg"
        image = Image(
            image_id=image_id("u", key), bucket="u", key=key, owner=owner, status=Status.DELETED, sequencer="07"
        )
        self.deployment.invalidations.add(image)
        self.removed.append(image)

    def forgotten(self) -> int:
        paths = (f"/i/{image.owner}/{image.image_id}/r/thumb.webp" for image in self.removed)
        return sum(self.cloudfront.forgotten_since(0.0, path) for path in paths)


def test_a_few_images_are_invalidated_at_once_and_no_other_image_of_their_owner() -> None:
    edge = Edge()
    for number in range(3):
        edge.remove("me", number)
    assert send_invalidations(edge.deployment)
    assert edge.forgotten() == 3
    assert not edge.cloudfront.forgotten_since(0.0, "/i/me/another/r/thumb.webp")
    assert edge.deployment.invalidations.pending(10) == []


def test_a_large_removal_needs_few_invalidations() -> None:
    edge = Edge()
    for number in range(2_500):
        edge.remove("me", number)
    while not send_invalidations(edge.deployment, calls=RECONCILE_CALLS):
        edge.clock.now += DURATION
    assert edge.forgotten() == 2_500


def test_an_invalidation_of_an_owner_covers_the_owners_images_beyond_one_page() -> None:
    edge = Edge()
    for number in range(3 * MOST_COVERED):
        edge.remove("me", number)
    edge.remove("you", 0)
    calls = 0
    while not send_invalidations(edge.deployment, calls=1):
        edge.clock.now += DURATION
        calls += 1
    assert edge.forgotten() == len(edge.removed)
    # A page of 500 images for each call would be 30 calls.
    assert calls <= 4


def test_an_image_that_is_noted_during_the_call_is_invalidated_by_another_call() -> None:
    edge = Edge()
    for number in range(20):
        edge.remove("me", number)
    invalidate = edge.deployment.cdn.invalidate  # type: ignore[union-attr]

    def slow(*request: Any) -> None:
        invalidate(*request)
        edge.clock.now += 1.0
        if len(edge.removed) == 20:
            edge.remove("me", 21)

    edge.deployment.__dict__["cdn"] = SimpleNamespace(invalidate=slow)
    assert not send_invalidations(edge.deployment, calls=1)
    assert send_invalidations(edge.deployment, calls=1)
    [late] = edge.removed[20:]
    assert edge.cloudfront.forgotten_since(edge.clock.now - 1.0, f"/i/me/{late.image_id}/r/thumb.webp")


def test_the_sixteenth_wildcard_waits_and_nothing_is_lost() -> None:
    edge = Edge()
    for owner in range(20):
        edge.remove(f"owner{owner:02}", owner)
    assert not send_invalidations(edge.deployment)
    assert edge.forgotten() == 7
    rounds = 0
    while not send_invalidations(edge.deployment):
        edge.clock.now += DURATION
        rounds += 1
    assert edge.forgotten() == 20
    assert rounds <= 3


def test_a_distribution_with_little_room_is_used_to_its_limit() -> None:
    edge = Edge(most_wildcards=2)
    for number in range(3):
        edge.remove("me", number)
    assert send_invalidations(edge.deployment)
    assert edge.forgotten() == 3
    edge.remove("you", 1)
    assert not send_invalidations(edge.deployment)
    edge.clock.now += DURATION
    assert send_invalidations(edge.deployment)


def test_an_image_that_is_removed_again_is_invalidated_again() -> None:
    edge = Edge()
    edge.remove("me", 1)
    assert send_invalidations(edge.deployment)
    edge.clock.now += 2 * DURATION
    again = edge.removed[0].model_copy(update={"sequencer": "09"})
    edge.deployment.invalidations.add(again)
    assert send_invalidations(edge.deployment)
    assert edge.cloudfront.forgotten_since(edge.clock.now, f"/i/me/{again.image_id}/r/thumb.webp")


def test_a_refusal_for_another_reason_than_room_is_an_error_and_keeps_the_pending_invalidations() -> None:
    edge = Edge()
    edge.remove("me", 1)

    class Denying:
        def create_invalidation(self, **_: Any) -> None:
            raise aws_error("AccessDenied", 403, "CreateInvalidation")

    denying: Any = Denying()
    edge.deployment.__dict__["cdn"] = Cdn(denying, "E1")
    with pytest.raises(TransientError):
        send_invalidations(edge.deployment)
    assert len(edge.deployment.invalidations.pending(10)) == 1


def test_without_a_distribution_there_is_nothing_to_send() -> None:
    assert send_invalidations(Edge(distribution="").deployment)


def test_readers_that_begin_at_different_partitions_read_different_images_first() -> None:
    edge = Edge()
    for number in range(100):
        edge.remove("me", number)
    firsts = {edge.deployment.invalidations.pending(1, first)[0].image_id for first in range(8)}
    assert len(firsts) == 8
    assert len(edge.deployment.invalidations.pending(1_000, 5)) == 100


def test_a_reconcile_waits_for_room_and_then_sends_the_rest() -> None:
    edge, waits = Edge(), []
    for owner in range(40):
        edge.remove(f"owner{owner:02}", owner)
    assert send_all_invalidations(edge.deployment, lambda: waits.append(edge.clock.now), edge.clock.sleep)
    assert edge.forgotten() == 40
    assert edge.deployment.invalidations.pending(1) == []
    assert len(waits) >= 2


def test_a_reconcile_without_room_gives_up_after_the_longest_wait() -> None:
    edge = Edge(most_wildcards=0)
    edge.remove("me", 1)
    began = edge.clock.now
    assert not send_all_invalidations(edge.deployment, lambda: None, edge.clock.sleep)
    assert edge.clock.now - began == LONGEST_WAIT
    assert len(edge.deployment.invalidations.pending(10)) == 1
