"""Lists of images: filters, orders, images of everybody, cursors; on the fast fake of DynamoDB."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

from benchmarks.dashboard_site import OWNER, StockedFleet, stocked
from pixelfleet.catalog.dynamo import to_attributes
from pixelfleet.catalog.items import batch_item, image_item
from pixelfleet.domain.colours import Colour
from pixelfleet.domain.image_filters import EVERYBODY, FileSize, Filters, ImageOrder, Shape
from pixelfleet.domain.keys import image_id
from pixelfleet.domain.records import Batch, BatchState, Status
from pixelfleet.errors import Cause, SetupError
from pixelfleet.operations.image_pages import ImagePage, first_of, page_of
from pixelfleet.operations.list_cursors import encode_cursor
from tests.fakes.records import image_of

RECORDS = 400


@pytest.fixture(scope="module")
def deployment() -> StockedFleet:
    """Ten batches of ana, and two batches of ben that are newer and still open."""
    deployment = stocked(RECORDS)
    settings, dynamo = deployment.settings, deployment.counting
    images = [image_of("ben", f"x{number % 2}", number) for number in range(40)]
    dynamo.load(settings.images_table, (to_attributes(image_item(image)) for image in images))
    for name in ("x0", "x1"):
        at = f"2030-01-01T00:00:0{name[1]}.000Z"
        batch = Batch(batch_id=f"ben/{name}", owner="ben", name=name, created_at=at)
        assert batch.state is BatchState.OPEN
        dynamo.load(settings.batches_table, [to_attributes(batch_item(batch))])
    return deployment


@pytest.mark.parametrize("owner", [EVERYBODY, "dora"])
def test_a_list_goes_on_behind_an_image_of_the_longest_key(owner: str) -> None:
    deployment = stocked(0)
    made = image_of("dora", "masters", 1)
    keys = [f"{'x' * 1_018}{number}.jpg" for number in range(3)]
    images = [
        made.model_copy(update={"image_id": image_id("masters", key), "bucket": "masters", "key": key}) for key in keys
    ]
    deployment.counting.load(deployment.settings.images_table, [to_attributes(image_item(image)) for image in images])
    batch = Batch(batch_id="dora/masters", owner="dora", name="masters", created_at="2030-01-01T00:00:00.000Z")
    deployment.counting.load(deployment.settings.batches_table, [to_attributes(batch_item(batch))])
    filters = Filters(owner=owner, batch="" if owner == EVERYBODY else "masters")
    cursor: str | None = None
    listed: set[str] = set()
    for _ in keys:
        page = page_of(deployment, filters, cursor, 1)
        cursor = page.cursor
        listed |= {image.key for image in page.images}
    assert listed == set(keys)


@pytest.fixture(scope="module")
def looked_for() -> StockedFleet:
    """Three images of cleo in one batch, which differ in metadata, colour, size and tags."""
    deployment = stocked(0)
    facts: list[dict[str, Any]] = [
        {
            "exif": {"camera": "Canon EOS R6", "lens": "RF24-70mm F2.8", "taken_at": "2026-07-01T11:20:00+02:00"},
            "dominant_colour": "#2040c0",
            "bytes": 900_000,
            "format": "heif",
            "width": 3_000,
            "height": 4_000,
        },
        {"exif": {}, "dominant_colour": "#4682b4", "bytes": 1_000_000, "tags": ("beach", "old")},
        {
            "exif": {"camera": "CANON EOS R6 Mark II", "gps": "52.516275,13.377704"},
            "dominant_colour": "#ffffff",
            "bytes": 10**8,
            "tags": ("beach",),
            "format": "tiff",
            "width": 4_000,
            "height": 2_000,
        },
    ]
    for number, fields in enumerate(facts):
        key = f"uploads/cleo/shoot/{number}.jpg"
        made = image_of("cleo", "shoot", number + 1)
        image = made.model_copy(update=fields | {"image_id": image_id(made.bucket, key), "key": key})
        deployment.counting.load(deployment.settings.images_table, [to_attributes(image_item(image))])
    return deployment


def pages(deployment: StockedFleet, filters: Filters, length: int = 30) -> Iterator[ImagePage]:
    cursor: str | None = None
    while True:
        page = page_of(deployment, filters, cursor, length)
        yield page
        cursor = page.cursor
        if cursor is None:
            return


def paths(deployment: StockedFleet, length: int = 30, **filters: Any) -> list[str]:
    asked = Filters(**({"owner": OWNER} | filters))
    return [image.path for page in pages(deployment, asked, length) for image in page.images]


def test_a_search_in_a_batch_matches_any_part_of_a_name_whatever_its_case(deployment: StockedFleet) -> None:
    everything = paths(deployment, batch="b3")
    assert len(everything) == RECORDS // 10
    expected = [path for path in everything if "mg_00010" in path.lower()]
    assert expected
    assert paths(deployment, batch="b3", name="mG_00010") == expected


def test_a_search_in_a_batch_reads_no_record_that_it_does_not_show(deployment: StockedFleet) -> None:
    deployment.counting.items.clear()
    page = page_of(deployment, Filters(owner=OWNER, batch="b3", name="nothing-is-called-so"))
    assert (page.images, page.cursor) == ((), None)
    assert deployment.counting.items["BatchGetItem"] == 0


def test_a_batch_is_listed_in_order_of_name_in_both_directions_page_by_page(deployment: StockedFleet) -> None:
    forward = paths(deployment, 7, batch="b3")
    assert forward == sorted(forward)
    assert paths(deployment, 7, batch="b3", order=ImageOrder.NAME_REVERSED) == forward[::-1]


def test_an_owners_images_are_newest_or_oldest_first_within_days(deployment: StockedFleet) -> None:
    newest = paths(deployment)
    assert len(newest) == RECORDS
    assert paths(deployment, order=ImageOrder.OLDEST) == newest[::-1]
    day = date(2026, 11, 1)
    assert paths(deployment, order=ImageOrder.OLDEST, since=day, until=day) == newest[::-1]
    assert paths(deployment, since=date(2026, 11, 2)) == paths(deployment, until=date(2026, 10, 31)) == []


def test_the_list_of_everybody_begins_with_the_newest_batches_and_has_each_image_once(deployment: StockedFleet) -> None:
    shown = [image for page in pages(deployment, Filters(owner=EVERYBODY), 17) for image in page.images]
    assert [image.owner for image in shown[:40]] == ["ben"] * 40
    assert {image.batch for image in shown[:20]} == {"x1"}
    ids = [image.image_id for image in shown]
    assert len(ids) == len(set(ids)) == RECORDS + 40


@pytest.mark.parametrize("asked", [{"status": Status.FAILED}, {"cause": Cause.CRASHED}, {"cause": Cause.TRUNCATED}])
def test_the_list_of_everybody_has_all_failures_and_reads_them_from_their_index(
    deployment: StockedFleet, asked: dict[str, Any]
) -> None:
    deployment.counting.items.clear()
    shown = [image for page in pages(deployment, Filters(owner=EVERYBODY, **asked), 10) for image in page.images]
    expected = sum(len(paths(deployment, owner=owner, **asked)) for owner in (OWNER, "ben"))
    assert len(shown) == expected > 0
    assert {image.owner for image in shown} >= {"ben"} or asked == {"cause": Cause.TRUNCATED}


def test_the_failures_of_everybody_can_be_searched(deployment: StockedFleet) -> None:
    assert paths(deployment, owner=EVERYBODY, status=Status.FAILED, name="img_000020") == ["6/IMG_000020.jpg"] * 2


def test_a_page_of_everybody_reads_only_a_few_batches(deployment: StockedFleet) -> None:
    deployment.counting.calls.clear()
    page_of(deployment, Filters(owner=EVERYBODY, name="nothing-is-called-so"))
    assert deployment.counting.calls["Query"] < 250


def test_images_are_filtered_by_camera_colour_size_and_tag_and_by_several_filters_together(
    looked_for: StockedFleet,
) -> None:
    def names(**filters: Any) -> list[str]:
        return paths(looked_for, owner="cleo", **filters)

    assert names(camera="eos r6") == ["2.jpg", "0.jpg"]
    assert names(colour=Colour.BLUE) == ["1.jpg", "0.jpg"]
    assert names(size=FileSize.SMALL) == ["0.jpg"]
    assert names(size=FileSize.MEDIUM) == ["1.jpg"]
    assert names(tag="beach") == ["2.jpg", "1.jpg"]
    assert names(tag="bea") == []
    assert names(camera="canon", colour=Colour.BLUE, batch="shoot") == ["0.jpg"]


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"lens": "rf24-70"}, ["0.jpg"]),
        ({"taken": "2026-07"}, ["0.jpg"]),
        ({"taken": "2025"}, []),
        ({"near": "52.5200, 13.4050"}, ["2.jpg"]),
        ({"near": "48.8566,2.3522"}, []),
        ({"near": "48.8566,2.3522,900"}, ["2.jpg"]),
        ({"format": "HEIF"}, ["0.jpg"]),
        ({"format": ".tif"}, ["2.jpg"]),
        ({"shape": Shape.PANORAMA}, ["2.jpg"]),
        ({"shape": Shape.PORTRAIT}, ["0.jpg"]),
        ({"shape": Shape.LANDSCAPE, "batch": "shoot"}, ["1.jpg", "2.jpg"]),
    ],
)
def test_images_are_filtered_by_all_metadata_of_their_records(
    looked_for: StockedFleet, filters: dict[str, Any], expected: list[str]
) -> None:
    assert paths(looked_for, owner="cleo", **filters) == expected


def test_a_list_reads_only_the_attributes_that_its_filters_and_order_need(looked_for: StockedFleet) -> None:
    asked: list[int] = []
    read = looked_for.counting.batch_get_item

    def batch_get_item(**request: Any) -> Any:
        [part] = request["RequestItems"].values()
        asked.append(len(part.get("ExpressionAttributeNames", ())))
        return read(**request)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(looked_for.counting, "batch_get_item", batch_get_item)
        paths(looked_for, owner="cleo", batch="shoot", order=ImageOrder.SMALLEST)
        paths(looked_for, owner="cleo", batch="shoot", order=ImageOrder.SMALLEST, tag="beach")
        paths(looked_for, owner="cleo", status=Status.READY)
    # Id, status and size; in the second list the tags, too; in the third list id and status. Then whole records for
    # each page.
    assert asked == [3, 0, 4, 0, 2, 0]


@pytest.mark.parametrize("lacks", ["tags", "exif", "dominant_colour", "format"])
def test_a_record_without_an_attribute_that_a_filter_needs_does_not_fit_the_filter(
    looked_for: StockedFleet, lacks: str
) -> None:
    whole = {"camera": "canon", "lens": "rf", "taken": "2026", "near": "52.5,13.4", "format": "tiff"}
    filters = [Filters(owner="cleo", **{name: value}) for name, value in whole.items()]
    filters += [Filters(owner="cleo", colour=Colour.BLUE), Filters(owner="cleo", tag="beach")]
    image = image_of("cleo", "shoot", 9).model_copy(
        update={"exif": {"camera": "x"}, "dominant_colour": "#2040c0", "tags": ("beach",), "format": "tiff"}
    )
    without = image.model_copy(update={lacks: {"tags": (), "exif": {}}.get(lacks)})
    needing = [one for one in filters if lacks in one.needed]
    assert needing
    assert not any(one.take(without) for one in needing)


def test_a_batch_is_listed_in_order_of_size_in_both_directions(looked_for: StockedFleet) -> None:
    assert paths(looked_for, 2, owner="cleo", batch="shoot", order=ImageOrder.SMALLEST) == ["0.jpg", "1.jpg", "2.jpg"]
    assert paths(looked_for, 2, owner="cleo", batch="shoot", order=ImageOrder.LARGEST) == ["2.jpg", "1.jpg", "0.jpg"]
    assert paths(looked_for, owner="cleo", batch="shoot", order=ImageOrder.LARGEST, tag="beach") == ["2.jpg", "1.jpg"]


def test_the_images_of_an_owner_are_listed_by_size_and_name_and_a_batch_by_time(deployment: StockedFleet) -> None:
    by_size = paths(deployment, 70, order=ImageOrder.LARGEST)
    assert len(by_size) == len(set(by_size)) == RECORDS
    by_name = paths(deployment, 70, order=ImageOrder.NAME)
    assert by_name == sorted(by_size)
    assert paths(deployment, 70, order=ImageOrder.NAME_REVERSED) == by_name[::-1]
    day = date(2026, 11, 2)
    assert paths(deployment, order=ImageOrder.NAME, since=day) == []
    newest = paths(deployment, 7, batch="b3", order=ImageOrder.NEWEST)
    assert newest == [path for path in paths(deployment) if path in set(newest)]
    assert (len(newest), paths(deployment, 7, batch="b3", order=ImageOrder.OLDEST)) == (RECORDS // 10, newest[::-1])


@pytest.mark.parametrize(
    ("filters", "why"),
    [
        (Filters(owner=EVERYBODY, batch="b3", order=ImageOrder.LARGEST), "choose an owner"),
        (Filters(owner=OWNER, order=ImageOrder.LARGEST), "more than 30 images.*--owner ana --order=-size"),
        (Filters(owner=OWNER, batch="b3", order=ImageOrder.LARGEST), "more than 30 images.*--batch ana/b3"),
    ],
)
def test_the_error_of_a_list_that_cannot_be_sorted_by_size_names_the_reason(
    deployment: StockedFleet, filters: Filters, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pixelfleet.operations.image_pages.MOST_SORTED", 30)
    with pytest.raises(SetupError, match=why):
        page_of(deployment, filters)


def test_a_cursor_of_another_order_is_refused(deployment: StockedFleet) -> None:
    with pytest.raises(SetupError, match="another order"):
        page_of(deployment, Filters(owner=OWNER, batch="b3", order=ImageOrder.LARGEST), encode_cursor("1/IMG_1.jpg"))


def test_the_first_images_of_a_list_are_those_of_its_pages_in_every_order(
    deployment: StockedFleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = {order: paths(deployment, 70, order=order) for order in ImageOrder}
    monkeypatch.setattr("pixelfleet.operations.image_pages.MOST_SORTED", 30)
    for order in ImageOrder:
        images = first_of(deployment, Filters(owner=OWNER, order=order), 130)
        assert [image.path for image in images] == expected[order][:130]


def test_the_first_images_of_everybody_can_be_put_in_order_of_size(deployment: StockedFleet) -> None:
    asked = Filters(owner=EVERYBODY, order=ImageOrder.SMALLEST)
    sizes = [image.bytes or 0 for image in first_of(deployment, asked, RECORDS + 100)]
    assert (len(sizes), sizes) == (RECORDS + 40, sorted(sizes))
