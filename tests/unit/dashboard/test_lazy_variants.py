"""A request to the stable address of a lazy variant has it made, once, within bounds."""

import io
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from PIL import Image as Pillow

from dashboard import lazy
from dashboard.app import create_app
from dashboard.lazy import LazyRenders
from dashboard.lazy_engine import ChildEngine
from dashboard.site import Site
from pixelfleet import recipes
from pixelfleet.domain.jobs import Job, JobKind, Origin, decode_message
from pixelfleet.domain.records import Image, Status
from pixelfleet.domain.transitions import Aim, Success
from pixelfleet.errors import Cause, PermanentError, TransientError, WrongLaneError
from pixelfleet.images.limits import Limits
from pixelfleet.images.pipeline import Rendition, render
from pixelfleet.images.probe import probe
from pixelfleet.operations.recipe_texts import store_recipe
from pixelfleet.recipes import Recipe
from pixelfleet.recipes.lazy import alone
from tests.unit.dashboard.conftest import Dashboard

RECIPE = recipes.parse(
    """
name = "shop"
[[variants]]
name = "large"
box = 30
format = ["webp", "jpeg"]
lazy = true
[[variants]]
name = "thumb"
box = 10
format = "jpeg"
[[variants]]
name = "auto"
box = 20
lazy = true
""",
    "shop.toml",
)
LIMITS = Limits(10_000_000, 100_000_000, 100)


class InlineEngine:
    """Renders in this process. `before` is called before each render; `recipes` are those that were rendered."""

    def __init__(self) -> None:
        self.before: Callable[[], None] = lambda: None
        self.rendered: list[str] = []
        self.closed = False

    def render(self, original: Path, recipe: Recipe, folder: Path) -> Rendition:
        self.rendered.append(recipe.variants[0].name)
        self.before()
        header = probe(original, LIMITS, with_gps=False, allow_svg=False, dpi=recipe.dpi)
        return render(original, header, recipe, folder)

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def engine() -> InlineEngine:
    return InlineEngine()


@pytest.fixture
def renders(dashboard: Dashboard, engine: InlineEngine) -> Iterator[LazyRenders]:
    """The renders of the dashboard, by an engine in this process."""
    site = site_of(dashboard)
    site.lazy.close()
    site.lazy = LazyRenders(dashboard.deployment, dashboard.clock, lambda: engine)
    yield site.lazy
    site.lazy.close()


def site_of(dashboard: Dashboard) -> Site:
    site: Site = dashboard.make_client().app.state.site  # type: ignore[attr-defined]
    return site


@pytest.fixture
def image(dashboard: Dashboard, request: pytest.FixtureRequest) -> Image:
    return upload(dashboard, f"{request.node.name}.jpg")


def upload(
    dashboard: Dashboard, name: str, sequencer: str = "10", size: tuple[int, int] = (40, 30), **facts: Any
) -> Image:
    """An image of ana whose original is stored, processed by the recipe: no lazy variant is made."""
    deployment = dashboard.deployment
    file = io.BytesIO()
    Pillow.new("RGB", size, (200, 30, 60)).save(file, "JPEG")
    bucket, key = deployment.settings.uploads_bucket, f"uploads/ana/lazy/{name}"
    etag = deployment.s3.put_object(Bucket=bucket, Key=key, Body=file.getvalue())["ETag"].strip('"')
    job = Job(JobKind.PROCESS, bucket, key, None, etag, sequencer, 1000)
    recipe = store_recipe(deployment, RECIPE)
    aim = Aim(job, recipe, etag[:32], "worker-1", "2026-11-02T00:00:00.000Z")
    claimed = deployment.images.claim(aim, 5, deployment.images.get(job.image_id))
    assert isinstance(claimed, Image), claimed
    known = {"format": "jpeg", "width": size[0], "height": size[1]} | facts
    ready = deployment.images.record_ready(aim.claimed(claimed), Success((), known, {}))
    assert isinstance(ready, Image)
    announced = deployment.images.announced(ready)
    assert isinstance(announced, Image)
    return announced


