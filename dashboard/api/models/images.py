"""The models of images, variants, recipes and links, and of requests that change images."""

from typing import Any

from pydantic import Field

from dashboard.api.models.base import IMAGE_ID, REVISION, Model
from pixelfleet.domain.image_filters import OrderedFilters
from pixelfleet.domain.records import Alias, AttemptLine, Image, KeptRevision, Status, StoredVariant
from pixelfleet.domain.scores import as_simulacra, as_ssim
from pixelfleet.domain.variant_files import address_of, label_of
from pixelfleet.errors import Cause
from pixelfleet.operations.duplicates import Duplicate


class VariantOut(Model):
    """One output of a recipe."""

    name: str = Field(examples=["thumb"])
    format: str = Field(examples=["webp"])
    content_type: str = Field(examples=["image/webp"])
    width: int = Field(description="Pixels.", examples=[320])
    height: int = Field(description="Pixels.", examples=[240])
    bytes: int = Field(description="Size of the file; for tiles, of all files together.", examples=[9_120])
    sha256: str = Field(
        description="Digest in hex; for tiles, over the names and contents of all files.", examples=["9f86d08188..."]
    )
    files: int = Field(description="Number of files: 1, or for tiles the number of tiles.", examples=[1])
    hdr: str | None = Field(
        description="`gain-map`, `pq` or `hlg` for a file of high dynamic range; null for every other.", examples=[None]
    )
    href: str = Field(description="Redirects to the file.", examples=[f"/api/v1/images/{IMAGE_ID}/variants/thumb"])
    address: str | None = Field(
        description="A stable address of the file of the present revision; null for tiles.",
        examples=["/v/ana/summer/beach/IMG_0001.jpg/thumb"],
    )
    quality: int | None = Field(
        description="The setting of the encoder, if the recipe has a target for it.", examples=[78]
    )
    ssim: float | None = Field(
        description="How near it is to its pixels before the encode, from 0 to 1, if measured.", examples=[0.9631]
    )
    ssimulacra2: float | None = Field(
        description="The same by SSIMULACRA2, up to 100, if the recipe's target is of that metric.", examples=[None]
    )

    @classmethod
    def of(cls, image: Image, variant: StoredVariant) -> "VariantOut":
        # A newer release may have added attributes, which are not for this one to show.
        fields = variant.model_dump(include=set(cls.model_fields) - {"ssimulacra2"})
        label = label_of(image.variants, variant)
        address = address_of(image, variant) if variant.files == 1 else None
        href = f"/api/v1/images/{image.image_id}/variants/{label}"
        scores = {"ssim": as_ssim(variant.score), "ssimulacra2": as_simulacra(variant.ssimulacra2)}
        return cls(**fields, href=href, address=address, **scores)


class ImageSummary(Model):
    """An image in a list."""

    image_id: str = Field(examples=[IMAGE_ID])
    owner: str = Field(examples=["ana"])
    batch: str | None = Field(examples=["summer"])
    name: str = Field(description="Path within the batch.", examples=["beach/IMG_0001.jpg"])
    status: Status = Field(examples=["ready"])
    cause: Cause | None = Field(description="Why it failed, to group by.", examples=[None])
    message: str | None = Field(description="Why it failed, for people.", examples=[None])
    format: str | None = Field(examples=["jpeg"])
    width: int | None = Field(description="Pixels.", examples=[4000])
    height: int | None = Field(description="Pixels.", examples=[3000])
    bytes: int | None = Field(description="Size of the original.", examples=[3_481_220])
    placeholder: str | None = Field(description="ThumbHash, base64.", examples=["1QcSHQRnh493V4dIh4eXh1h4kJUI"])
    uploaded_at: str = Field(examples=["2026-11-20T09:00:00.000Z"])
    finished_at: str | None = Field(examples=["2026-11-20T09:00:01.120Z"])
    variants: list[VariantOut]

    @classmethod
    def of(cls, image: Image) -> "ImageSummary":
        return cls(**_summary(image))


class KeptRevisionOut(Model):
    """An earlier revision, whose results are still stored."""

    revision: str = Field(examples=[REVISION])
    recipe: str | None = Field(examples=["shop"])
    digest: str | None = Field(description="Of the recipe.", examples=["9f86d081884c7d65..."])
    superseded_at: str = Field(examples=["2026-11-20T09:00:00.000Z"])
    bytes: int = Field(description="Of its variants.", examples=[18_204])

    @classmethod
    def of(cls, kept: KeptRevision) -> "KeptRevisionOut":
        return cls(
            revision=kept.results,
            recipe=kept.recipe.name if kept.recipe else None,
            digest=kept.recipe.digest if kept.recipe else None,
            superseded_at=kept.superseded_at,
            bytes=kept.bytes,
        )


class AliasOut(Model):
    """A copy of one file under a readable key."""

    file: str = Field(examples=["card.jpg"])
    bucket: str = Field(examples=["shop-images"])
    key: str = Field(description="Empty where the template makes no key.", examples=["beach/IMG_0001_card.jpg"])
    state: str = Field(
        description="held: the copy is there. taken: an older image has the key. refused: S3 does not let it be "
        "written. invalid: the template makes no key.",
        examples=["held"],
    )
    problem: str = Field(description="What is wrong; empty where the alias is held.", examples=[""])

    @classmethod
    def of(cls, alias: Alias) -> "AliasOut":
        return cls(**alias.model_dump(include=set(cls.model_fields)))


