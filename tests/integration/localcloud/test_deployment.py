"""The tests' deployment works: an upload goes through the pump and a worker, and the image's record is ready."""

from io import BytesIO

from PIL import Image as Picture

from pixelfleet.deployment import Deployment
from pixelfleet.domain.keys import image_id
from pixelfleet.domain.records import Image, Status
from pixelfleet.localcloud.supervise import ProcessSupervisor
from pixelfleet.settings import Settings
from tests.waiting import eventually


def test_an_upload_becomes_ready(supervisor: ProcessSupervisor, settings: Settings) -> None:
    adapters = Deployment(settings)
    picture = BytesIO()
    Picture.new("RGB", (64, 48), (0, 90, 160)).save(picture, "PNG")
    adapters.s3.put_object(Bucket=settings.uploads_bucket, Key="uploads/me/b1/a.png", Body=picture.getvalue())

    def ready() -> Image | None:
        assert supervisor.tend() == []
        image = adapters.images.get(image_id(settings.uploads_bucket, "uploads/me/b1/a.png"))
        return image if image is not None and image.status is Status.READY else None

    image = eventually(ready)
    assert (image.owner, image.batch, image.width, image.height) == ("me", "b1", 64, 48)
    assert len(image.variants) == 3