def present(dashboard: Dashboard, image: Image) -> Image:
    record = dashboard.deployment.images.get(image.image_id)
    assert record is not None
    return record


def stored(dashboard: Dashboard, image: Image) -> set[str]:
    listed = dashboard.deployment.s3.list_objects_v2(
        Bucket=dashboard.deployment.settings.results_bucket, Prefix=f"ana/{image.image_id}/"
    )
    return {entry["Key"].rpartition("/")[2] for entry in listed.get("Contents", [])}


def jobs(dashboard: Dashboard) -> list[Job]:
    """The jobs for lazy variants since the last call. Tests share the queue, so other jobs are left out."""
    sqs, url = dashboard.deployment.sqs, dashboard.deployment.settings.bulk_queue_url
    sent: list[Job] = []
    while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", []):
        for message in messages:
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
            sent.append(decode_message(message["Body"]))
    return [job for job in sent if job.kind is JobKind.VARIANT]


pytestmark = pytest.mark.usefixtures("renders")


def test_the_first_request_makes_the_variant_and_the_second_reads_it_from_the_store(
    dashboard: Dashboard, image: Image, engine: InlineEngine
) -> None:
    browser, address = dashboard.browser("ana"), f"/v/{image.image_id}/large"
    first = browser.get(address)
    assert first.status_code == 200
    with Pillow.open(io.BytesIO(first.content)) as picture:
        assert (picture.format, picture.size) == ("JPEG", (30, 22))
    second = browser.get(address)
    assert (second.content, second.headers["etag"]) == (first.content, first.headers["etag"])
    assert engine.rendered == ["large"]
    made = present(dashboard, image)
    assert [(one.name, one.format) for one in made.variants] == [("large", "webp"), ("large", "jpeg")]
    assert stored(dashboard, image) == {"large.webp", "large.jpg"}
    assert (made.status, made.outcome, made.notice) == (Status.READY, image.outcome, None)


def test_the_format_follows_accept_and_the_extension(dashboard: Dashboard, image: Image, engine: InlineEngine) -> None:
    browser = dashboard.browser("ana")
    answer = browser.get(f"/v/ana/lazy/{image.path}/large", headers={"Accept": "image/webp"})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/webp")
    assert browser.get(f"/v/{image.image_id}/large.jpg").headers["content-type"] == "image/jpeg"
    assert engine.rendered == ["large"]
    assert browser.get(f"/v/{image.image_id}/auto.jpg").headers["content-type"] == "image/jpeg"
    # The recipe's format became JPEG.
    assert browser.get(f"/v/{image.image_id}/auto.webp").status_code == 404


def test_what_no_recipe_names_is_not_rendered(dashboard: Dashboard, image: Image, engine: InlineEngine) -> None:
    browser = dashboard.browser("ana")
    for last in ("other", "large.avif", "large.exe", "auto.png", "thumb"):
        assert browser.get(f"/v/{image.image_id}/{last}").status_code == 404, last
    assert engine.rendered == []
    assert jobs(dashboard) == []


def test_only_who_may_see_the_image_has_a_variant_made(
    dashboard: Dashboard, image: Image, engine: InlineEngine
) -> None:
    address = f"/v/{image.image_id}/large"
    assert dashboard.browser("ben").get(address).status_code == 404
    assert dashboard.browser().get(address).status_code == 303
    assert engine.rendered == []
    link = dashboard.program("ana").post(
        f"/api/v1/images/{image.image_id}/links", json={"variant": "large", "seconds": 60, "stable": True}
    )
    assert link.status_code == 201, link.text
    assert dashboard.browser().get(link.json()["url"]).status_code == 200


def test_requests_at_the_same_time_render_once(dashboard: Dashboard, image: Image, engine: InlineEngine) -> None:
    browsers = [dashboard.browser("ana") for _ in range(4)]
    all_wait = threading.Event()
    engine.before = lambda: waited(all_wait)
    with ThreadPoolExecutor(4) as pool:
        answers = [pool.submit(browser.get, f"/v/{image.image_id}/large") for browser in browsers]
        until(lambda: site_of(dashboard).lazy._waiting == 4)
        # The service answers others meanwhile.
        assert dashboard.browser().get("/health").status_code == 200
        all_wait.set()
        assert {answer.result().status_code for answer in answers} == {200}
    assert engine.rendered == ["large"]


