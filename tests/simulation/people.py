"""Who uses the fleet: people at the bucket, machines that upload, operators with the command line, dashboard users.

Each runs the real code: `pixelfleet upload`, `rm`, `batch seal`, `redrive`, `purge`, `reconcile`, and the dashboard's
delete and reprocess. A person whose program dies or fails may run it again.
"""

import os
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final

import dashboard.actions
import pixelfleet.cli.purge
import pixelfleet.cli.reconcile
import pixelfleet.cli.redrive
import pixelfleet.cli.rm
import pixelfleet.cli.seal
import pixelfleet.cli.upload
from dashboard.problem import Problem
from pixelfleet import recipes
from pixelfleet.deployment import Deployment
from pixelfleet.domain.keys import image_id
from pixelfleet.errors import Cause, SetupError
from tests.fakes.s3 import FakeS3
from tests.simulation.environment import Environment
from tests.simulation.inventory import MANIFEST, take_inventory
from tests.simulation.pixels import original
from tests.simulation.scheduler import BEGINNING

OWNER: Final = "me"
BATCH: Final = "b1"
PREFIX: Final = f"uploads/{OWNER}/{BATCH}/"
#: Keys of the batch, one outside any batch, and one that looks like a folder and has content.
KEYS: Final = (f"{PREFIX}0.jpg", f"{PREFIX}1.jpg", "plain.jpg", f"{PREFIX}2.jpg", f"{PREFIX}folder/")
#: Bytes of a part of an upload; the texts of large files make three parts.
PART: Final = 32
LARGE: Final = " and much more" * 5
KINDS: Final = ("good", "good", "good", "bad", "bad", "slow", "large")

