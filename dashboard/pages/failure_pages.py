"""Failures by cause, their redrive, and the purge of their dead letters."""

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Query, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import BaseModel, Field

from dashboard.callers import OperatorForm, OperatorPage
from dashboard.forms import Sent
from dashboard.operators import failures_by_cause
from dashboard.pages.gallery_pages import cards
from dashboard.site import site_of
from pixelfleet.domain.jobs import Lane
from pixelfleet.errors import SYSTEM_CAUSES, Cause
from pixelfleet.operations import failures as operations
from pixelfleet.operations.failures import Selection

router = APIRouter()

#: The word that an operator must type before dead letters are deleted.
_CONFIRMED = "purge"


class RedriveFields(BaseModel):
    """The fields of a redrive as a form or an address has them; `preview` only shows the images that it would take."""

    cause: str = Field("", max_length=64)
    owner: str = Field("", max_length=64)
    batch: str = Field("", max_length=128)
    lane: str = Field("", max_length=16)
    limit: str = Field("", max_length=24)
    canary: str = Field("", max_length=24)
    preview: bool = False

    def read(self) -> tuple[Sent, Selection, int | None]:
        """The fields with their errors, the selection, and the number of the canary."""
        sent = Sent(self.model_dump(exclude={"preview"}))
        selection = Selection(
            cause=sent.choice("cause", Cause),
            owner=self.owner.strip() or None,
            batch=self.batch.strip() or None,
            lane=sent.choice("lane", Lane),
            limit=sent.number("limit", 1, 10_000_000),
        )
        return sent, selection, sent.number("canary", 1, 100)


@router.get("/failures")
def failures(request: Request, caller: OperatorPage, asked: Annotated[RedriveFields, Query()]) -> Response:
    """With `preview`, also the images that a redrive of these fields would take."""
    if not asked.preview:
        return _page(request)
    sent, selection, _ = asked.read()
    if not sent.right:
        return _page(request, redrive=sent)
    return _page(request, operations.preview(site_of(request).deployment.images, selection), redrive=sent)


@router.post("/failures/redrive")
def redrive(request: Request, caller: OperatorForm, form: Annotated[RedriveFields, Form()]) -> Response:
    """Begin a redrive; the next page shows its progress. With `preview`, lead to the address of its preview."""
    sent, selection, first = form.read()
    if not sent.right:
        return _page(request, redrive=sent)
    if form.preview:
        return RedirectResponse(f"/failures?{urlencode({**sent.values, 'preview': 'true'})}#preview", 303)
    task = site_of(request).background_tasks.redrive(caller.name, selection, first)
    return RedirectResponse(f"/background-tasks/{task.id}", 303)


@router.post("/failures/purge")
def purge(
    request: Request,
    caller: OperatorForm,
    *,
    lane: Annotated[str, Form(max_length=16)] = "",
    cause: Annotated[str, Form(max_length=64)] = "",
    confirmation: Annotated[str, Form(max_length=32)] = "",
) -> Response:
    sent = Sent({"lane": lane, "cause": cause, "confirmation": confirmation})
    selection = Selection(lane=sent.choice("lane", Lane), cause=sent.choice("cause", Cause))
    if confirmation.strip().lower() != _CONFIRMED:
        sent.wrong("confirmation", f"type {_CONFIRMED} to confirm that dead letters are to be deleted")
    if not sent.right:
        return _page(request, purge=sent)
    task = site_of(request).background_tasks.purge(caller.name, selection)
    return RedirectResponse(f"/background-tasks/{task.id}", 303)


def _page(request: Request, preview: operations.Preview | None = None, **sent: Sent) -> Response:
    """With a wrong form, the status is 422."""
    site = site_of(request)
    summary = failures_by_cause(site)
    values = {
        "summary": summary,
        "examples": {group.name: cards(group.examples) for group in summary.groups},
        "system": {cause.value for cause in SYSTEM_CAUSES},
        "causes": list(Cause),
        "lanes": list(Lane),
        "total": summary.failed,
        "letters": sum(summary.dead_letters.values()),
        "background_tasks": site.deployment.background_tasks.recent(5),
        "confirmed": _CONFIRMED,
        "preview": preview,
        "preview_cards": cards(preview.examples) if preview else [],
        "redrive_form": sent.get("redrive", Sent({"canary": "5"})),
        "purge_form": sent.get("purge", Sent()),
    }
    wrong = any(not one.right for one in sent.values())
    return site.page(request, "failures.html", values, 422 if wrong else 200)
