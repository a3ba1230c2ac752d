"""Duplicates are images of the same owner with the same bytes. The search has a bounded cost."""

from benchmarks.dashboard_site import stocked
from pixelfleet.catalog.dynamo import to_attributes
from pixelfleet.catalog.items import image_item
from pixelfleet.domain.records import Image, Status
from pixelfleet.operations.duplicates import duplicates
from tests.fakes.records import image_of


def test_near_images_of_the_owner_with_the_same_bytes_are_duplicates() -> None:
    fleet = stocked(300)

    def put(owner: str, number: int, sha256: str | None, status: Status = Status.READY) -> Image:
        image = image_of(owner, "dup", number).model_copy(update={"sha256": sha256, "status": status})
        fleet.counting.load(fleet.settings.images_table, [to_attributes(image_item(image))])
        return image

    mine = put("ana", 1_101, "a" * 64)
    earlier, later = put("ana", 101, "a" * 64), put("ana", 1_103, "a" * 64)
    put("ana", 1_105, "b" * 64)
    put("ana", 1_107, "a" * 64, Status.DELETED)
    put("ben", 1_109, "a" * 64)
    assert duplicates(fleet.images, mine) == [earlier, later]
    # 199 images of the fleet lie between the earlier image and this image.
    assert duplicates(fleet.images, mine, most=100) == [later]
    assert duplicates(fleet.images, mine.model_copy(update={"sha256": None})) == []
