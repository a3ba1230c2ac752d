"""The score of a variant, computed in a child when somebody asks, once for each file."""

import hashlib
import io
import uuid
from typing import Any

import pytest
from PIL import Image as Picture

from dashboard.site import SCORES_PER_MINUTE
from pixelfleet.domain.records import Image, StoredVariant
from pixelfleet.domain.users import Scope
from pixelfleet.images.encode import encoding_of
from pixelfleet.recipes import OutputFormat, Variant
from tests.fakes.records import record
from tests.unit.dashboard.conftest import Dashboard


@pytest.fixture
def image(dashboard: Dashboard) -> Image:
    """An image of ana with three variants: one of its shape, one that is cropped, and one that is missing."""
    content, variant = io.BytesIO(), io.BytesIO()
    picture = Picture.radial_gradient("L").resize((400, 300))
    picture.save(content, "PNG")
    picture.resize((200, 150)).save(variant, "JPEG")
    name = f"{uuid.uuid4().hex}.png"
    etag = hashlib.md5(content.getvalue()).hexdigest()
    made = record(dashboard.deployment, "ana", "scores", name, etag=etag)
    folder = f"ana/{made.image_id}/{'ab' * 16}"
    variants = tuple(
        StoredVariant(
            name=of, key=f"{folder}/{of}.jpg", format="jpeg", width=width, height=150, bytes=500,
            content_type="image/jpeg",
        )
        for of, width in (("small", 200), ("crop", 150), ("missing", 200))
    )  # fmt: skip
    changed = made.model_copy(update={"variants": variants})
    deployment = dashboard.deployment
    assert deployment.images._write(made, changed.model_copy(update={"version": made.version + 1}))
    deployment.s3.put_object(Bucket=made.bucket, Key=made.key, Body=content.getvalue())
    results = deployment.settings.results_bucket
    deployment.s3.put_object(Bucket=results, Key=variants[0].key, Body=variant.getvalue())
    return changed


def test_the_score_of_a_variant_is_computed_once_and_is_the_same_for_pages_and_programs(
    dashboard: Dashboard, image: Image
) -> None:
    ana, program = dashboard.browser("ana"), dashboard.program("ana", Scope.READ)
    key = image.variants[0].key
    answer = ana.get(f"/images/{image.image_id}/score", params={"key": key})
    assert answer.status_code == 200, answer.text
    assert 0.9 < answer.json()["score"] <= 1
    site: Any = site_of_client(ana)
    dashboard.deployment.s3.delete_object(Bucket=dashboard.deployment.settings.results_bucket, Key=key)
    # It is known: no file is read.
    with site.scores._place:
        assert ana.get(f"/images/{image.image_id}/score", params={"key": key}).json() == answer.json()
        address = f"/api/v1/images/{image.image_id}/variants/small/score"
        assert program.get(address).json() == answer.json()
    assert program.get(address, params={"revision": "0" * 32}).status_code == 404


def test_a_variant_that_shows_another_part_of_the_original_has_no_score(dashboard: Dashboard, image: Image) -> None:
    answer = dashboard.program("ana", Scope.READ).get(f"/api/v1/images/{image.image_id}/variants/crop/score")
    assert answer.json() == {"score": None, "reason": "it shows another crop than the original"}


def test_a_variant_of_every_format_that_is_one_picture_can_have_a_score(dashboard: Dashboard, image: Image) -> None:
    site: Any = site_of_client(dashboard.browser("ana"))
    small = image.variants[0].model_copy(update={"key": "ana/never-computed"})
    for output in set(OutputFormat) - {OutputFormat.AUTO}:
        content_type = encoding_of(Variant.model_validate({"name": "v", "format": output})).content_type
        # None: neither computed before nor without a score.
        assert site.scores.known(image, small.model_copy(update={"content_type": content_type})) is None
    tiles = small.model_copy(update={"files": 9})
    assert site.scores.known(image, tiles).reason == "it is not one picture"


def test_scores_are_computed_one_at_a_time_and_a_few_a_minute(dashboard: Dashboard, image: Image) -> None:
    ana = dashboard.browser("ana")
    address = f"/images/{image.image_id}/score"
    site: Any = site_of_client(ana)
    gone = ana.get(address, params={"key": image.variants[2].key}).json()
    assert gone["score"] is None
    assert "is gone" in gone["reason"]
    with site.scores._place:
        answers = [ana.get(address, params={"key": image.variants[0].key}) for _ in range(SCORES_PER_MINUTE)]
    assert {answer.status_code for answer in answers} == {429}
    assert "scores in a minute" in answers[-1].text
    assert ana.get(address, params={"key": "ana/other/key.jpg"}).status_code == 404


def site_of_client(client: Any) -> Any:
    return client.app.state.site