class ImageOut(ImageSummary):
    """An image with all its facts."""

    key: str = Field(description="Redirect to the original.", examples=["uploads/ana/summer/beach/IMG_0001.jpg"])
    recipe: str | None = Field(examples=["web"])
    revision: str | None = Field(description="Digest of source version, recipe and engine.", examples=[REVISION])
    kept_revisions: list[KeptRevisionOut] = Field(description="Earlier revisions that can be made current again.")
    aliases: list[AliasOut] = Field(description="Copies of the results under readable keys.")
    attempts: int = Field(examples=[1])
    history: list[AttemptLine] = Field(description="The last twenty things that happened to it, oldest first.")
    frames: int | None = Field(examples=[1])
    colour_space: str | None = Field(examples=["srgb"])
    exif: dict[str, str] = Field(examples=[{"camera": "Canon EOS R6", "taken_at": "2026-07-01T11:20:00+02:00"}])
    sha256: str | None = Field(description="Of the original, in hex.", examples=["2c26b46b68..."])
    faces: list[tuple[int, int, int, int]] | None = Field(
        description="Left, top, width and height of each face in pixels of the upright original, the largest first, at "
        "most 100; null if the recipe did not search for faces.",
        examples=[[(451, 342, 368, 428)]],
    )
    dominant_colour: str | None = Field(examples=["#7fa3c0"])
    tags: list[str] = Field(examples=[["beach", "summer"]])
    timings_ms: dict[str, int] = Field(
        description="Milliseconds of each step of the last attempt.", examples=[{"fetch": 20, "pixels": 130}]
    )

    @classmethod
    def of(cls, image: Image) -> "ImageOut":
        return cls(
            **_summary(image),
            key=image.key,
            recipe=image.recipe.name if image.recipe else None,
            revision=image.revision,
            kept_revisions=[KeptRevisionOut.of(kept) for kept in image.kept_revisions],
            aliases=[AliasOut.of(alias) for alias in image.aliases],
            attempts=image.attempts,
            history=list(image.attempt_log),
            frames=image.frames,
            colour_space=image.colour_space,
            exif=image.exif,
            sha256=image.sha256,
            faces=list(image.faces) if image.face_count is not None else None,
            dominant_colour=image.dominant_colour,
            tags=list(image.tags),
            timings_ms=image.timings_ms,
        )


class ImageQuery(OrderedFilters):
    """What a list of images shows."""

    owner: str | None = Field(
        None, max_length=64, description="An owner, or `*` for all owners; operators only. Default: the caller."
    )
    cursor: str | None = Field(None, max_length=2_000, description="`next` of the previous page.")
    limit: int = Field(50, ge=1, le=100, description="Most images of one page: 1 to 100, 50 unless said.")


class ImagePage(Model):
    """One page of a list. `next` is the cursor of the next page, null at the end.

    A page may be short or empty and still have a `next`: filters that no index answers look at 1,000 records a request.
    """

    images: list[ImageSummary]
    next: str | None = Field(examples=["MjAyNi0xMS0yMFQwOTowMDowMC4wMDBaI2szdnE"])


class DuplicateOut(Model):
    image: ImageSummary
    distance: int = Field(description="Bits of 64 in which the perceptual hashes differ.", examples=[3])

    @classmethod
    def of(cls, duplicate: Duplicate) -> "DuplicateOut":
        return cls(image=ImageSummary.of(duplicate.image), distance=duplicate.distance)


class DuplicatesOut(Model):
    images: list[ImageSummary] = Field(description="With the same bytes; at most 25.")
    lookalikes: list[DuplicateOut] = Field(description="With `near`: those that look the same, most similar first.")


class DuplicateGroups(Model):
    """One page of groups. `next` is the cursor of the next page, null at the end. A page may be empty and have one."""

    groups: list[list[DuplicateOut]] = Field(description="Two or more images each, the oldest first.")
    looked_at: int = Field(description="Images that this page looked at.", examples=[1_000])
    next: str | None = Field(examples=["MjAyNi0xMS0yMFQwOTowMDowMC4wMDBaI2szdnE"])


class MonthsOut(Model):
    months: list[str] = Field(examples=[["2026-11", "2026-10"]])
    next: str | None = Field(examples=[None])


class Reprocess(Model):
    recipe: str | None = Field(
        None,
        max_length=64,
        description="A built-in or stored recipe. Default: the image's present recipe.",
        examples=["catalog"],
    )


class LinkIn(Model):
    variant: str = Field(max_length=100, examples=["optimized"])
    seconds: int = Field(3600, ge=60, le=7 * 86_400, description="How long the link is good.", examples=[3600])
    stable: bool = Field(
        False, description="Lead to the revision that is present when the link is followed.", examples=[False]
    )


class LinkOut(Model):
    url: str = Field(description="Whoever has it sees the variant.", examples=["https://..."])
    expires_in: int = Field(description="Seconds.", examples=[3600])


def _summary(image: Image) -> dict[str, Any]:
    same = ("image_id", "owner", "batch", "status", "cause", "message", "format", "width", "height", "bytes")
    fields = {name: getattr(image, name) for name in (*same, "placeholder", "uploaded_at", "finished_at")}
    variants = [VariantOut.of(image, variant) for variant in image.variants]
    return fields | {"name": image.path, "variants": variants}
