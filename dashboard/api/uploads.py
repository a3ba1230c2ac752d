"""/uploads: forms by which files go straight to S3."""

from fastapi import APIRouter, Request

from dashboard import actions
from dashboard.api.models import UploadForm, UploadsIn, UploadsOut
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
        )
        for answer in answers
    ]
    return UploadsOut(owner=caller.name, batch=batch, expires_in=actions.FORM_SECONDS, files=forms)
