"""Requests for uploads, and the forms and parts that answer them."""

from typing import Annotated, Final

from pydantic import Field

from dashboard.api.models.base import IMAGE_ID, Model

FileName = Annotated[str, Field(min_length=1, max_length=1024)]


#: The characters of the ids that S3 gives to uploads in parts: those that need no escape in an address, and base64's.
UPLOAD_ID: Final = r"^[A-Za-z0-9._~+/=-]+$"


class FileIn(Model):
    """A file to upload."""

    name: FileName = Field(description="Its name, or its path within a folder.", examples=["beach/IMG_0001.jpg"])
    bytes: int = Field(ge=0, description="Its size.", examples=[3_481_220])
    type: str = Field("", max_length=127, description="Its media type, if known.", examples=["image/jpeg"])


class UploadsIn(Model):
    """Files to be uploaded together."""

    batch: str | None = Field(
        None, min_length=1, max_length=128, description="The name of the batch. Default: the time.",
        examples=["summer"],
    )  # fmt: skip
    recipe: str | None = Field(
        None, max_length=64, description="The recipe of the batch, if the batch does not exist yet.", examples=["web"]
    )
    files: list[FileIn] = Field(min_length=1, max_length=500)


class PartsBegun(Model):
    """An upload in parts. `/uploads/parts` returns the address of each part."""

    upload_id: str = Field(examples=["2~VmFsaWQ"])
    part_bytes: int = Field(description="Size of each part but the last.", examples=[16_000_000])
    count: int = Field(examples=[70])


class PartsIn(Model):
    """One upload in parts, and the numbers of the requested parts."""

    batch: str = Field(min_length=1, max_length=128, examples=["summer"])
    name: FileName = Field(examples=["scan.tif"])
    upload_id: str = Field(min_length=1, max_length=1024, pattern=UPLOAD_ID, examples=["2~VmFsaWQ"])
    bytes: int = Field(ge=1, le=5_000_000_000_000, description="The size of the whole file.", examples=[1_100_000_000])
    numbers: list[Annotated[int, Field(ge=1, le=10_000)]] = Field(
        default=[], max_length=100, description="The parts to get addresses for, from 1.", examples=[[1, 2, 3]]
    )


class PartsOut(Model):
    urls: dict[int, str] = Field(description="Where to PUT each part, for an hour.", examples=[{"1": "https://..."}])
    stored: list[int] = Field(description="With no numbers asked for: the parts that are there.", examples=[[1, 2]])


class UploadForm(Model):
    """A form that posts one file: every field first, then the file as field `file`.

    A file of more than 100 MB has `parts` instead. A refused file has `refused`.
    """

    name: str = Field(examples=["beach/IMG_0001.jpg"])
    image_id: str | None = Field(examples=[IMAGE_ID])
    url: str | None = Field(examples=["https://pixelfleet-uploads.s3.eu-west-1.amazonaws.com/"])
    fields: dict[str, str] = Field(examples=[{"key": "uploads/ana/summer/beach/IMG_0001.jpg", "policy": "eyJl..."}])
    refused: str | None = Field(description="The reason why the file is refused.", examples=[None])
    parts: PartsBegun | None = Field(None, examples=[None])


class UploadsOut(Model):
    owner: str = Field(examples=["ana"])
    batch: str = Field(examples=["summer"])
    expires_in: int = Field(description="Seconds in which the uploads must begin.", examples=[3600])
    files: list[UploadForm]
