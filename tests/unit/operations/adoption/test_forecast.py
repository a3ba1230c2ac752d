"""The forecast of an adoption: counts from the listing, and time and cost from the headers of a sample."""

import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image as Pillow

from pixelfleet import recipes
from pixelfleet.domain.archives import RestoreTier
from pixelfleet.errors import SetupError
from pixelfleet.forecast import Forecast
from pixelfleet.images.limits import Limits
from pixelfleet.images.probe import probe
from pixelfleet.operations.adoption import forecast as module
from pixelfleet.operations.adoption.forecast import forecast_adoption
from pixelfleet.operations.adoption.order import Adoption
from pixelfleet.operations.adoption.run import adopt
from pixelfleet.operations.recipe_texts import reference
from pixelfleet.operations.routes import RouteOrder, add_route
from tests.fakes.errors import aws_error
from tests.unit.operations.adoption.fakes import BUCKET, Masters, masters

ORDER = Adoption("anna", BUCKET, owner="museum", batch="scans", recipe=recipes.builtin("web"))

LIMITS = Limits(10**8, 10**8, 100)


@pytest.fixture
def there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Masters:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return masters()


def jpeg(width: int = 40, height: int = 30) -> bytes:
    file = io.BytesIO()
    Pillow.new("RGB", (width, height), "teal").save(file, "JPEG")
    return file.getvalue()


def test_a_forecast_counts_new_skipped_and_existing_objects_and_writes_nothing(there: Masters) -> None:
    there.put("1.jpg", body=jpeg())
    adopt(there.deployment, ORDER)
    there.put("2.jpg", "3.jpg", "4.jpg", body=jpeg())
    there.put("notes.txt")
    there.deployment.queues.sent.clear()
    forecast = forecast_adoption(there.deployment, ORDER)
    assert (forecast.images, forecast.there, forecast.rejects.causes) == (3, 1, {"not_an_image": 1})
    assert forecast.bytes == 3 * len(jpeg())
    assert there.sent == []


def test_time_and_cost_of_the_sample_are_scaled_to_all_images(there: Masters) -> None:
    there.put(*(f"{number}.jpg" for number in range(40)), body=jpeg(400, 300))
    few = forecast_adoption(there.deployment, ORDER, sample_size=4)
    every = forecast_adoption(there.deployment, ORDER)
    assert (few.sampled, every.sampled, every.images) == (4, 40, 40)
    assert few.seconds(8) == pytest.approx(every.seconds(8))
    assert few.cost() == pytest.approx(every.cost())
    # Originals stay where they are, and no event is sent.
    assert {"S3 PUT, originals", "Lambda"} & every.cost().keys() == set()
    assert every.seconds(8, rate=0.5) == 80


def test_the_headers_of_the_sample_show_the_images_that_would_fail(there: Masters) -> None:
    there.put("1.jpg", "2.jpg", "3.jpg", body=jpeg())
    there.put("film", body=b"no image at all" * 10)
    forecast = forecast_adoption(there.deployment, ORDER)
    assert forecast.sample.rejects == {"not_an_image": 1}
    assert forecast.share == 0.75


def test_a_header_beyond_the_first_bytes_is_read_with_the_whole_object(
    there: Masters, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "HEAD", 30)
    there.put("1.jpg", body=jpeg())
    forecast = forecast_adoption(there.deployment, ORDER)
    assert (forecast.sample.files, forecast.sample.bytes, forecast.unread) == (1, len(jpeg()), 0)


def test_archived_objects_are_counted_with_hours_and_price_of_a_restore(there: Masters) -> None:
    there.put("1.jpg", body=jpeg())
    there.put("2.jpg", "3.jpg", body=jpeg(), storage_class="GLACIER")
    there.put("4.jpg", body=jpeg(), storage_class="DEEP_ARCHIVE")
    forecast = forecast_adoption(there.deployment, ORDER)
    assert forecast.archived == {"GLACIER": 2, "DEEP_ARCHIVE": 1}
    assert (forecast.restore_hours(RestoreTier.BULK), forecast.restore_hours(RestoreTier.STANDARD)) == (48, 12)
    gigabytes = len(jpeg()) / 1e9
    requests = 2 * 0.05e-3 + 0.10e-3
    copies = 3 * gigabytes * 0.023 * 7 / 30
    expected = requests + gigabytes * (2 * 0.01 + 0.02) + copies
    assert forecast.restore_cost(RestoreTier.STANDARD, 7) == pytest.approx(expected)
    # No header of an archived object can be read.
    assert forecast.sampled == 1


