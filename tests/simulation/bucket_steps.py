"""Changes of the uploads bucket by people, lifecycle rules and S3's own archiving."""

import random
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Final

from botocore.exceptions import ClientError

from pixelfleet.deployment import Deployment
from tests.fakes.s3 import FakeS3
from tests.fakes.s3_archives import is_archived
from tests.simulation.environment import Environment
from tests.simulation.pixels import original
from tests.simulation.step import KINDS, Step, short, some_of

#: What people do with a bucket besides putting objects, by how often they do it.
_OFTEN: Final = (*("delete",) * 4, *("expire",) * 2, "delete old", "expire old", "undelete", "archive", "restore")
_TIER: Final = {"GlacierJobParameters": {"Tier": "Standard"}}
#: Days for which a restored copy of an object in GLACIER stays: longer than a run.
_DAYS: Final = 10


def bucket_steps(environment: Environment, rng: random.Random, keys: Sequence[str]) -> list[Step]:
    """Puts, overwrites with the same bytes or other bytes, deletes, and actions of lifecycle rules and archives."""
    changes, scenario = _Changes(environment, rng), environment.scenario
    rare = [changes.named[name] for name in scenario.actions or some_of(rng, _OFTEN)]
    number = rng.randint(2, scenario.most_steps)
    return [(changes.put if rng.random() < 0.65 else rng.choice(rare))(rng.choice(keys)) for _ in range(number)]


class _Changes:
    """The kinds of changes; each makes a step for a key."""

    def __init__(self, environment: Environment, rng: random.Random) -> None:
        self._environment = environment
        self._rng = rng
        self._s3 = environment.cloud.s3
        self._bucket = environment.settings.uploads_bucket
        # Where there are few texts, the same bytes come back often.
        self._kinds = environment.scenario.kinds or some_of(rng, KINDS, rng.choice((0.2, 0.6)))
        self._texts = environment.scenario.texts or rng.choice((1, 2, 3, 3))
        self.named: dict[str, Callable[[str], Step]] = {
            "put": self.put,
            "delete": self._delete,
            "delete old": self._delete_old,
            "undelete": self._undelete,
            "expire": self._expire,
            "expire old": self._expire_old,
            "archive": self._archive,
            "restore": self._restore,
        }

    def put(self, key: str) -> Step:
        archived = self._rng.random() < self._environment.scenario.share_archived
        return self._put(key, "GLACIER" if archived else "STANDARD")

    def _put(self, key: str, storage_class: str) -> Step:
        text = f"{self._rng.choice(self._kinds)} {self._rng.randrange(self._texts)}"
        where = "" if storage_class == "STANDARD" else f" into {storage_class}"
        request: Any = {"Bucket": self._bucket, "Key": key, "Body": original(text), "StorageClass": storage_class}
        return Step(f"puts {short(key)}{where}: {text}", lambda d: d.s3.put_object(**request), leaves_work=False)

    def _delete(self, key: str) -> Step:
        words = f"deletes {short(key)}"
        return Step(words, lambda d: d.s3.delete_object(Bucket=d.settings.uploads_bucket, Key=key), leaves_work=False)

    def _delete_old(self, key: str) -> Step:
        return Step(f"deletes an old version of {short(key)}", lambda d: _delete_old_version(d, key), leaves_work=False)

    def _undelete(self, key: str) -> Step:
        return Step(f"removes the delete marker of {short(key)}", lambda d: _undelete(d, key), leaves_work=False)

    def _expire(self, key: str) -> Step:
        return Step(f"(a lifecycle rule expires {short(key)})", lambda _: self._s3.expire(self._bucket, key))

    def _expire_old(self, key: str) -> Step:
        words = f"(a lifecycle rule expires an old version of {short(key)})"
        return Step(words, lambda _: _expire_old_version(self._s3, self._bucket, key))

    def _archive(self, key: str) -> Step:
        if self._rng.random() < 0.6:
            return self._put(key, "GLACIER")
        return Step(f"(S3 archives {short(key)})", lambda _: _archive(self._s3, self._bucket, key))

    def _restore(self, key: str) -> Step:
        seconds = self._rng.choice((10.0, 300.0, 1_500.0)) * self._rng.random()
        words = f"has {short(key)} restored from the archive"
        return Step(words, lambda d: _restore(self._environment, d, key, seconds), leaves_work=False)


def _expire_old_version(s3: FakeS3, bucket: str, key: str) -> None:
    for version in s3.bucket(bucket).versions(key)[:1]:
        s3.expire_noncurrent(bucket, key, version.version_id)


def _delete_old_version(deployment: Deployment, key: str) -> None:
    bucket = deployment.settings.uploads_bucket
    versions = deployment.s3.list_object_versions(Bucket=bucket, Prefix=key)["Versions"]
    for version in versions[1:2]:
        deployment.s3.delete_object(Bucket=bucket, Key=key, VersionId=version["VersionId"])


def _undelete(deployment: Deployment, key: str) -> None:
    bucket = deployment.settings.uploads_bucket
    for marker in deployment.s3.list_object_versions(Bucket=bucket, Prefix=key)["DeleteMarkers"]:
        if marker["IsLatest"]:
            deployment.s3.delete_object(Bucket=bucket, Key=key, VersionId=marker["VersionId"])


def _archive(s3: FakeS3, bucket: str, key: str) -> None:
    if s3.bucket(bucket).current(key) is not None:
        s3.archive(bucket, key, "ARCHIVE_ACCESS")


def _restore(environment: Environment, deployment: Deployment, key: str, seconds: float) -> None:
    bucket = deployment.settings.uploads_bucket
    current = environment.cloud.s3.bucket(bucket).current(key)
    if current is not None and current.restore is None and is_archived(current, _now(environment)):
        # An object of INTELLIGENT_TIERING is moved, and for no number of days.
        request: Any = _TIER if current.archive_tier else _TIER | {"Days": _DAYS}
        with suppress(ClientError):
            deployment.s3.restore_object(Bucket=bucket, Key=key, RestoreRequest=request)
        environment.cloud.end_restore(key, seconds)


def _now(environment: Environment) -> datetime:
    return datetime.fromtimestamp(environment.scheduler.now, UTC)
