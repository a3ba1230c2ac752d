"""Every write of the catalog, refused a few times by DynamoDB because transactions write the same item."""

import ast
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import FunctionType
from typing import Any, Final

import boto3
import pytest
from moto import mock_aws

from pixelfleet.catalog import dynamo
from pixelfleet.catalog.activity import Activity, Heartbeat, Sample
from pixelfleet.catalog.alias_claims import AliasClaims
from pixelfleet.catalog.background import BackgroundTasks
from pixelfleet.catalog.batches import Batches
from pixelfleet.catalog.image_reader import ImageReader
from pixelfleet.catalog.images import Images
from pixelfleet.catalog.invalidations import Invalidations, PendingInvalidation
from pixelfleet.catalog.recipes import RecipeTexts
from pixelfleet.catalog.registry import RecipeRegistry
from pixelfleet.catalog.schema import TABLES, USERS
from pixelfleet.catalog.sign_in_attempts import SignInAttempts
from pixelfleet.catalog.users import Users
from pixelfleet.domain.adoption import adopted_image
from pixelfleet.domain.jobs import Lane, Origin
from pixelfleet.domain.keys import Place
from pixelfleet.domain.records import Alias, Image, RecipeRef
from pixelfleet.domain.registry import with_default
from pixelfleet.domain.scores import Score
from pixelfleet.domain.tags import Tags
from pixelfleet.domain.transitions import Failure, Refusal
from pixelfleet.domain.users import Role, Scope
from pixelfleet.errors import Cause, TransientError
from pixelfleet.localcloud.tables import ensure_table
from pixelfleet.recipes import Metric
from tests.catalog_conformance import OUTCOME, WEB, aim
from tests.fakes.dynamodb import FakeDynamoDb
from tests.fakes.errors import aws_error

ROOT: Final = Path(__file__).resolve().parents[3]
WRITES: Final = frozenset(
    {"put_item", "update_item", "delete_item", "transact_write_items", "batch_write_item", "execute_statement"}
)
#: The classes of the users table.
OF_USERS: Final = ("Users.", "SignInAttempts.")
#: How often each write is refused before it is accepted.
REFUSALS: Final = 3
NOW: Final = datetime(2026, 11, 26, tzinfo=UTC)


