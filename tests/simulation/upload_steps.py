"""Machines that upload a folder by `pixelfleet upload`, each with a cache of its own."""

import os
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import pixelfleet.cli.upload
from tests.simulation.environment import Environment
from tests.simulation.pixels import original
from tests.simulation.scheduler import BEGINNING
from tests.simulation.step import BATCH, KINDS, OWNER, PREFIX, Step, some_of

#: Bytes of a part of an upload; the texts of large files make three parts.
PART: Final = 32
LARGE: Final = " and much more" * 5


def upload_steps(environment: Environment, machine: str) -> list[Step]:
    """One machine's folder: files come, change and go between two runs of `pixelfleet upload`."""
    rng, folder = environment.rng(machine), environment.folder()
    uploads = environment.cloud.s3.uploads_in_parts
    kinds = some_of(rng, KINDS)
    steps = []
    for _ in range(rng.randint(1, 4)):
        files = {f"{rng.randint(0, 3)}.jpg": _text_of_a_file(rng, kinds) for _ in range(2)}
        steps.append(Step(f"saves {files}", lambda _, files=files: _save(folder, files, environment)))  # type: ignore[misc]
        steps.append(Step("uploads", lambda _: _upload(environment, folder)))
        if rng.random() < 0.3:
            steps.append(Step("uploads again", lambda _: _upload(environment, folder)))
        if rng.random() < 0.1:
            steps.append(Step("(a lifecycle rule aborts uploads in parts)", lambda _: uploads.abort_all()))
            steps.append(Step("uploads", lambda _: _upload(environment, folder)))
    return steps


def _text_of_a_file(rng: random.Random, kinds: Sequence[str]) -> str:
    large = LARGE if rng.random() < 0.3 else ""
    return f"{rng.choice(kinds)} {rng.randint(0, 2)}{large}"


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
