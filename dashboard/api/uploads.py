"""/uploads: forms for uploads from the client to S3 itself."""

from fastapi import APIRouter, Request, Response

from dashboard import actions, parts
from dashboard.api.models.uploads import PartsBegun, PartsIn, PartsOut, UploadForm, UploadsIn, UploadsOut
from dashboard.callers import Writer
from dashboard.problems import responses
from dashboard.site import Site, site_of

router = APIRouter(tags=["uploads"])


@router.post(
    "/uploads",
    status_code=201,
    response_model=UploadsOut,
    responses=responses(400, 401, 403, 422, 429, 503),
    summary="Get presigned forms for the files of one batch",
)
def make_uploads(request: Request, caller: Writer, body: UploadsIn) -> UploadsOut:
    """Each file has its own form, which is bound to the key, the media type and the largest permitted size.

    Post every field of the form, then the file as field `file`, to its `url`. A refused file has
    `refused` instead. Up to 500 files a request; send further requests for more files of the same batch.
    """
    batch = body.batch or actions.new_batch_name()
    files = [actions.UploadRequest(file.name, file.bytes, file.type) for file in body.files]
    site = site_of(request)
    answers = actions.uploads(site, caller, batch, body.recipe, files)
    forms = [
        UploadForm(
            name=answer.name,
            image_id=answer.image_id,
            url=answer.form.url if answer.form else None,
            fields=answer.form.fields if answer.form else {},
            refused=answer.refused,
            parts=_begun(site, answer.upload_id, file.bytes) if answer.upload_id else None,
        )
        for answer, file in zip(answers, files, strict=True)
    ]
    return UploadsOut(owner=caller.name, batch=batch, expires_in=actions.FORM_SECONDS, files=forms)


@router.post(
    "/uploads/parts",
    response_model=PartsOut,
    responses=responses(400, 401, 403, 404, 422, 429, 503),
    summary="Get the addresses for the parts of a large file",
)
def make_parts(request: Request, caller: Writer, body: PartsIn) -> PartsOut:
    """PUT each part, of exactly its size, to its address. A request without numbers returns the stored parts."""
    site = site_of(request)
    if body.numbers:
        return PartsOut(urls=parts.links(site, caller, _one(body), body.numbers), stored=[])
    return PartsOut(urls={}, stored=parts.stored(site, caller, _one(body)))


@router.post(
    "/uploads/complete",
    status_code=204,
    responses=responses(400, 401, 403, 404, 409, 422, 429, 503),
    summary="Complete a large file from its parts",
)
def complete_parts(request: Request, caller: Writer, body: PartsIn) -> Response:
    parts.complete(site_of(request), caller, _one(body))
    return Response(status_code=204)


@router.post(
    "/uploads/abort",
    status_code=204,
    responses=responses(400, 401, 403, 422, 429, 503),
    summary="Abort the upload of a large file, and delete its parts",
)
def abort_parts(request: Request, caller: Writer, body: PartsIn) -> Response:
    parts.give_up(site_of(request), caller, _one(body))
    return Response(status_code=204)


def _begun(site: Site, upload_id: str, whole: int) -> PartsBegun:
    sized = parts.sizes(site, whole)
    return PartsBegun(upload_id=upload_id, part_bytes=sized.bytes, count=sized.count)


def _one(body: PartsIn) -> parts.PartsUpload:
    return parts.PartsUpload(body.batch, body.name, body.upload_id, body.bytes)
