"""The actions on images: upload, delete, process again. The API and the pages share this module."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from dashboard.callers import Caller
from dashboard.parts import begin
from dashboard.problem import Problem
from dashboard.site import Site
from dashboard.upload_names import bad_name
from pixelfleet import recipes
from pixelfleet.aws.presigned import Form
from pixelfleet.domain.keys import image_id
from pixelfleet.domain.records import Image, RecipeRef
from pixelfleet.operations import kept_revisions, reprocessing
from pixelfleet.operations.batches import open_for_uploads
from pixelfleet.operations.noted import noted
from pixelfleet.operations.recipe_texts import store_recipe
from pixelfleet.operations.removal import delete_image
from pixelfleet.operations.restoring import restore_image
from pixelfleet.uploads import batch_prefix

#: Seconds in which an upload must begin. A thousand files take long over a slow connection.
FORM_SECONDS: Final = 3600
_OTHER: Final = "application/octet-stream"
#: The names that RFC 6838, section 4.2, gives to media types. Other text might not fit into a header.
_IMAGE: Final = re.compile(r"image/[a-z0-9][a-z0-9.+-]{0,100}", re.ASCII)
#: Media types that are certainly no image. For every other type, the worker decides by the file itself.
_REFUSED: Final = ("video/", "audio/", "text/", "font/", "application/zip", "application/json")
_OTHER_FILE: Final = (
    "another file was uploaded under the name of this image, and nothing was deleted. Wait until the new file is "
    "processed, look at it, and then delete it"
)


@dataclass(frozen=True, slots=True)
class UploadRequest:
    """A file that a browser or program asks to upload. `name` may be a path within a folder."""

    name: str
    bytes: int
    type: str = ""


@dataclass(frozen=True, slots=True)
class FormOrRefusal:
    """A form for the upload of a file, or an upload in parts for a large file, or the reason of a refusal."""

    name: str
    image_id: str | None = None
    form: Form | None = None
    refused: str | None = None
    #: The id of an upload in parts, in place of a form. See `parts`.
    upload_id: str | None = None


def new_batch_name() -> str:
    return datetime.now(UTC).strftime("%Y%m%d-%H%M%S")


def uploads(
    site: Site, caller: Caller, batch: str, recipe: str | None, files: Sequence[UploadRequest]
) -> list[FormOrRefusal]:
    """Forms for files of one batch. The batch is made if it does not exist. An existing batch keeps its recipe."""
    prefix = batch_prefix(caller.name, batch)
    open_for_uploads(site.deployment, caller.name, batch, recipe_ref(site, recipe) if recipe else None)
    return [_answer(site, prefix, file) for file in files]


def recipe_ref(site: Site, name: str) -> RecipeRef:
    """A built-in or stored recipe. The text is stored, so that any release finds it.

    Raises:
        Problem: 422, there is no recipe of that name.
    """
    if name in recipes.BUILTIN:
        return store_recipe(site.deployment, recipes.builtin(name))
    stored = site.deployment.recipe_registry.get()
    ref = stored.ref(name)
    if ref is None:
        raise Problem(422, f"no recipe {name[:64]!r}; choose one of {', '.join((*recipes.BUILTIN, *stored.recipes))}")
    return ref


def reprocess(site: Site, caller: Caller, image: Image, recipe: str | None) -> Image:
    """Queue an image to be processed again, by the image's recipe or by the named one.

    Raises:
        Problem: 409, the image was deleted meanwhile.
    """
    ref = recipe_ref(site, recipe) if recipe else None
    with _noted(site, caller, "reprocess", image):
        marked = reprocessing.reprocess(site.deployment, image, caller.name, ref)
        if marked is None:
            raise Problem(409, "the image was deleted meanwhile")
    return marked


def make_current(site: Site, caller: Caller, image: Image, results: str) -> Image:
    """Raises SetupError: see `operations.kept_revisions`."""
    with _noted(site, caller, "make current", image):
        return kept_revisions.make_current(site.deployment, image, results, caller.name)


def delete(site: Site, caller: Caller, image: Image) -> None:
    """Delete the original and mark the record at once. After the bucket's event, a worker deletes the variants.

    Raises:
        Problem: 409, the bucket has another file under the name of the image by now.
    """
    with _noted(site, caller, "delete", image):
        if not delete_image(site.deployment, image, caller.name):
            raise Problem(409, _OTHER_FILE)


def restore(site: Site, caller: Caller, image: Image) -> bool:
    """Bring a deleted image back; False if it cannot be."""
    with _noted(site, caller, "restore", image):
        return restore_image(site.deployment, image)


@contextmanager
def _noted(site: Site, caller: Caller, what: str, image: Image) -> Iterator[None]:
    """Note an operator's action on another owner's image. The history of an image has the actions of its own owner."""
    if image.owner == caller.name:
        yield
        return
    with noted(site.deployment, caller.name, what, f"{image.owner}: {image.path}") as details:
        details["image_id"] = image.image_id
        yield


def _answer(site: Site, prefix: str, file: UploadRequest) -> FormOrRefusal:
    refused = _refusal(site, prefix, file)
    if refused:
        return FormOrRefusal(file.name, refused=refused)
    key = prefix + file.name
    content_type = file.type if _IMAGE.fullmatch(file.type) else _OTHER
    id_of_image = image_id(site.settings.uploads_bucket, key)
    if file.bytes > site.settings.parts_from:
        return FormOrRefusal(file.name, id_of_image, upload_id=begin(site, key, content_type))
    form = site.deployment.links.upload_form(key, content_type, site.settings.parts_from, FORM_SECONDS)
    return FormOrRefusal(file.name, id_of_image, form)


def _refusal(site: Site, prefix: str, file: UploadRequest) -> str | None:
    """The reason why a file is refused, in words for the person who chose the file."""
    return bad_name(prefix + file.name, file.name) or _bad_file(site, file)


def _bad_file(site: Site, file: UploadRequest) -> str | None:
    if file.bytes == 0:
        return "it is empty"
    if file.bytes > site.settings.heavy_max_bytes:
        return f"it is larger than {site.settings.heavy_max_bytes:,} bytes, the most that this fleet takes"
    if file.type.startswith(_REFUSED):
        return f"it is {file.type}, not an image"
    return None
