"""The predictions of `upload --dry-run`, compared with the results of the same upload."""

import json
import os
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from pixelfleet.domain.records import Image
from pixelfleet.operations.batch_images import batch_images
from tests.e2e.conftest import LiveFleet
from tests.integration.cli.command import run

pytestmark = pytest.mark.slow

ANIMATED = frozenset({"gif", "webp"})


def reported(*arguments: str, env: dict[str, str]) -> dict[str, Any]:
    finished = run("upload", *arguments, "--json", env=env)
    # With --watch, failed images give exit code 1. Some of the samples fail.
    assert finished.returncode == int("--watch" in arguments), finished.stderr
    document: dict[str, Any] = json.loads(finished.stdout)
    return document


def megapixels(image: Image) -> float:
    assert image.width is not None
    assert image.height is not None
    frames = (image.frames or 1) if image.format in ANIMATED else 1
    return image.width * image.height * frames / 1_000_000


@pytest.mark.parametrize("recipe", ["web", pytest.param("catalog", marks=pytest.mark.slow)])
def test_files_bytes_megapixels_formats_and_rejects_are_those_of_the_real_run(
    live: LiveFleet, samples: Path, tmp_path: Path, recipe: str
) -> None:
    env = os.environ | {"XDG_CACHE_HOME": str(tmp_path / "cache")}
    options = (str(samples), "--owner", live.owner, "--batch", "b1", "--recipe", recipe)
    predicted = reported(*options, "--dry-run", env=env)
    uploaded = reported(*options, "--watch", env=env)

    images = list(batch_images(live.deployment.images, live.owner, "b1"))
    # A forecast reads headers only. An image that the forecast counts as ready may fail at its pixels.
    taken = [image for image in images if image.width is not None]
    refused = Counter(image.cause.value for image in images if image.width is None and image.cause is not None)
    assert predicted["files"] == len(taken) == len(images) - refused.total()
    assert predicted["bytes"] == sum(image.bytes or 0 for image in taken)
    assert predicted["megapixels"] == round(sum(map(megapixels, taken)), 1)
    assert predicted["formats"] == Counter(image.format for image in taken)
    # Skipped files never reach the fleet. The other rejects fail there, with the predicted cause.
    skipped = Counter(predicted["rejects"]) - refused
    assert refused + skipped == predicted["rejects"]
    assert skipped.total() == len(uploaded["skipped"])
    assert set(skipped) <= {"empty", "not_an_image"}
    decoded = [image for image in taken if image.cause is None]
    puts = sum(variant.files for image in decoded for variant in image.variants)
    assert predicted["results"] * len(decoded) == puts * len(taken)
