"""The fleet that tests stand on: an upload goes through pump and worker, and its record tells of it."""

import time
from io import BytesIO

from PIL import Image as Picture

from pixelfleet.bootstrap import Fleet
from pixelfleet.catalog.records import Status
from pixelfleet.jobs import image_id
from pixelfleet.localcloud.supervise import Supervisor
from pixelfleet.settings import Settings


def test_an_upload_becomes_ready(fleet: Supervisor, settings: Settings) -> None:
    adapters = Fleet(settings)
    picture = BytesIO()
    Picture.new("RGB", (64, 48), (0, 90, 160)).save(picture, "PNG")
    adapters.s3.put_object(Bucket=settings.uploads_bucket, Key="uploads/me/b1/a.png", Body=picture.getvalue())
    deadline = time.monotonic() + 60
    while (image := adapters.images.get(image_id(settings.uploads_bucket, "uploads/me/b1/a.png"))) is None or (
        image.status is not Status.READY
    ):
        assert time.monotonic() < deadline, image
        assert fleet.tend() == []
        time.sleep(0.1)

    assert (image.owner, image.batch, image.width, image.height) == ("me", "b1", 64, 48)
    assert len(image.variants) == 3
