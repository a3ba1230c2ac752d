"""Background tasks: the latest tasks of the caller, for operators of everybody, and the progress of one task."""

from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from dashboard.access import background_task_for, background_tasks_for
from dashboard.background import CANNOT_STOP
from dashboard.callers import FormCaller, OperatorForm, PageCaller
from dashboard.flash import Note
from dashboard.problem import Problem
from dashboard.rendering import segment
from dashboard.site import Site, site_of
from dashboard.stop_notes import stop_in_words
from pixelfleet.catalog.background import BackgroundTask
from pixelfleet.operations.batch_rows import RolloutRow, rollout_time_left

router = APIRouter()


@router.get("/background-tasks")
def background_tasks(request: Request, caller: PageCaller) -> Response:
    site = site_of(request)
    return site.page(request, "background_tasks.html", {"tasks": background_tasks_for(site, caller)})


@router.get("/background-tasks/{task_id}")
def background_task_page(request: Request, caller: PageCaller, task_id: str) -> Response:
    site = site_of(request)
    return site.page(request, "background_task.html", task_values(site, background_task_for(site, caller, task_id)))


@router.post("/background-tasks/{task_id}/stop")
def stop_background_task(request: Request, caller: FormCaller, task_id: str) -> Response:
    """The task ends after its present image. Finished work stays."""
    site = site_of(request)
    task = background_task_for(site, caller, task_id)
    stops = site.background_tasks.stop_for(caller.name, task, is_operator=caller.is_operator)
    note = Note(stop_in_words(task)) if stops else Note(f"{CANNOT_STOP[0].upper()}{CANNOT_STOP[1:]}.", kind="bad")
    return site.after_form(request, f"/background-tasks/{task_id}", note)


@router.post("/background-tasks/{task_id}/roll-back")
def roll_back(request: Request, caller: OperatorForm, task_id: str) -> Response:
    """Takes the images of a rollout back to the kept results of the older recipe, as a background task."""
    site = site_of(request)
    rollout = background_task_for(site, caller, task_id)
    try:
        task = site.background_tasks.roll_back(caller.name, rollout)
    except Problem as problem:
        note = Note(f"Not rolled back: {problem.detail}.", kind="bad")
        return site.after_form(request, f"/background-tasks/{segment(task_id)}", note)
    return RedirectResponse(f"/background-tasks/{task.id}", 303)


@router.get("/background-tasks/{task_id}/live")
def background_task_live(request: Request, caller: PageCaller, task_id: str) -> Response:
    site = site_of(request)
    return site.page(
        request, "parts/background_task_live.html", task_values(site, background_task_for(site, caller, task_id))
    )


def task_values(site: Site, task: BackgroundTask) -> dict[str, Any]:
    """The values of the part of a page that shows one task."""
    if task.rollout is None:
        return {"task": task, "row": None}
    row = RolloutRow(task, task.rollout)
    return {"task": task, "row": row, "left": rollout_time_left(site.deployment, row)}
