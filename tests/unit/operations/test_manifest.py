"""The manifest has one line for each image. The verifier lists differences between the records and the buckets."""

from typing import Any

import pytest

from pixelfleet.domain.records import Image
from pixelfleet.operations.manifest import AHEAD, ManifestVerifier, Mismatch, manifest_line
from tests.fakes.records import image_of

READY, FAILED = image_of("me", "b", 1), image_of("me", "b", 20)
#: The SHA-256 of every variant in records of `image_of`.
DIGEST = "a" * 64
OTHER = "b" * 64


class Stored:
    """Stands for both buckets: the SHA-256 of every object, in hex by its key."""

    results_bucket = "results"

    def __init__(self, digests: dict[str, str]) -> None:
        self.digests = digests

    def sha256(self, _bucket: str, key: str, _version_id: str | None = None) -> bytes | None:
        return bytes.fromhex(self.digests[key]) if key in self.digests else None


class Tiles:
    """Stands for the sets of tiles: each has this problem."""

    def __init__(self, problem: str | None) -> None:
        self._problem = problem

    def problem(self, _variant: Any) -> str | None:
        return self._problem


def with_source(image: Image) -> Image:
    return image.model_copy(update={"sha256": OTHER})


def stored_for(images: list[Image]) -> dict[str, str]:
    digests = {variant.key: str(variant.sha256) for image in images for variant in image.variants}
    return digests | {image.key: OTHER for image in images}


def mismatches(images: list[Image], digests: dict[str, str], tiles: str | None = None) -> list[list[Mismatch]]:
    stored: Any = Stored(digests)
    problems: Any = Tiles(tiles)
    pairs = list(ManifestVerifier(stored, problems).mismatches(images))
    assert [image for image, _ in pairs] == images
    return [found for _, found in pairs]


def test_a_line_has_the_source_every_variant_and_the_cause() -> None:
    line = manifest_line(READY, "results")
    assert line["source"]["s3"] == f"s3://{READY.bucket}/{READY.key}"
    assert [variant["s3"] for variant in line["variants"]] == [f"s3://results/{one.key}" for one in READY.variants]
    assert (line["status"], line["cause"]) == ("ready", None)
    failed = manifest_line(FAILED, "results")
    assert (failed["status"], failed["cause"], failed["variants"]) == ("failed", "truncated", [])


def test_records_that_agree_with_the_buckets_have_no_mismatch() -> None:
    images = [with_source(READY), FAILED]
    assert mismatches(images, stored_for(images)) == [[], []]


def test_a_missing_original_and_a_variant_that_differs_are_both_named() -> None:
    image = with_source(READY)
    digests = stored_for([image])
    del digests[image.key]
    first = image.variants[0]
    digests[first.key] = OTHER
    assert mismatches([image], digests) == [
        [
            Mismatch(image.path, None, "is not there"),
            Mismatch(image.path, first.name, f"has SHA-256 {OTHER}, not {first.sha256}"),
        ]
    ]


@pytest.mark.parametrize("problem", [None, "has 3 tiles, not 4"])
def test_a_set_of_tiles_is_compared_as_a_set(problem: str | None) -> None:
    tiled = READY.variants[0].model_copy(update={"files": 5})
    image = with_source(READY).model_copy(update={"variants": (tiled,)})
    expected = [] if problem is None else [Mismatch(image.path, tiled.name, problem)]
    assert mismatches([image], {image.key: OTHER}, problem) == [expected]


def test_more_images_than_are_checked_at_once_keep_their_order() -> None:
    images = [with_source(image_of("me", "b", number)) for number in range(1, AHEAD + 3)]
    assert mismatches(images, stored_for(images)) == [[]] * len(images)