def waited(event: threading.Event) -> None:
    assert event.wait(20)


def until(condition: Callable[[], bool]) -> None:
    from tests.waiting import PATIENCE  # noqa: PLC0415

    passed = threading.Event()
    for _ in range(int(PATIENCE * 100)):
        if condition():
            return
        passed.wait(0.01)
    raise AssertionError("the condition was never met")


def test_a_head_has_the_headers_of_the_variant(dashboard: Dashboard, image: Image) -> None:
    browser, address = dashboard.browser("ana"), f"/v/{image.image_id}/large"
    head = browser.head(address)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == str(len(browser.get(address).content))


def test_a_range_of_a_variant_that_is_not_made(dashboard: Dashboard, image: Image) -> None:
    answer = dashboard.browser("ana").get(f"/v/{image.image_id}/large", headers={"Range": "bytes=0-2"})
    assert (answer.status_code, answer.content) == (206, b"\xff\xd8\xff")


def test_a_revision_that_is_replaced_meanwhile_is_thrown_away_and_the_request_gets_the_present_one(
    dashboard: Dashboard, image: Image, engine: InlineEngine
) -> None:
    newer: list[Image] = []

    def replaced() -> None:
        if not newer:
            newer.append(upload(dashboard, image.path, "20", (20, 40)))

    engine.before = replaced
    answer = dashboard.browser("ana").get(f"/v/{image.image_id}/large")
    with Pillow.open(io.BytesIO(answer.content)) as picture:
        assert picture.size == (15, 30)
    made = present(dashboard, image)
    assert made.revision == newer[0].revision
    assert len(made.variants) == 2
    assert stored(dashboard, image) == {"large.webp", "large.jpg"}
    assert engine.rendered == ["large", "large"]


def test_the_present_revision_is_served_while_a_new_version_is_processed(dashboard: Dashboard, image: Image) -> None:
    browser, address = dashboard.browser("ana"), f"/v/{image.image_id}/large"
    assert browser.get(address).status_code == 200
    job = replace(image.job(Origin.EVENT), etag="f" * 32, sequencer="20")
    aim = Aim(job, store_recipe(dashboard.deployment, RECIPE), "cd" * 16, "w", "2026-11-02T00:00:00.000Z")
    assert isinstance(dashboard.deployment.images.claim(aim, 5, None), Image)
    assert browser.get(address).status_code == 200
    # The bucket keeps one version, so another variant of the present revision waits for the new one.
    waiting = browser.get(f"/v/{image.image_id}/auto")
    assert (waiting.status_code, waiting.headers["retry-after"]) == (503, "10")
    assert browser.get(f"/v/{image.image_id}/other").status_code == 404


def test_a_large_original_is_sent_to_the_bulk_lane_once(dashboard: Dashboard, engine: InlineEngine) -> None:
    large = upload(dashboard, "scan.jpg", width=10_000, height=6_001)
    browser, address = dashboard.browser("ana"), f"/v/{large.image_id}/large"
    for _ in range(2):
        answer = browser.get(address)
        assert (answer.status_code, answer.headers["retry-after"]) == (202, "10")
        assert answer.headers["cache-control"] == "no-store"
    [job] = jobs(dashboard)
    assert (job.kind, job.key, job.variant, job.revision) == (JobKind.VARIANT, large.key, "large", large.revision)
    assert engine.rendered == []


def test_an_original_that_needs_more_than_there_is_beside_the_dashboard_goes_to_the_bulk_lane(
    dashboard: Dashboard, image: Image, engine: InlineEngine
) -> None:
    engine.before = raising(WrongLaneError("too much memory"))
    assert dashboard.browser("ana").get(f"/v/{image.image_id}/large").status_code == 202
    assert [job.variant for job in jobs(dashboard)] == ["large"]