Action = Callable[[Deployment], object]


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that a person does; `words` go into the trace."""

    words: str
    action: Action


class Person:
    """Does steps one after the other, with pauses. After a death or a failure the person may repeat the step."""

    def __init__(self, environment: Environment, name: str, steps: Sequence[Step]) -> None:
        self._environment = environment
        self._name = name
        self._steps = [step for n, step in enumerate(steps) if environment.may(f"{name}/{n}")]
        self._rng = environment.rng(f"person/{name}")
        self._lives = 0
        self._position = 0
        self._tries = 0
        self.cache = environment.folder()
        self._live()

    @property
    def done(self) -> bool:
        return self._position >= len(self._steps)

    def _live(self) -> None:
        self._lives += 1
        process = self._environment.process(f"{self._name}.{self._lives}")
        self._deployment = self._environment.deployment(process)
        process.memory |= {"cache": self.cache, "who": self._name}
        process.on_death.append(self._die)
        self._environment.scheduler.spawn(process, "person", self._work, self._rng.expovariate(1 / 20.0))

    def _die(self) -> None:
        self._environment.cut_short += 1
        self._environment.later(60.0, self._live)

    def _work(self) -> None:
        while not self.done:
            step = self._steps[self._position]
            self._tries += 1
            if self._tries > 3:
                self._next()
                continue
            self._environment.trace.note(step.words)
            memory = self._environment.scheduler.process.memory
            memory |= {"began": self._environment.scheduler.now, "words": step.words}
            memory["recorded"] = self._environment.recorded_etags()
            try:
                step.action(self._deployment)
            except (SetupError, Problem) as error:
                # Refused, with nothing done.
                self._environment.trace.note(f"{step.words} is refused: {str(error)[:60]}")
            except Exception as error:
                self._environment.cut_short += 1
                self._environment.trace.note(f"{step.words} fails: {type(error).__name__}: {str(error)[:60]}")
                if self._rng.random() < 0.6:
                    self._environment.scheduler.sleep(self._rng.expovariate(1 / 60.0))
                    continue
            self._next()

    def _next(self) -> None:
        self._position += 1
        self._tries = 0
        self._environment.scheduler.sleep(self._pause())

    def _pause(self) -> float:
        """Seconds: often a moment, sometimes minutes."""
        return self._rng.expovariate(1 / self._rng.choice((0.1, 0.1, 2.0, 20.0, 300.0)))


def everybody(environment: Environment) -> list[Person]:
    """The people of one run, as the seed says."""
    rng = environment.rng("people")
    keys = rng.sample(KEYS, rng.choice((1, 1, 2, 3, 4)))
    people = [Person(environment, "anna", bucket_steps(environment, environment.rng("anna"), keys))]
    if rng.random() < 0.5:
        people.append(Person(environment, "dashboard", dashboard_steps(environment.rng("dashboard"), keys)))
    operators = ("oskar", "olga")[: rng.choice((0, 1, 1, 2))]
    people += [
        Person(environment, name, operator_steps(environment, environment.rng(name), keys)) for name in operators
    ]
    machines = ("laptop", "studio")[: rng.choice((0, 0, 1, 2))]
    people += [Person(environment, name, upload_steps(environment, name)) for name in machines]
    return people


def bucket_steps(environment: Environment, rng: random.Random, keys: Sequence[str]) -> list[Step]:
    """Puts, overwrites with the same bytes or others, deletes, and what lifecycle rules do."""
    return [_bucket_step(environment, rng, rng.choice(keys)) for _ in range(rng.randint(2, 12))]


def _bucket_step(environment: Environment, rng: random.Random, key: str) -> Step:
    name, chance = _short(key), rng.random()
    if chance < 0.65:
        text = f"{rng.choice(KINDS)} {rng.randint(0, 2)}"
        return Step(
            f"puts {name}: {text}",
            lambda d: d.s3.put_object(Bucket=d.settings.uploads_bucket, Key=key, Body=original(text)),
        )
    if chance < 0.9:
        return Step(f"deletes {name}", lambda d: d.s3.delete_object(Bucket=d.settings.uploads_bucket, Key=key))
    if chance < 0.95:
        return Step(f"deletes an old version of {name}", lambda d: _delete_old_version(d, key))
    s3, bucket = environment.cloud.s3, environment.settings.uploads_bucket
    if chance < 0.97:
        return Step(f"(a lifecycle rule expires {name})", lambda _: s3.expire(bucket, key))
    return Step(f"(a lifecycle rule expires an old version of {name})", lambda _: _expire_old_version(s3, bucket, key))


def _short(key: str) -> str:
    """The key without owner and batch."""
    return key.removeprefix(PREFIX)


def _expire_old_version(s3: FakeS3, bucket: str, key: str) -> None:
    for version in s3.bucket(bucket).versions(key)[:1]:
        s3.expire_noncurrent(bucket, key, version.version_id)


def _delete_old_version(deployment: Deployment, key: str) -> None:
    bucket = deployment.settings.uploads_bucket
    versions = deployment.s3.list_object_versions(Bucket=bucket, Prefix=key)["Versions"]
    for version in versions[1:2]:
        deployment.s3.delete_object(Bucket=bucket, Key=key, VersionId=version["VersionId"])


def dashboard_steps(rng: random.Random, keys: Sequence[str]) -> list[Step]:
    return [_dashboard_step(rng, rng.choice(keys)) for _ in range(rng.randint(1, 7))]


def _dashboard_step(rng: random.Random, key: str) -> Step:
    name = _short(key)
    if rng.random() < 0.3:
        return Step(f"deletes {name} in the dashboard", lambda d: _in_dashboard(d, key, dashboard.actions.delete))
    recipe = rng.choice(("web", "catalog", None))

    def reprocess(site: Any, caller: Any, image: Any) -> None:
        dashboard.actions.reprocess(site, caller, image, recipe)

    return Step(f"reprocesses {name} by {recipe}", lambda d: _in_dashboard(d, key, reprocess))


def _in_dashboard(deployment: Deployment, key: str, action: Callable[[Any, Any, Any], object]) -> None:
    site: Any = SimpleNamespace(deployment=deployment, settings=deployment.settings)
    caller: Any = SimpleNamespace(name=OWNER, is_operator=True)
    image = deployment.images.get(image_id(deployment.settings.uploads_bucket, key))
    if image is not None:
        action(site, caller, image)


def operator_steps(environment: Environment, rng: random.Random, keys: Sequence[str]) -> list[Step]:
    return [step for _ in range(rng.randint(1, 5)) for step in _operator_task(environment, rng, keys)]


def _operator_task(environment: Environment, rng: random.Random, keys: Sequence[str]) -> list[Step]:
    if rng.random() < 0.1:
        folder = environment.folder()
        return [
            Step("takes an inventory of the bucket", lambda _: take_inventory(environment.cloud, folder)),
            Step(
                "reconciles by the inventory",
                lambda _: pixelfleet.cli.reconcile.reconcile(inventory=str(folder / MANIFEST), from_start=True),
            ),
        ]
    return [_operator_step(rng, keys)]


def _operator_step(rng: random.Random, keys: Sequence[str]) -> Step:
    chance = rng.random()
    if chance < 0.4:
        cause, canary = rng.choice((None, Cause.UNREADABLE)), rng.choice((None, None, 1))
        words = f"redrives {cause or 'all'}{', one canary first' if canary else ''}"
        return Step(words, lambda _: pixelfleet.cli.redrive.redrive(cause=cause, canary=canary, yes=True))
    if chance < 0.6:
        sweep = rng.random() < 0.5
        return Step(
            f"reconciles{' and sweeps' if sweep else ''}", lambda _: pixelfleet.cli.reconcile.reconcile(sweep=sweep)
        )
    if chance < 0.75:
        return Step("seals the batch", lambda _: pixelfleet.cli.seal.seal(f"{OWNER}/{BATCH}"))
    if chance < 0.85:
        key = rng.choice(keys)
        return Step(f"rm {_short(key)}", lambda _: pixelfleet.cli.rm.rm([key], yes=True))
    if chance < 0.92:
        return Step("rm --batch", lambda _: pixelfleet.cli.rm.rm(batch=f"{OWNER}/{BATCH}", yes=True))
    return Step("purges", lambda _: pixelfleet.cli.purge.purge(yes=True))


def upload_steps(environment: Environment, machine: str) -> list[Step]:
    """One machine's folder: files come, change and go between two runs of `pixelfleet upload`."""
    rng, folder = environment.rng(machine), environment.folder()
    uploads = environment.cloud.s3.uploads_in_parts
    steps = []
    for _ in range(rng.randint(1, 3)):
        files = {f"{rng.randint(0, 3)}.jpg": _text_of_a_file(rng) for _ in range(2)}
        steps.append(Step(f"saves {files}", lambda _, files=files: _save(folder, files, environment)))  # type: ignore[misc]
        steps.append(Step("uploads", lambda _: _upload(environment, folder)))
        if rng.random() < 0.1:
            steps.append(Step("(a lifecycle rule aborts uploads in parts)", lambda _: uploads.abort_all()))
            steps.append(Step("uploads", lambda _: _upload(environment, folder)))
    return steps


