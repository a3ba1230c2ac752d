"""/uploads: forms by which files go straight to S3."""

from fastapi import APIRouter, Request, Response

from dashboard import actions, parts
from dashboard.api.models.uploads import PartsBegun, PartsIn, PartsOut, UploadForm, UploadsIn, UploadsOut
from dashboard.callers import Writer
from dashboard.problems import responses
from dashboard.site import site_of

router = APIRouter(tags=["uploads"])


@router.post(
    "/uploads",
    status_code=201,
    response_model=UploadsOut,
    responses=responses(400, 401, 403, 422, 429, 503),
    summary="Presigned forms for files of one batch",
)
def make_uploads(request: Request, caller: Writer, body: UploadsIn) -> UploadsOut:
    """Each file gets a form of its own, bound to its key, its media type and the largest size that is taken.

    Post every field of the form, then the file as field `file`, to its `url`. A file that cannot be taken has
    `refused` instead. Up to 500 files a request; ask again for more of the same batch.
    """
    batch = body.batch or actions.new_batch_name()
    files = [actions.UploadRequest(file.name, file.bytes, file.type) for file in body.files]
    answers = actions.uploads(site_of(request), caller, batch, body.recipe, files)
    forms = [
        UploadForm(
            name=answer.name,
            image_id=answer.image_id,
            url=answer.form.url if answer.form else None,
            fields=answer.form.fields if answer.form else {},
            refused=answer.refused,
            parts=PartsBegun(
                upload_id=answer.upload_id, part_bytes=parts.part_bytes(file.bytes), count=parts.part_count(file.bytes)
            )
            if answer.upload_id
            else None,
        )
        for answer, file in zip(answers, files, strict=True)
    ]
    return UploadsOut(owner=caller.name, batch=batch, expires_in=actions.FORM_SECONDS, files=forms)


@router.post(
    "/uploads/parts",
    response_model=PartsOut,
    responses=responses(400, 401, 403, 404, 422, 429, 503),
    summary="Where to put the parts of a large file",
)
def make_parts(request: Request, caller: Writer, body: PartsIn) -> PartsOut:
    """PUT each part, of exactly its size, to its address. Without numbers: which parts are there."""
    site = site_of(request)
    if body.numbers:
        return PartsOut(urls=parts.links(site, caller, _one(body), body.numbers), stored=[])
    return PartsOut(urls={}, stored=parts.stored(site, caller, _one(body)))


@router.post(
    "/uploads/complete",
    status_code=204,
    responses=responses(400, 401, 403, 404, 409, 422, 429, 503),
    summary="Put the parts of a large file together",
)
def complete_parts(request: Request, caller: Writer, body: PartsIn) -> Response:
    parts.complete(site_of(request), caller, _one(body))
    return Response(status_code=204)


@router.post(
    "/uploads/abort",
    status_code=204,
    responses=responses(400, 401, 403, 422, 429, 503),
    summary="Give up a large file, and delete its parts",
)
def abort_parts(request: Request, caller: Writer, body: PartsIn) -> Response:
    parts.give_up(site_of(request), caller, _one(body))
    return Response(status_code=204)


def _one(body: PartsIn) -> parts.PartsUpload:
    return parts.PartsUpload(body.batch, body.name, body.upload_id, body.bytes)
