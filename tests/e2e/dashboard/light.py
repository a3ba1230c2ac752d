"""The dashboard in this process on tables in memory, for browsers. Without workers a journey takes seconds."""

import io
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import uvicorn
from argon2 import PasswordHasher
from PIL import Image as Picture

from dashboard.app import create_app
from pixelfleet.catalog.dynamo import to_attributes
from pixelfleet.catalog.items import image_item
from pixelfleet.deployment import Deployment
from pixelfleet.domain.keys import image_id
from pixelfleet.domain.records import Image, Status
from pixelfleet.domain.users import Role
from tests.fakes.deployment import moto_deployment
from tests.fakes.records import image_of, variants_of
from tests.waiting import eventually

#: Of every user of the tests.
PASSWORD = "correct horse battery"


@dataclass(frozen=True)
class Light:
    """The dashboard, its tables in memory, and its URL."""

    deployment: Deployment
    url: str

    def put(self, owner: str, batch: str, number: int, *, drawn: bool = True, **facts: Any) -> Image:
        """A record of a TIFF, in the state in which a worker leaves it. With `drawn`, its variants are stored too."""
        key = f"uploads/{owner}/{batch}/IMG_{number:04}.jpg"
        made = image_of(owner, batch, 2 * number + 1)
        own = image_id(made.bucket, key)
        facts = {"variants": variants_of(owner, own) if drawn else ()} | facts
        fields = {"image_id": own, "key": key, "bucket": self.deployment.settings.uploads_bucket}
        image = made.model_copy(update=fields | {"format": "tiff", "width": 400, "height": 300, "bytes": 9_000} | facts)
        item = to_attributes(image_item(image))
        self.deployment.dynamodb.put_item(TableName=self.deployment.settings.images_table, Item=item)
        if image.status is Status.READY and drawn:
            self._draw(image)
        return image

    def _draw(self, image: Image) -> None:
        results = self.deployment.settings.results_bucket
        for variant in image.variants:
            body = _picture(variant.format, (variant.width, variant.height), image.image_id)
            self.deployment.s3.put_object(Bucket=results, Key=variant.key, Body=body, ContentType=variant.content_type)


@contextmanager
def light_dashboard() -> Iterator[Light]:
    """The dashboard with the users ana and olga. olga is an operator."""
    with moto_deployment(quick_tables=True) as deployment:
        hashed = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
        deployment.users.add("ana", hashed)
        deployment.users.add("olga", hashed, Role.OPERATOR)
        app = create_app(deployment.settings, deployment)
        server = uvicorn.Server(uvicorn.Config(app, "127.0.0.1", 0, log_level="warning", timeout_graceful_shutdown=1))
        thread = threading.Thread(target=server.run, name="dashboard")
        thread.start()
        try:
            eventually(lambda: server.started)
            port = server.servers[0].sockets[0].getsockname()[1]
            yield Light(deployment, f"http://127.0.0.1:{port}")
        finally:
            server.should_exit = True
            thread.join(30)


def _picture(form: str, size: tuple[int, int], seed: str) -> bytes:
    """An image of two halves, in colours that depend on `seed`."""
    red, green, blue = seed.encode()[:3]
    picture = Picture.new("RGB", size, (red, green, blue))
    picture.paste((blue, red, green), (0, 0, size[0] // 2, size[1]))
    buffer = io.BytesIO()
    picture.save(buffer, form.upper())
    return buffer.getvalue()