def _text_of_a_file(rng: random.Random) -> str:
    large = LARGE if rng.random() < 0.3 else ""
    return f"{rng.choice(KINDS)} {rng.randint(0, 2)}{large}"


def _upload(environment: Environment, folder: Path) -> None:
    """When the command succeeds, every file is in the bucket, but for keys that somebody has touched since it began.

    Where two machines put different files under one key, the last one stays, whichever it is.
    """
    began = environment.scheduler.now
    pixelfleet.cli.upload.upload([folder], owner=OWNER, batch=BATCH)
    bucket = environment.cloud.s3.bucket(environment.settings.uploads_bucket)
    for path in sorted(folder.iterdir()):
        key = PREFIX + path.name
        current = bucket.current(key)
        whole = current is not None and current.body == path.read_bytes()
        if not whole and environment.touched_at.get(key, 0.0) < began:
            environment.violate("an upload that succeeds leaves every file in the bucket", key)


def _save(folder: Path, files: dict[str, str], environment: Environment) -> None:
    moment = int((environment.scheduler.now - BEGINNING + 1) * 1e9)
    for name, text in files.items():
        path = folder / name
        path.write_bytes(original(text))
        os.utime(path, ns=(moment, moment))


def known_recipes() -> dict[str, str]:
    """Digest of each recipe that people use, by name."""
    return {name: recipes.builtin(name).digest for name in ("web", "catalog")}
