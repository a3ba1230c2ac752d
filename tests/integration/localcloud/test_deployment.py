"""The fleet that tests stand on: an upload goes through pump and worker, and its record tells of it."""

import time
from io import BytesIO

from PIL import Image as Picture

from pixelfleet.deployment import Deployment
from pixelfleet.domain.keys import image_id
from pixelfleet.domain.records import Status
from pixelfleet.localcloud.supervise import ProcessSupervisor
from pixelfleet.settings import Settings


def test_an_upload_becomes_ready(fleet: ProcessSupervisor, settings: Settings) -> None:
    adapters = Deployment(settings)
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
