"""A sweep deletes results that no record names, and the results of attempts at a failed image."""

from datetime import UTC, datetime, timedelta

import pytest

from pixelfleet import recipes
from pixelfleet.domain.jobs import Origin, decode_message
from pixelfleet.domain.records import Status
from pixelfleet.operations.kept_revisions import make_current
from pixelfleet.operations.recipe_texts import store_recipe
from pixelfleet.operations.reconcile.sweep import Sweep
from pixelfleet.operations.reprocessing import reprocess
from tests.unit.worker.job.desk import Desk

LATER = datetime.now(UTC) + timedelta(hours=1)


def test_the_results_of_attempts_at_a_failed_image_are_deleted(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    job = desk.fail_after_two(monkeypatch)
    swept = Sweep(desk.deployment, LATER, dry_run=False).run(lambda _: None)
    assert (swept.orphaned, desk.results()) == (1, set())
    assert desk.image(job).status is Status.FAILED
    assert desk.image(job).superseded == ()


def test_a_dry_run_and_a_sweep_of_older_results_delete_nothing(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.fail_after_two(monkeypatch)
    assert Sweep(desk.deployment, LATER, dry_run=True).run(lambda _: None).orphaned == 1
    assert Sweep(desk.deployment, LATER - timedelta(hours=2), dry_run=False).run(lambda _: None).orphaned == 0
    assert len(desk.results()) == 2


def test_the_results_of_a_ready_image_stay(desk: Desk) -> None:
    done = desk.do(desk.put())
    assert done is not None
    Sweep(desk.deployment, LATER, dry_run=False).run(lambda _: None)
    assert desk.results() == {variant.key for variant in done.variants}


def test_a_removal_that_a_sweep_sends_is_as_old_as_the_record(desk: Desk) -> None:
    done = desk.do(desk.put())
    assert done is not None
    desk.delete(version=done.version_id)
    Sweep(desk.deployment, LATER, dry_run=False).run(lambda _: None)
    [message] = desk.bodies(desk.settings.bulk_queue_url)
    assert decode_message(message["Body"]).sequencer == done.sequencer


def test_a_sweep_of_a_machine_without_the_setting_deletes_no_kept_results_before_their_time(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An operator's shell may lack PIXELFLEET_KEEP_REVISIONS, which the workers have."""
    monkeypatch.setitem(vars(desk.settings), "keep_revisions", 2)
    first = desk.do(desk.put())
    assert first is not None
    again = reprocess(desk.deployment, first, "anna", store_recipe(desk.deployment, recipes.builtin("catalog")))
    assert again is not None
    second = desk.do(again.job(Origin.REPROCESS))
    assert second is not None
    monkeypatch.setitem(vars(desk.settings), "keep_revisions", 0)
    assert Sweep(desk.deployment, LATER + timedelta(days=1), dry_run=False).run(lambda _: None).expired == 0
    back = make_current(desk.deployment, second, first.revision or "", "anna")
    [kept] = back.kept_revisions
    assert kept.results == second.revision
    # The results that were current until now stay as long as those that took their place.
    assert Sweep(desk.deployment, LATER + timedelta(days=1), dry_run=False).run(lambda _: None).expired == 0
    assert Sweep(desk.deployment, LATER + timedelta(days=3), dry_run=False).run(lambda _: None).expired == 1


def test_kept_results_stay_for_their_days_and_are_then_deleted(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(vars(desk.settings), "keep_revisions", 2)
    job = desk.put()
    first = desk.do(job)
    assert first is not None
    catalog = recipes.builtin("catalog")
    again = reprocess(desk.deployment, first, "anna", store_recipe(desk.deployment, catalog))
    assert again is not None
    second = desk.do(again.job(Origin.REPROCESS))
    assert second is not None
    both = {variant.key for variant in (*first.variants, *second.variants)}
    assert desk.results() == both
    swept = Sweep(desk.deployment, LATER + timedelta(days=1), dry_run=False).run(lambda _: None)
    assert (swept.expired, desk.results()) == (0, both)

    back = make_current(desk.deployment, second, first.revision or "", "anna")
    assert (back.variants, back.notice, desk.results()) == (first.variants, None, both)
    assert desk.notices()[-1] == "image.ready"

    over = LATER + timedelta(days=3)
    assert Sweep(desk.deployment, over, dry_run=True).run(lambda _: None).expired == 1
    assert desk.results() == both
    assert Sweep(desk.deployment, over, dry_run=False).run(lambda _: None).expired == 1
    assert desk.results() == {variant.key for variant in first.variants}
    assert (desk.image(job).kept_revisions, desk.image(job).superseded) == ((), ())
