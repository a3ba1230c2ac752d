"""The topics that a page may follow, and the states that the page gets."""

import json

import pytest

from dashboard.app import create_app
from dashboard.callers import Caller
from dashboard.following import admit, states
from dashboard.problem import Problem
from dashboard.site import Site
from pixelfleet.catalog.background import BackgroundTaskState
from pixelfleet.domain.jobs import Origin
from pixelfleet.domain.records import Image
from pixelfleet.domain.users import Role, User, rights_of
from pixelfleet.errors import Cause
from tests.fakes.records import record
from tests.unit.dashboard.conftest import Dashboard


@pytest.fixture
def site(dashboard: Dashboard) -> Site:
    site: Site = create_app(dashboard.deployment.settings, dashboard.deployment).state.site
    return site


def caller(name: str, role: Role = Role.USER) -> Caller:
    return Caller(User(name=name, role=role, password="none", created_at=""), rights_of(role))


ANA, BEN, OLGA = caller("ana"), caller("ben"), caller("olga", Role.OPERATOR)


def test_an_image_is_settled_when_no_worker_will_process_it(site: Site) -> None:
    ready = record(site.deployment, "ana", "follow", "ready.jpg")
    failed = record(site.deployment, "ana", "follow", "failed.jpg", cause=Cause.TRUNCATED)
    queued = site.deployment.images.queue_again(failed, "ana", Origin.REPROCESS)
    assert isinstance(queued, Image)
    topics = admit(site, ANA, [f"image:{ready.image_id}", f"image:{queued.image_id}", f"image:{ready.image_id}"])
    actual = states(site, ANA, topics)
    assert {state.fields["status"]: state.settled for state in actual.values()} == {"ready": True, "queued": False}


def test_an_image_of_another_user_looks_like_an_image_that_never_existed(site: Site) -> None:
    image = record(site.deployment, "ana", "follow", "mine.jpg")
    topics = [f"image:{image.image_id}", f"image:{'a' * 32}"]
    assert [(state.fields, state.settled) for state in states(site, BEN, topics).values()] == [
        ({"status": "gone"}, True),
        ({"status": "gone"}, True),
    ]
    assert states(site, OLGA, topics)[topics[0]].fields["status"] == "ready"


def test_users_who_may_see_a_batch_may_follow_it_and_a_complete_batch_is_settled(site: Site) -> None:
    image = record(site.deployment, "ana", "followed", "a.jpg")
    with pytest.raises(Problem, match="there is no batch"):
        admit(site, BEN, ["batch:ana/followed"])
    assert not states(site, ANA, ["batch:ana/followed"])["batch:ana/followed"].settled
    site.deployment.batches.seal("ana", "followed", [image.image_id])
    site.deployment.batches.complete("ana", "followed")
    state = states(site, OLGA, admit(site, OLGA, ["batch:ana/followed"]))["batch:ana/followed"]
    assert (state.fields["ready"], state.fields["expected"], state.settled) == (1, 1, True)


def test_only_operators_may_follow_background_tasks_and_the_fleet(site: Site) -> None:
    task = site.deployment.background_tasks.begin("redrive", "olga", "all")
    for topic in (f"task:{task.id}", "fleet"):
        with pytest.raises(Problem, match="no such page"):
            admit(site, ANA, [topic])
    assert not states(site, OLGA, [f"task:{task.id}"])[f"task:{task.id}"].settled
    site.deployment.background_tasks.save(task.model_copy(update={"state": BackgroundTaskState.DONE}))
    assert states(site, OLGA, [f"task:{task.id}"])[f"task:{task.id}"].settled
    clock = iter((4.9, 5.0))
    ticks = [states(site, OLGA, ["fleet"], lambda: next(clock))["fleet"].fields["tick"] for _ in range(2)]
    assert ticks == [0, 1]


@pytest.mark.parametrize("topic", ["", "x", "image:", "image:../../x", "batch:ana", "fleet:1", "task:", "user:ana"])
def test_other_topics_cannot_be_followed(site: Site, topic: str) -> None:
    with pytest.raises(Problem, match="cannot be followed"):
        admit(site, OLGA, [topic])


def test_a_stream_sends_every_topic_and_ends_when_all_topics_are_settled(dashboard: Dashboard) -> None:
    image = record(dashboard.deployment, "ana", "streamed", "a.jpg")
    answer = dashboard.browser("ana").get(f"/events?follow=image:{image.image_id}")
    assert answer.headers["content-type"].startswith("text/event-stream")
    [event] = answer.text.strip().split("\n\n")
    assert json.loads(event.partition("data: ")[2]) == {
        "topic": f"image:{image.image_id}",
        "state": {"status": "ready", "version": image.version},
        "settled": True,
    }


def test_a_stream_that_may_not_be_opened_is_refused_before_it_begins(dashboard: Dashboard) -> None:
    record(dashboard.deployment, "ana", "streamed", "b.jpg")
    assert dashboard.browser().get("/events?follow=fleet").status_code == 303
    assert dashboard.browser("ana").get("/events?follow=fleet").status_code == 404
    assert dashboard.browser("ben").get("/events?follow=batch:ana/streamed").status_code == 404
    too_many = "&".join(f"follow=image:{'a' * 30}{n // 10 + 2}{n % 6 + 2}" for n in range(101))
    assert dashboard.browser("ana").get(f"/events?{too_many}").status_code == 422


def test_tiles_show_only_images_that_the_user_may_see(dashboard: Dashboard) -> None:
    image = record(dashboard.deployment, "ana", "tiles", "a.jpg")
    path = f"/tiles?id={image.image_id}&id=nonsense"
    assert dashboard.browser("ana").get(path).text.count('class="tile"') == 1
    assert 'class="tile"' not in dashboard.browser("ben").get(path).text