class ConflictingClient:
    """A DynamoDB client that refuses each write `refusals` times, because another transaction is writing the item."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self.refusals = 0
        self.refused: Counter[str] = Counter()

    def __getattr__(self, operation: str) -> Any:
        method = getattr(self._client, operation)

        def call(**request: Any) -> Any:
            if operation in WRITES and self.refused[repr((operation, request))] < self.refusals:
                self.refused[repr((operation, request))] += 1
                raise conflict(operation)
            return method(**request)

        return call


def conflict(operation: str) -> Exception:
    if operation == "transact_write_items":
        reasons = [{"Code": "None"}, {"Code": "TransactionConflict"}]
        return aws_error("TransactionCanceledException", 400, operation, CancellationReasons=reasons)
    return aws_error("TransactionConflictException", 400, operation, "Transaction is ongoing for the item")


class Tables:
    """Every class of the catalog, with one client."""

    def __init__(self, client: Any) -> None:
        self.images = Images(client, "images", "batches", now=lambda: NOW, pause=lambda: None)
        self.alias_claims = AliasClaims(client, "images")
        self.batches = Batches(client, "batches")
        self.users = Users(client, "users")
        self.attempts = SignInAttempts(client, "users")
        self.recipe_texts = RecipeTexts(client, "recipes")
        self.recipe_registry = RecipeRegistry(client, "recipes")
        self.activity = Activity(client, "activity")
        self.invalidations = Invalidations(client, "activity", lambda: NOW)
        self.background_tasks = BackgroundTasks(client, "activity")

    def claimed(self, name: str = "cat.jpg") -> Image:
        return image(self.images.claim(aim(name), 5, None))

    def ready(self, name: str = "cat.jpg") -> Image:
        claimed = self.claimed(name)
        return image(self.images.record_ready(aim(name).claimed(claimed), OUTCOME, claimed))

    def keeping(self) -> Image:
        """An image that keeps an earlier revision, and is announced."""
        ready = image(self.images.announced(self.ready()))
        other = replace(aim(), recipe=RecipeRef(name="zoom", digest="d9"), revision="r9")
        claimed = image(self.images.claim(other, 5, ready))
        made = self.images.record_ready(other.claimed(claimed), OUTCOME, claimed, keep=True)
        return image(self.images.announced(image(made)))

    def failed(self) -> Image:
        claimed = self.claimed()
        return image(self.images.record_failed(aim().claimed(claimed), FAILURE, claimed))

    def user(self) -> None:
        self.users.add("ana", "hash")


HELD: Final = Alias(file="thumb.webp", bucket="shop", key="cat.webp")
FAILURE: Final = Failure(Cause.UNREADABLE, "it is broken")

Act = Callable[[Tables], Callable[[], object]]


def waiting() -> Image:
    return adopted_image(aim().job, Place("me", "b1", "cat.jpg"), Lane.BULK, "2026-11-20T10:00:00.000Z", "ana")


def image(written: Image | Refusal | None) -> Image:
    assert isinstance(written, Image)
    return written


def _background_task(t: Tables) -> Callable[[], object]:
    task = t.background_tasks.begin("redrive", "ana", "all")
    return lambda: t.background_tasks.save(task)


def _request_to_stop(t: Tables) -> Callable[[], object]:
    task = t.background_tasks.begin("rollout", "ana", "all")
    return lambda: t.background_tasks.ask_to_stop(task, "ana")


def _sealed(t: Tables) -> Image:
    t.batches.create("me", "b1")
    ready = t.ready()
    t.batches.seal("me", "b1", [ready.image_id])
    return ready


def _of_sealed(act: Callable[[Batches, str], object]) -> Act:
    def prepared(t: Tables) -> Callable[[], object]:
        ready = _sealed(t)
        return lambda: act(t.batches, ready.image_id)

    return prepared


def _invalidation(t: Tables) -> Callable[[], object]:
    ready = t.ready()
    return lambda: t.invalidations.add(ready)


def _completed(t: Tables) -> Callable[[], object]:
    t.batches.complete("me", "b1", _sealed(t).image_id)
    batch = t.batches.get("me", "b1")
    assert batch is not None
    return lambda: t.batches.announced(batch)


def _count_anew(t: Tables) -> Callable[[], object]:
    ready = _sealed(t)
    batch = t.batches.get("me", "b1")
    assert batch is not None
    return lambda: t.batches.count_anew(batch, [ready.image_id])


def _bearer(t: Tables) -> Callable[[], object]:
    t.user()
    secret, _ = t.users.issue_token("ana", "ci", (Scope.READ,), 1)
    return lambda: t.users.bearer(secret)


def _token(t: Tables) -> Callable[[], object]:
    t.user()
    _, note = t.users.issue_token("ana", "ci", (Scope.READ,), 1)
    return lambda: t.users.revoke_token("ana", note.digest)


def _of_user(act: Callable[[Users], object]) -> Act:
    def prepared(t: Tables) -> Callable[[], object]:
        t.user()
        return lambda: act(t.users)

    return prepared


def _release(tables: Tables) -> Callable[[], object]:
    tables.alias_claims.claim(("shop", "cat.jpg"), "one")
    return lambda: tables.alias_claims.release(("shop", "cat.jpg"), "one")


def _of(record: Callable[[Tables], Image], act: Callable[[Images, Image], object]) -> Act:
    def prepared(t: Tables) -> Callable[[], object]:
        present = record(t)
        return lambda: image(act(t.images, present))  # type: ignore[arg-type]

    return prepared


#: For each method that writes: the preparation of the call, and the call.
WRITERS: Final[dict[str, Act]] = {
    "Images.begin": lambda t: lambda: image(t.images.begin(aim(), 5)),
    "Images.add": lambda t: lambda: t.images.add(waiting()),
    "Images.claim": lambda t: t.claimed,
    "Images.confirm": _of(Tables.failed, lambda i, failed: i.confirm(aim(sequencer="06").job, "v1", failed)),
    "Images.record_ready": _of(Tables.claimed, lambda i, c: i.record_ready(aim().claimed(c), OUTCOME, c)),
    "Images.record_failed": _of(Tables.claimed, lambda i, c: i.record_failed(aim().claimed(c), FAILURE, c)),
    "Images.note_transient": _of(Tables.claimed, lambda i, c: i.note_transient(aim().claimed(c), FAILURE, c)),
    "Images.hand_back": _of(Tables.claimed, lambda i, c: i.hand_back(aim().claimed(c), c)),
    "Images.remove": _of(Tables.ready, lambda i, _: i.remove(aim(sequencer="07").job, "w1")),
    "Images.announced": _of(Tables.ready, lambda i, ready: i.announced(ready)),
    "Images.set_aliases": _of(Tables.ready, lambda i, ready: i.set_aliases(ready, (HELD,))),
    "Images.note_claims": _of(Tables.ready, lambda i, ready: i.note_claims(ready, [("shop", "cat.jpg")])),
    "AliasClaims.claim": lambda t: lambda: t.alias_claims.claim(("shop", "cat.jpg"), "one"),
    "AliasClaims.release": _release,
    "AliasClaims.wait": lambda t: lambda: t.alias_claims.wait(("shop", "cat.jpg"), "one", "two"),
    "Images.supersede": _of(Tables.ready, lambda i, ready: i.supersede(ready, "other")),
    "Images.abandon": _of(Tables.failed, lambda i, failed: i.abandon(failed, failed.target or "")),
    "Images.forget_revisions": _of(
        lambda t: image(t.images.supersede(t.ready(), "other")), lambda i, one: i.forget_revisions(one, ["other"])
    ),
    "Images.queue_again": _of(Tables.failed, lambda i, failed: i.queue_again(failed, "ana", Origin.REDRIVE)),
    "Images.bring_to": _of(
        Tables.ready,
        lambda i, ready: i.bring_to(ready, "ana", RecipeRef(name="new", digest="d9"), ready.revision_recipe or WEB),
    ),
    "Images.tag": _of(Tables.ready, lambda i, ready: i.tag(ready, Tags(("beach",)))),
    "Images.make_current": _of(
        Tables.keeping, lambda i, one: i.make_current(one, one.kept_revisions[0].results, "ana")
    ),
    "Images.record_lazy": _of(
        Tables.ready,
        lambda i, ready: i.record_lazy(
            ready, ready.revision or "", [ready.variants[0].model_copy(update={"name": "print"})], ["print"]
        ),
    ),
    "Images.note_lazy": _of(Tables.ready, lambda i, ready: i.note_lazy(ready, ready.revision or "", "print")),
    "Images.expire": _of(Tables.keeping, lambda i, one: i.expire(one, one.kept_revisions[0].results)),
    "Images.uncount": _of(Tables.ready, lambda i, ready: i.uncount(ready, "other")),
    "Batches.create": lambda t: lambda: t.batches.create("me", "b1"),
    "Batches.set_min_score": lambda t: (
        t.batches.create("me", "b1"),
        lambda: t.batches.set_min_score("me", "b1", Score(Metric.SSIMULACRA2, 50)),
    )[1],
    "Batches.forget_move": lambda t: (t.batches.create("me", "b1"), lambda: t.batches.forget_move("me", "b1"))[1],
    "Batches.seal": lambda t: (t.batches.create("me", "b1"), lambda: t.batches.seal("me", "b1", ["a"]))[1],
    "Batches.count_anew": _count_anew,
    "Batches.completed_by": _of_sealed(lambda batches, image_id: batches.completed_by("me", "b1", image_id)),
    "Batches.complete": _of_sealed(lambda batches, image_id: batches.complete("me", "b1", image_id)),
    "Batches.announced": _completed,
    "Users.add": lambda t: t.user,
    "Users.set_password": _of_user(lambda users: users.set_password("ana", "other")),
    "Users.set_disabled": _of_user(lambda users: users.set_disabled("ana", disabled=True)),
    "Users.set_role": _of_user(lambda users: users.set_role("ana", Role.OPERATOR)),
    "Users.bearer": _bearer,
    "Users.issue_token": _of_user(lambda users: users.issue_token("ana", "ci", (Scope.READ,), 1)),
    "Users.revoke_token": _token,
    "Users.remove": _of_user(lambda users: users.remove("ana")),
    "Users.end_session": lambda t: lambda: t.users.end_session("s1", 60),
    "SignInAttempts.may_try": lambda t: lambda: t.attempts.may_try("ana", "10.0.0.1"),
    "SignInAttempts.count": lambda t: lambda: t.attempts.count("ana", "10.0.0.1"),
    "SignInAttempts.forget": lambda t: lambda: t.attempts.forget("ana", "10.0.0.1"),
    "RecipeTexts.put": lambda t: lambda: t.recipe_texts.put(WEB, "text"),
    "RecipeRegistry.change": lambda t: lambda: t.recipe_registry.change(lambda now: with_default(now, "me", "web")),
    "Activity.note": lambda t: lambda: t.activity.note("ana", "redrive"),
    "Activity.claim_digest": lambda t: lambda: t.activity.claim_digest(NOW, "run", NOW),
    "Activity.note_published": lambda t: lambda: t.activity.note_published(NOW),
    "Activity.beat": lambda t: (
        lambda: t.activity.beat(
            Heartbeat(worker="w1", lanes=(Lane.BULK,), started_at=NOW.isoformat(), seen_at=NOW.isoformat())
        )
    ),
    "Activity.gone": lambda t: lambda: t.activity.gone("w1"),
    "Activity.count": lambda t: (
        lambda: t.activity.count(Sample(at=NOW.isoformat(), lane=Lane.BULK, outcomes={"ready": 1}))
    ),
    "Invalidations.add": _invalidation,
    "Invalidations.done": lambda t: lambda: t.invalidations.done([PendingInvalidation("me", "x", "now")]),
    "BackgroundTasks.begin": lambda t: lambda: t.background_tasks.begin("redrive", "ana", "all"),
    "BackgroundTasks.save": _background_task,
    "BackgroundTasks.ask_to_stop": _request_to_stop,
}
#: Methods that only read.
READERS: Final = frozenset(
    {
        "ImageReader.get", "ImageReader.get_many", "ImageReader.glance", "ImageReader.sort_values",
        "ImageReader.records", "ImageReader.of_owner", "ImageReader.at_path",
        "ImageReader.of_batch", "ImageReader.failed", "ImageReader.last_failed", "ImageReader.unsettled",
        "ImageReader.made_by_earlier", "ImageReader.made_by", "ImageReader.ready_outside", "ImageReader.chosen_for",
        "ImageReader.with_digest", "ImageReader.with_digests",
        "Batches.get", "Batches.counters", "Batches.counts", "Batches.of_owner", "Batches.all",
        "AliasClaims.holder", "AliasClaims.holders", "AliasClaims.pages",
        "Users.get", "Users.names", "Users.all", "Users.token_uses", "Users.in_session",
        "RecipeTexts.text", "RecipeRegistry.get", "RecipeRegistry.versions",
        "Activity.actions", "Activity.heartbeats", "Activity.samples",
        "Invalidations.pending", "Invalidations.of_owner", "BackgroundTasks.get", "BackgroundTasks.recent",
        "BackgroundTasks.rollouts", "BackgroundTasks.asked_to_stop",
    }
)  # fmt: skip
CLASSES: Final = (
    ImageReader,
    Images,
    AliasClaims,
    Batches,
    SignInAttempts,
    Users,
    RecipeTexts,
    RecipeRegistry,
    Activity,
    Invalidations,
    BackgroundTasks,
)


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The numbers of the tries after which a write would have paused."""
    pauses: list[int] = []
    monkeypatch.setattr(dynamo, "pause", lambda tries=1: pauses.append(tries))
    return pauses


