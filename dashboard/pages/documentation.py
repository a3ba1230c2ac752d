"""/help: the documentation of this release."""

from fastapi import APIRouter, Request, Response

from dashboard.callers import PageCaller
from dashboard.help_pages import document, sections
from dashboard.problem import Problem
from dashboard.site import site_of

router = APIRouter()


@router.get("/help")
def index(request: Request, caller: PageCaller) -> Response:
    return site_of(request).page(request, "help.html", {"document": None, "sections": sections()})


@router.get("/help/{name:path}")
def page(request: Request, caller: PageCaller, name: str) -> Response:
    shown = document(name)
    if shown is None:
        raise Problem(404, "there is no such document; /help lists all")
    return site_of(request).page(request, "help.html", {"document": shown})
