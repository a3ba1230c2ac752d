"""The arguments that name a batch or an image."""

from typing import Annotated

import typer

from pixelfleet.deployment import Deployment
from pixelfleet.domain.keys import DEFAULT_OWNER, image_id
from pixelfleet.domain.records import Image
from pixelfleet.errors import SetupError

BatchArgument = Annotated[str, typer.Argument(metavar="NAME", help="A batch: NAME, or OWNER/NAME.")]
OwnerOfBatch = Annotated[str, typer.Option("--owner", help="Whose batch, where NAME does not say it.")]


def batch_of(name: str, owner: str = DEFAULT_OWNER) -> tuple[str, str]:
    """Owner and name of `NAME` or `OWNER/NAME`."""
    named, slash, rest = name.partition("/")
    return (named, rest) if slash else (owner, name)


def image_named(deployment: Deployment, text: str) -> Image:
    """The record of an image given by id, by key, or as s3://BUCKET/KEY.

    Raises:
        SetupError: there is no such image.
    """
    bucket, key = deployment.settings.uploads_bucket, text
    if text.startswith("s3://"):
        bucket, _, key = text.removeprefix("s3://").partition("/")
    image = deployment.images.get(image_id(bucket, key)) or deployment.images.get(text)
    if image is None:
        raise SetupError(
            f"there is no image {text}: give its id, its key, or s3://BUCKET/KEY. An upload has a record once a worker "
            "begins with it: `pixelfleet status` shows the uploads that wait."
        )
    return image
