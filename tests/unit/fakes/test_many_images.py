"""The quick loader of benchmarks gives a fake DynamoDB the same state as writing every record."""

from benchmarks.dashboard_site import CountingDynamo, numbered
from benchmarks.many_images import ManyImages
from pixelfleet.catalog.dynamo import to_attributes
from pixelfleet.catalog.items import image_item
from pixelfleet.settings import Settings

COUNT = 250
SETTINGS = Settings()


def written() -> CountingDynamo:
    dynamo = CountingDynamo(SETTINGS)
    dynamo.load(SETTINGS.images_table, (to_attributes(image_item(numbered(number))) for number in range(COUNT)))
    return dynamo


def stocked() -> CountingDynamo:
    dynamo = CountingDynamo(SETTINGS)
    images = ManyImages(COUNT, numbered)
    dynamo.stock(SETTINGS.images_table, images, images.places())
    return dynamo


def state(dynamo: CountingDynamo) -> object:
    """Items by key and the entries of every index, in order."""
    table = dynamo._tables[SETTINGS.images_table]
    listed = {
        (index, group): list(entries.items())
        for index, groups in table._sorted.items()
        for group, entries in groups.items()
        if entries
    }
    return dict(table.items), listed


def test_the_loader_makes_the_same_items_and_index_entries_as_writing() -> None:
    assert state(stocked()) == state(written())


def test_a_record_that_is_written_later_replaces_the_record_of_the_loader() -> None:
    image = numbered(20).model_copy(update={"message": "another", "finished_at": "2026-12-01T00:00:00.000Z"})
    item = to_attributes(image_item(image))
    one, other = stocked(), written()
    for dynamo in (one, other):
        dynamo.put_item(TableName=SETTINGS.images_table, Item=item)
        dynamo.delete_item(TableName=SETTINGS.images_table, Key={"image_id": {"S": numbered(21).image_id}})
    assert state(one) == state(other)