def test_a_forecast_is_of_the_recipes_that_the_routes_and_the_batch_give(there: Masters, tmp_path: Path) -> None:
    there.put("in/1.jpg", "in/2.jpg", "in/3.jpg", "out/1.jpg", body=jpeg(400, 300))
    for match, recipe in (("in/**", "archive"), ("out/**", "zoom")):
        add_route(there.deployment, "anna", RouteOrder(match, owner="museum", recipe=recipe, bucket=BUCKET))
    forecast = forecast_adoption(there.deployment, replace(ORDER, recipe=None))
    assert (forecast.sample.recipe.name, forecast.recipes) == ("archive", {"archive": 3, "zoom": 1})
    alone = {name: Forecast(recipes.builtin(name)) for name in ("archive", "zoom")}
    for key, its in (("1", "archive"), ("2", "archive"), ("3", "archive"), ("4", "zoom")):
        (tmp_path / key).write_bytes(jpeg(400, 300))
        alone[its].add(probe(tmp_path / key, LIMITS))
    assert forecast.sample.core_ms == pytest.approx(sum(each.core_ms for each in alone.values()))
    there.put("free/1.jpg", body=jpeg())
    in_batch = replace(ORDER, recipe=None, prefix="free/")
    assert forecast_adoption(there.deployment, in_batch).recipes == {"web": 1}
    there.deployment.batches.create("museum", "scans", reference(recipes.builtin("responsive")), in_batch.source)
    assert forecast_adoption(there.deployment, in_batch).recipes == {"responsive": 1}


def test_a_forecast_refuses_what_the_adoption_refuses(there: Masters) -> None:
    there.put("1.jpg", body=jpeg())
    with pytest.raises(SetupError, match="name the --owner"):
        forecast_adoption(there.deployment, Adoption("anna", BUCKET))
    there.deployment.batches.create("museum", "scans")
    with pytest.raises(SetupError, match="is there already, of uploads"):
        forecast_adoption(there.deployment, ORDER)
    add_route(there.deployment, "anna", RouteOrder("**", recipe="zoom", bucket=BUCKET))
    with pytest.raises(SetupError, match="gives the recipe zoom"):
        forecast_adoption(there.deployment, replace(ORDER, batch="other"))


def test_an_empty_bucket_has_a_forecast_without_a_time(there: Masters) -> None:
    forecast = forecast_adoption(there.deployment, ORDER)
    assert (forecast.images, forecast.seconds(8)) == (0, None)
    assert sum(forecast.cost().values()) == 0


def test_objects_that_s3_refuses_are_counted_with_the_reason(there: Masters) -> None:
    there.put("a.jpg", "b.jpg")
    refusing: Any = there.s3

    def refuse(**_: Any) -> None:
        raise aws_error("AccessDenied", 403, "GetObject")

    refusing.get_object = refuse
    forecast = forecast_adoption(there.deployment, ORDER)
    assert (forecast.images, forecast.sampled, forecast.unreadable) == (2, 0, 2)
    assert "these credentials need s3:GetObject on the objects of masters" in forecast.why_unreadable


def test_a_bucket_that_is_missing_or_in_another_region_is_an_error(there: Masters) -> None:
    with pytest.raises(SetupError, match="there is no bucket none"):
        forecast_adoption(there.deployment, replace(ORDER, bucket="none"))
    elsewhere: Any = there.s3
    elsewhere.head_bucket = lambda **_: {"BucketRegion": "eu-central-1"}
    with pytest.raises(SetupError, match="masters is in eu-central-1, and the deployment in us-east-1"):
        forecast_adoption(there.deployment, ORDER)