@pytest.mark.parametrize(("limit", "value"), [("_FILE_BYTES", 100), ("SECONDS", 0.0)])
def test_a_child_without_room_or_time_leaves_the_variant_to_a_worker(
    dashboard: Dashboard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str, value: float
) -> None:
    monkeypatch.setattr(f"dashboard.lazy_engine.{limit}", value)
    original = tmp_path / "original"
    Pillow.effect_noise((40, 30), 90).save(original, "PNG")
    child = ChildEngine(dashboard.deployment)
    try:
        with pytest.raises(WrongLaneError):
            child.render(original, alone(RECIPE, RECIPE.variants[0]), tmp_path)
    finally:
        child.close()


def raising(error: Exception) -> Callable[[], None]:
    def fail() -> None:
        raise error

    return fail


def test_a_fault_of_the_image_is_answered_with_its_cause_and_rendered_once(
    dashboard: Dashboard, image: Image, engine: InlineEngine
) -> None:
    engine.before = raising(PermanentError(Cause.TRUNCATED, "the file breaks off"))
    browser = dashboard.browser("ana")
    for _ in range(2):
        answer = browser.get(f"/v/{image.image_id}/large", headers={"Accept": "image/webp"})
        assert answer.status_code == 422
        assert "truncated: the file breaks off" in answer.json()["detail"]
    assert engine.rendered == ["large"]
    assert stored(dashboard, image) == set()
    assert present(dashboard, image).status is Status.READY


def test_a_crash_is_a_fault_of_the_machine_and_not_repeated_at_each_request(
    dashboard: Dashboard, image: Image, engine: InlineEngine
) -> None:
    engine.before = raising(TransientError(Cause.CRASHED, "died"))
    browser = dashboard.browser("ana")
    for _ in range(2):
        answer = browser.get(f"/v/{image.image_id}/large")
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "60")
    assert engine.rendered == ["large"]


def test_a_store_that_does_not_answer_is_503_and_the_next_request_tries_again(
    dashboard: Dashboard, image: Image, engine: InlineEngine
) -> None:
    engine.before = raising(TransientError(Cause.UNAVAILABLE, "S3 is away"))
    browser = dashboard.browser("ana")
    assert browser.get(f"/v/{image.image_id}/large").status_code == 503
    engine.before = lambda: None
    assert browser.get(f"/v/{image.image_id}/large").status_code == 200


def test_an_owner_has_a_budget_for_each_hour(dashboard: Dashboard, engine: InlineEngine) -> None:
    settings = dashboard.deployment.settings.model_copy(update={"lazy_renders_per_hour": 2})
    site = site_of(dashboard)
    site.lazy.close()
    deployment = dashboard.deployment
    limited: Any = type(deployment)(settings)
    limited.__dict__.update({name: one for name, one in deployment.__dict__.items() if name != "settings"})
    site.lazy = LazyRenders(limited, dashboard.clock, lambda: engine)
    browser = dashboard.browser("ana")
    images = [upload(dashboard, f"budget-{number}.jpg") for number in range(3)]
    assert [browser.get(f"/v/{one.image_id}/large").status_code for one in images] == [200, 200, 429]
    # A variant that is made costs nothing.
    assert browser.get(f"/v/{images[0].image_id}/large").status_code == 200
    assert int(browser.get(f"/v/{images[2].image_id}/large").headers["retry-after"]) == 1801
    dashboard.clock.now += 1_801
    assert browser.get(f"/v/{images[2].image_id}/large").status_code == 200
    site.lazy.close()


def test_too_many_variants_at_once_are_refused(
    dashboard: Dashboard, image: Image, engine: InlineEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lazy, "MOST_VARIANTS", 1)
    goes_on = threading.Event()
    engine.before = lambda: waited(goes_on)
    browser = dashboard.browser("ana")
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(dashboard.browser("ana").get, f"/v/{image.image_id}/large")
        until(lambda: bool(engine.rendered))
        refused = browser.get(f"/v/{image.image_id}/auto")
        assert (refused.status_code, refused.headers["retry-after"]) == (503, "2")
        goes_on.set()
        assert first.result().status_code == 200
    assert browser.get(f"/v/{image.image_id}/auto").status_code == 200


