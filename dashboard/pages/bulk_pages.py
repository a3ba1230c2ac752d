"""Many images at once: deleted, restored, processed again, moved, tagged, downloaded as a ZIP."""

import re
from typing import Annotated, Final
from urllib.parse import parse_qs

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import RedirectResponse, StreamingResponse

from dashboard import bulk
from dashboard.callers import Caller, FormCaller
from dashboard.pages.gallery_pages import filters_of
from dashboard.problem import Problem
from dashboard.rendering import things
from dashboard.site import Site, site_of
from dashboard.zips import zip_of
from pixelfleet.domain.image_filters import Filters
from pixelfleet.domain.records import Status
from pixelfleet.domain.tags import parse_tags
from pixelfleet.operations.selection_manifest import ManifestFormat

router = APIRouter()

_ID: Final = re.compile("[a-z2-7]{32}")
#: The path of the action on deleted images.
_RESTORE: Final = "/bulk/restore"


class Selected:
    """A dependency: the images that the form names, or all that the filters in its field `all` show."""

    def __init__(
        self,
        request: Request,
        caller: FormCaller,
        ids: Annotated[str, Form(max_length=bulk.MOST_NAMED * 33)] = "",
        all: Annotated[str, Form(max_length=2_000)] = "",  # noqa: A002 - the name of the field
    ) -> None:
        self.caller: Caller = caller
        deleted = request.url.path == _RESTORE
        self.site: Site = site_of(request)
        named = [one for one in ids.split(",") if _ID.fullmatch(one)]
        if all:
            filters = bulk.everything_of(_filters(caller, all))
            filters = filters.changed(status=Status.DELETED) if deleted else filters
            self.images, self.on = bulk.matching(self.site, filters), bulk.in_words(filters)
        elif named:
            self.images = bulk.chosen(self.site, caller, named, deleted=deleted)
            self.on = things(len(named), "image")
        else:
            raise Problem(400, "no image is selected; go back and select some")


AskedFor = Annotated[Selected, Depends(Selected)]


@router.post("/bulk/delete")
def delete(request: Request, selected: AskedFor) -> Response:
    task = bulk.delete(selected.site, selected.caller, selected.images, selected.on)
    return RedirectResponse(f"/background-tasks/{task.id}", 303)


@router.post(_RESTORE)
def restore(request: Request, selected: AskedFor) -> Response:
    task = bulk.restore(selected.site, selected.caller, selected.images, selected.on)
    return RedirectResponse(f"/background-tasks/{task.id}", 303)


@router.post("/bulk/move")
def move(request: Request, selected: AskedFor, batch: Annotated[str, Form(max_length=128)] = "") -> Response:
    task = bulk.move(selected.site, selected.caller, selected.images, selected.on, batch.strip())
    return RedirectResponse(f"/background-tasks/{task.id}", 303)


@router.post("/bulk/reprocess")
def reprocess(request: Request, selected: AskedFor, recipe: Annotated[str, Form(max_length=64)] = "") -> Response:
    task = bulk.reprocess(selected.site, selected.caller, selected.images, selected.on, recipe or None)
    return RedirectResponse(f"/background-tasks/{task.id}", 303)


@router.post("/bulk/tag")
def tag(request: Request, selected: AskedFor, tags: Annotated[str, Form(max_length=2_000)] = "") -> Response:
    task = bulk.tag(selected.site, selected.caller, selected.images, selected.on, parse_tags(tags))
    return RedirectResponse(f"/background-tasks/{task.id}", 303)


@router.post("/bulk/download")
def download(
    request: Request, selected: AskedFor, variant: Annotated[str, Form(max_length=100)] = bulk.ORIGINAL
) -> Response:
    files = bulk.members(selected.site, selected.images, variant)
    headers = {"Content-Disposition": 'attachment; filename="pixelfleet.zip"', "Cache-Control": "no-store"}
    return StreamingResponse(zip_of(files), media_type="application/zip", headers=headers)


@router.post("/bulk/manifest")
def manifest(request: Request, selected: AskedFor, format: Annotated[str, Form(max_length=10)] = "") -> Response:  # noqa: A002 - the name of the field
    written_as = ManifestFormat(format) if format in set(ManifestFormat) else ManifestFormat.NDJSON
    return bulk.manifest(selected.site, selected.images, written_as)


def _filters(caller: Caller, text: str) -> Filters:
    return filters_of(caller, {name: values[0] for name, values in parse_qs(text.lstrip("?")).items()})