@pytest.fixture
def users_on_moto(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        client = boto3.client("dynamodb", region_name="us-east-1")
        ensure_table(client, USERS.name, USERS)
        yield client


def check(name: str, model: Any) -> None:
    client = ConflictingClient(model)
    call = WRITERS[name](Tables(client))
    client.refusals = REFUSALS
    call()
    assert client.refused, f"{name} writes nothing"


@pytest.mark.parametrize("name", [name for name in WRITERS if not name.startswith(OF_USERS)])
def test_a_write_that_conflicts_with_transactions_is_repeated(name: str) -> None:
    check(name, FakeDynamoDb((table.name, table) for table in TABLES))


@pytest.mark.parametrize("name", [name for name in WRITERS if name.startswith(OF_USERS)])
def test_a_write_of_a_user_that_conflicts_with_transactions_is_repeated(name: str, users_on_moto: Any) -> None:
    """The fake cannot read the expressions of this table, so this test uses moto."""
    check(name, users_on_moto)


def test_the_list_of_writers_is_complete() -> None:
    methods = {
        f"{owner.__name__}.{name}"
        for owner in CLASSES
        for name, member in vars(owner).items()
        if isinstance(member, FunctionType) and not name.startswith("_")
    }
    assert methods == WRITERS.keys() | READERS


def test_no_write_bypasses_the_function_that_repeats_writes() -> None:
    past = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for package in ("pixelfleet", "worker", "dashboard", "producer_lambda")
        for path in sorted((ROOT / package).rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in WRITES
    ]
    assert past == []


def test_pauses_grow_and_a_write_that_is_always_refused_ends_as_throttled(no_pauses: list[int]) -> None:
    def refused() -> None:
        raise conflict("update_item")

    with pytest.raises(TransientError, match="being written by others") as caught:
        dynamo.write(refused)
    assert caught.value.cause is Cause.THROTTLED
    assert no_pauses == list(range(1, dynamo.WRITE_TRIES))


def test_a_failed_condition_is_reported_at_once_even_with_a_conflict(no_pauses: list[int]) -> None:
    reasons = [{"Code": "ConditionalCheckFailed"}, {"Code": "TransactionConflict"}]
    lost = aws_error("TransactionCanceledException", 400, "TransactWriteItems", CancellationReasons=reasons)

    def refused() -> None:
        raise lost

    with pytest.raises(type(lost)) as caught:
        dynamo.write(refused)
    assert dynamo.condition_lost(caught.value)
    assert no_pauses == []