def test_too_many_requests_that_wait_are_refused_and_a_wait_ends(
    dashboard: Dashboard, image: Image, engine: InlineEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lazy, "LONGEST_WAIT", 0.05)
    goes_on = threading.Event()
    engine.before = lambda: waited(goes_on)
    browser, address = dashboard.browser("ana"), f"/v/{image.image_id}/large"
    assert browser.get(address).status_code == 503
    monkeypatch.setattr(lazy, "MOST_REQUESTS", 0)
    assert browser.get(address).status_code == 503
    monkeypatch.undo()
    goes_on.set()
    # The render went on without its request.
    assert browser.get(address).status_code == 200
    assert engine.rendered == ["large"]


def test_the_image_page_offers_the_address_of_a_variant_that_is_not_made(dashboard: Dashboard, image: Image) -> None:
    browser, address = dashboard.browser("ana"), f"/v/ana/lazy/{image.path}/large"
    page = browser.get(f"/images/{image.image_id}").text
    assert f'href="{address}">Make it' in page
    browser.get(address)
    assert "Make it" in browser.get(f"/images/{image.image_id}").text
    browser.get(f"/v/{image.image_id}/auto")
    assert "Make it" not in browser.get(f"/images/{image.image_id}").text


def test_the_api_says_what_makes_a_variant_that_is_not_made(dashboard: Dashboard, image: Image) -> None:
    program = dashboard.program("ana")
    answer = program.get(f"/api/v1/images/{image.image_id}/variants/large")
    assert (answer.status_code, "a request to /v/ana/lazy/" in answer.json()["detail"]) == (404, True)
    fixed = program.post(f"/api/v1/images/{image.image_id}/links", json={"variant": "large"})
    assert (fixed.status_code, "lazy" in fixed.json()["detail"]) == (404, True)
    assert "lazy" not in program.get(f"/api/v1/images/{image.image_id}/variants/other").json()["detail"]


def test_an_image_without_lazy_variants_and_a_removed_image_answer_404(
    dashboard: Dashboard, image: Image, engine: InlineEngine
) -> None:
    removal = Job(JobKind.REMOVE, image.bucket, image.key, sequencer="30")
    assert isinstance(dashboard.deployment.images.remove(removal, "w"), Image)
    assert dashboard.browser("ana").get(f"/v/{image.image_id}/large").status_code == 404
    assert engine.rendered == []


def test_the_engine_of_a_process_decodes_in_a_child_within_limits(dashboard: Dashboard, image: Image) -> None:
    site = site_of(dashboard)
    site.lazy.close()
    site.lazy = LazyRenders(dashboard.deployment)
    try:
        assert dashboard.browser("ana").get(f"/v/{image.image_id}/large").status_code == 200
        [child] = site.lazy._engines
        assert child._supervisor.pid  # type: ignore[attr-defined]
    finally:
        site.lazy.close()
    assert child._supervisor.pid is None  # type: ignore[attr-defined]


@pytest.mark.parametrize("path", ["/v/{}/large", "/i/ana/{}/x"])
def test_a_flood_from_one_address_to_public_results_is_refused(
    dashboard: Dashboard, image: Image, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dashboard.site.PUBLIC_PER_MINUTE", 3)
    settings = dashboard.deployment.settings.model_copy(update={"public_results": True, "forwarded_hops": 1})
    app = create_app(settings, dashboard.deployment, dashboard.clock)
    client = TestClient(app, follow_redirects=False)
    client.portal = dashboard.browser().portal
    address = path.format("a" * 32)

    def status(of: str) -> int:
        return client.get(address, headers={"X-Forwarded-For": of}).status_code

    assert [status("192.0.2.1") for _ in range(4)] == [404, 404, 404, 429]
    assert status("192.0.2.2") == 404
    refused = client.get(address, headers={"X-Forwarded-For": "192.0.2.1"})
    assert int(refused.headers["retry-after"]) > 0
    dashboard.clock.now += 60
    assert status("192.0.2.1") == 404
