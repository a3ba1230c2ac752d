"""Changes of the uploads bucket by people and lifecycle rules."""

import functools
import random
from collections.abc import Sequence
from typing import Final

from pixelfleet.deployment import Deployment
from tests.fakes.s3 import FakeS3
from tests.simulation.environment import Environment
from tests.simulation.pixels import original
from tests.simulation.step import KINDS, Step, short, some_of

#: What people do with a bucket besides putting objects, by how often they do it.
_OFTEN: Final = ("delete", "delete", "delete", "delete", "delete old", "expire", "expire", "expire old")


def bucket_steps(environment: Environment, rng: random.Random, keys: Sequence[str]) -> list[Step]:
    """Puts, overwrites with the same bytes or other bytes, deletes, and the actions of lifecycle rules."""
    s3, bucket = environment.cloud.s3, environment.settings.uploads_bucket

    def put(key: str) -> Step:
        text = f"{rng.choice(kinds)} {rng.randrange(texts)}"
        return Step(
            f"puts {short(key)}: {text}",
            lambda d: d.s3.put_object(Bucket=d.settings.uploads_bucket, Key=key, Body=original(text)),
            leaves_work=False,
        )

    def delete(key: str) -> Step:
        words = f"deletes {short(key)}"
        return Step(words, lambda d: d.s3.delete_object(Bucket=d.settings.uploads_bucket, Key=key), leaves_work=False)

    def delete_old(key: str) -> Step:
        return Step(f"deletes an old version of {short(key)}", lambda d: _delete_old_version(d, key), leaves_work=False)

    def expire(key: str) -> Step:
        return Step(f"(a lifecycle rule expires {short(key)})", lambda _: s3.expire(bucket, key))

    def expire_old(key: str) -> Step:
        expiry = functools.partial(_expire_old_version, s3, bucket, key)
        return Step(f"(a lifecycle rule expires an old version of {short(key)})", lambda _: expiry())

    # Where there are few texts, the same bytes come back often.
    scenario = environment.scenario
    kinds = scenario.kinds or some_of(rng, KINDS, rng.choice((0.2, 0.6)))
    texts = scenario.texts or rng.choice((1, 2, 3, 3))
    actions = {"put": put, "delete": delete, "delete old": delete_old, "expire": expire, "expire old": expire_old}
    rare = [actions[name] for name in scenario.actions or some_of(rng, _OFTEN)]
    return [(put if rng.random() < 0.65 else rng.choice(rare))(rng.choice(keys)) for _ in range(rng.randint(2, scenario.most_steps))]


def _expire_old_version(s3: FakeS3, bucket: str, key: str) -> None:
    for version in s3.bucket(bucket).versions(key)[:1]:
        s3.expire_noncurrent(bucket, key, version.version_id)


def _delete_old_version(deployment: Deployment, key: str) -> None:
    bucket = deployment.settings.uploads_bucket
    versions = deployment.s3.list_object_versions(Bucket=bucket, Prefix=key)["Versions"]
    for version in versions[1:2]:
        deployment.s3.delete_object(Bucket=bucket, Key=key, VersionId=version["VersionId"])
