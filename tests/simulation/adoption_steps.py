"""Steps of archivists: a bucket that existed before the fleet changes, is adopted, and its images are removed again."""

import random
from collections.abc import Callable
from typing import Any, Final

import pixelfleet.cli.reconcile
from pixelfleet.deployment import Deployment
from pixelfleet.domain.archives import RestoreTier
from pixelfleet.operations.adoption.order import Adoption
from pixelfleet.operations.adoption.run import adopt
from tests.simulation.dashboard_steps import in_dashboard, remove_in_dashboard, reprocess_by
from tests.simulation.environment import Environment
from tests.simulation.operator_steps import run_rm
from tests.simulation.pixels import original
from tests.simulation.step import MASTERS, MASTERS_FOLDER, OWNER, Step, some_of

#: The batch of most adoptions. The others have the time as their name.
BATCH: Final = "old"
KEYS: Final = tuple(f"{MASTERS_FOLDER}{number}.jpg" for number in range(5))
_KINDS: Final = ("good", "good", "good", "bad", "large", "odd")
#: What archivists do, by how often they do it.
_OFTEN: Final = (*("adopt",) * 3, *("put",) * 3, "delete", "rm", "remove", "reprocess", "reconcile", "archive")
_WITHOUT_RECORD: Final = "an adoption that succeeds leaves no object without a record"
_OPEN: Final = "an adoption that succeeds seals its batch"


def archivist_steps(environment: Environment, rng: random.Random, *, begins: bool) -> list[Step]:
    """Changes and adoptions. The archivist that `begins` fills the bucket first."""
    steps = _Steps(environment, rng)
    first = [steps.put(key) for key in rng.sample(KEYS, rng.randint(1, len(KEYS)))] if begins else []
    kinds = ["adopt", *some_of(rng, _OFTEN, 0.5)]
    return [*first, *(steps.named[rng.choice(kinds)](rng.choice(KEYS)) for _ in range(rng.randint(2, 8)))]


def adopt_again(environment: Environment, deployment: Deployment) -> None:
    """Carry out the adoption once more, as after an interruption, and check what it leaves."""
    _adopt(environment, deployment, BATCH, RestoreTier.STANDARD)


class _Steps:
    """The kinds of steps; each makes a step for a key."""

    def __init__(self, environment: Environment, rng: random.Random) -> None:
        self._environment = environment
        self._rng = rng
        self._share_archived = rng.choice((0.0, 0.0, 0.4))
        self.named: dict[str, Callable[[str], Step]] = {
            "adopt": self._adopts,
            "put": self.put,
            "archive": lambda key: self._put(key, "GLACIER"),
            "delete": self._delete,
            "rm": self._rm,
            "remove": self._remove,
            "reprocess": self._reprocess,
            "reconcile": self._reconcile,
        }

    def put(self, key: str) -> Step:
        return self._put(key, "GLACIER" if self._rng.random() < self._share_archived else "STANDARD")

    def _put(self, key: str, storage_class: str) -> Step:
        text = f"{self._rng.choice(_KINDS)} {self._rng.randrange(3)}"
        where = "" if storage_class == "STANDARD" else f" into {storage_class}"
        request: Any = {"Bucket": MASTERS, "Key": key, "Body": original(text), "StorageClass": storage_class}
        return Step(f"puts {key}{where}: {text}", lambda d: d.s3.put_object(**request), leaves_work=False)

    def _delete(self, key: str) -> Step:
        return Step(f"deletes {key}", lambda d: d.s3.delete_object(Bucket=MASTERS, Key=key), leaves_work=False)

    def _adopts(self, _key: str) -> Step:
        batch, restore = self._rng.choice((BATCH, BATCH, None)), self._rng.choice((None, RestoreTier.STANDARD))
        words = f"adopts {MASTERS} as {batch or 'the time'}{' and has archived objects restored' if restore else ''}"
        return Step(words, lambda d: _adopt(self._environment, d, batch, restore))

    def _rm(self, key: str) -> Step:
        return Step(f"rm s3://{MASTERS}/{key}", lambda _: run_rm([f"s3://{MASTERS}/{key}"]))

    def _remove(self, key: str) -> Step:
        words = f"removes {key} in the dashboard"
        return Step(words, lambda d: in_dashboard(d, key, remove_in_dashboard, MASTERS))

    def _reprocess(self, key: str) -> Step:
        recipe = self._rng.choice(("web", "catalog", None))
        words = f"reprocesses {key} by {recipe}"
        return Step(words, lambda d: in_dashboard(d, key, reprocess_by(recipe), MASTERS))

    def _reconcile(self, _key: str) -> Step:
        return Step(f"reconciles {MASTERS}", lambda _: pixelfleet.cli.reconcile.reconcile(bucket=MASTERS))


def _adopt(environment: Environment, deployment: Deployment, batch: str | None, restore: RestoreTier | None) -> None:
    """When the adoption succeeds, it has a record of every object that nobody touched since its first run began.

    A repeated run goes on behind the objects that an interrupted run has seen.
    """
    memory, bucket = environment.scheduler.process.memory, environment.cloud.s3.bucket(MASTERS)
    began = environment.began_first.setdefault(f"{memory['who']} adopts as {batch}", environment.scheduler.now)
    there = [key for key in bucket.keys if bucket.current(key) is not None]
    order = Adoption(OWNER, MASTERS, MASTERS_FOLDER, owner=OWNER, batch=batch, restore=restore)
    result = adopt(deployment, order)
    del environment.began_first[f"{memory['who']} adopts as {batch}"]
    recorded = environment.recorded()
    for key in there:
        if environment.touched_at[key] < began and key not in recorded:
            environment.violate(_WITHOUT_RECORD, key)
    batch_id = result.batch.batch_id if result.batch is not None else ""
    if environment.is_open(batch_id) and any(environment.batch_of(key) == batch_id for key in recorded):
        environment.violate(_OPEN, batch_id)
