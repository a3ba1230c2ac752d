"""What people do to images: upload, delete, process again. Shared by the API and the pages."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from dashboard.callers import Caller
from dashboard.parts import PARTS_FROM, begin
from dashboard.problem import Problem
from dashboard.site import Site
from dashboard.upload_names import bad_name
from pixelfleet import recipes
from pixelfleet.aws.presigned import Form
from pixelfleet.domain.keys import image_id
from pixelfleet.domain.records import Image, RecipeRef
from pixelfleet.operations import reprocessing
from pixelfleet.operations.recipe_texts import store_recipe
from pixelfleet.operations.removal import delete_image
from pixelfleet.uploads import batch_prefix

#: Seconds in which an upload must begin; a thousand files through a slow line take their time.
FORM_SECONDS: Final = 3600
_OTHER: Final = "application/octet-stream"
#: The names that RFC 6838, section 4.2, gives to media types. Anything else might not fit into a header.
_IMAGE: Final = re.compile(r"image/[a-z0-9][a-z0-9.+-]{0,100}", re.ASCII)
#: Media types that surely are no image; what is left, the worker judges from the file itself.
_REFUSED: Final = ("video/", "audio/", "text/", "font/", "application/pdf", "application/zip", "application/json")


@dataclass(frozen=True, slots=True)
class UploadRequest:
    """A file that a browser or program wants to upload; `name` may be a path within a folder."""

    name: str
    bytes: int
    type: str = ""


@dataclass(frozen=True, slots=True)
class FormOrRefusal:
    """A form to upload a file by, for a large one an upload in parts, or why there is neither."""

    name: str
    image_id: str | None = None
    form: Form | None = None
    refused: str | None = None
    #: The id of an upload in parts, in the place of a form; see `parts`.
    upload_id: str | None = None


def new_batch_name() -> str:
    return datetime.now(UTC).strftime("%Y%m%d-%H%M%S")


def uploads(
    site: Site, caller: Caller, batch: str, recipe: str | None, files: Sequence[UploadRequest]
) -> list[FormOrRefusal]:
    """Forms for files of one batch, which is made if need be. The recipe of a batch that is there stays."""
    prefix = batch_prefix(caller.name, batch)
    site.deployment.batches.create(caller.name, batch, recipe_ref(site, recipe) if recipe else None)
    return [_answer(site, prefix, file) for file in files]


def recipe_ref(site: Site, name: str) -> RecipeRef:
    """A built-in or stored recipe, its text stored so that any release finds it.

    Raises:
        Problem: 422, there is none of that name.
    """
    if name in recipes.BUILTIN:
        return store_recipe(site.deployment, recipes.builtin(name))
    stored = site.deployment.recipe_registry.get()
    ref = stored.ref(name)
    if ref is None:
        raise Problem(422, f"no recipe {name[:64]!r}; choose one of {', '.join((*recipes.BUILTIN, *stored.recipes))}")
    return ref


def reprocess(site: Site, caller: Caller, image: Image, recipe: str | None) -> Image:
    """Queue an image to be made again; by the recipe it had unless another is named.

    Raises:
        Problem: 409, it was deleted meanwhile.
    """
    ref = recipe_ref(site, recipe) if recipe else None
    marked = reprocessing.reprocess(site.deployment, image, caller.name, ref)
    if marked is None:
        raise Problem(409, "the image was deleted meanwhile")
    _note(site, caller, "reprocess", image)
    return marked


def delete(site: Site, caller: Caller, image: Image) -> None:
    """Delete the original and mark the record at once; the bucket's event has the worker delete the variants."""
    delete_image(site.deployment, image, caller.name)
    _note(site, caller, "delete", image)


def _note(site: Site, caller: Caller, what: str, image: Image) -> None:
    """What an operator does to somebody else's image is kept; one's own image has its own history."""
    if image.owner != caller.name:
        site.deployment.activity.note(caller.name, what, f"{image.owner}: {image.path}", {"image_id": image.image_id})


def _answer(site: Site, prefix: str, file: UploadRequest) -> FormOrRefusal:
    refused = _refusal(site, prefix, file)
    if refused:
        return FormOrRefusal(file.name, refused=refused)
    key = prefix + file.name
    content_type = file.type if _IMAGE.fullmatch(file.type) else _OTHER
    its_id = image_id(site.settings.uploads_bucket, key)
    if file.bytes > PARTS_FROM:
        return FormOrRefusal(file.name, its_id, upload_id=begin(site, key, content_type))
    form = site.deployment.links.upload_form(key, content_type, PARTS_FROM, FORM_SECONDS)
    return FormOrRefusal(file.name, its_id, form)


def _refusal(site: Site, prefix: str, file: UploadRequest) -> str | None:
    """Why a file cannot be taken, in words for the person who chose it."""
    return bad_name(prefix + file.name, file.name) or _bad_file(site, file)


def _bad_file(site: Site, file: UploadRequest) -> str | None:
    if file.bytes == 0:
        return "it is empty"
    if file.bytes > site.settings.heavy_max_bytes:
        return f"it is larger than {site.settings.heavy_max_bytes:,} bytes, the most that this fleet takes"
    if file.type.startswith(_REFUSED):
        return f"it is {file.type}, not an image"
    return None
