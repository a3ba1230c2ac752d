"""The cost of the worker beside the pixels: CPU of its processes while they drain images from the embedded cloud.

    python -m benchmarks.fleet [--images 200] [--size 1200x800] [--processes 1 2]

The jobs are all on the lane before the worker starts. The engine's share is measured beside it: the same files, by
`render`, in one process of its own. Overhead is the CPU of main process and children beyond that. Target: 12 ms CPU an
image. Linux only: CPU is read from /proc.
"""

import argparse
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from benchmarks.queue import cpu
from pixelfleet.deployment import Deployment
from pixelfleet.domain.jobs import Job, JobKind, Lane
from pixelfleet.domain.keys import image_id
from pixelfleet.domain.records import Status
from pixelfleet.images.limits import Limits
from pixelfleet.images.pipeline import render
from pixelfleet.images.probe import probe
from pixelfleet.localcloud.embedded import adopt
from pixelfleet.localcloud.emulator import start_emulator
from pixelfleet.localcloud.folder import DataFolder
from pixelfleet.localcloud.programs import worker_program
from pixelfleet.localcloud.provision import provision
from pixelfleet.localcloud.supervise import ProcessSupervisor
from pixelfleet.recipes import builtin
from pixelfleet.samples.scene import scene
from pixelfleet.settings import load_settings
from tests.chaos.harness import children_of

WARM_UP = 20
MOODS = ("dawn", "noon", "dusk", "sea", "forest", "studio")


@dataclass(frozen=True)
class Drained:
    """CPU milliseconds an image, by part, and images a second.

    `decoders` are the processes in which the children of the worker let images be decoded and encoded.
    """

    main: float
    children: float
    decoders: float
    emulator: float
    rate: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=200)
    parser.add_argument("--size", default="1200x800", help="of the JPEGs, in pixels")
    parser.add_argument("--processes", type=int, nargs="+", default=[1, 2])
    given = parser.parse_args()
    width, height = (int(part) for part in given.size.split("x"))
    with tempfile.TemporaryDirectory() as name:
        files = list(make_files(Path(name), given.images, (width, height)))
        engine = engine_ms(files)
        cores = len(os.sched_getaffinity(0))
        print(f"{given.images} JPEGs of {given.size}, recipe web; {cores} cores, Python {platform.python_version()}")
        print(f"engine alone: {engine:.1f} ms CPU an image\n")
        print("| processes | images/s | main ms | children ms | decoders ms | overhead ms | emulator ms |")
        print("| ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
        for processes in given.processes:
            with tempfile.TemporaryDirectory() as data:
                one = drain(Path(data), files, processes)
            overhead = one.main + one.children + one.decoders - engine
            row = [one.main, one.children, one.decoders, overhead, one.emulator]
            print(f"| {processes} | {one.rate:.1f} | " + " | ".join(f"{value:.1f}" for value in row) + " |", flush=True)


def make_files(folder: Path, count: int, size: tuple[int, int]) -> Iterator[Path]:
    """A few scenes, each under many names: what is measured does not depend on their difference."""
    for number, mood in enumerate(MOODS):
        scene(size, mood, "fleet").save(folder / f"scene-{number}.jpg", quality=88)
    for number in range(count):
        path = folder / f"{number}.jpg"
        path.hardlink_to(folder / f"scene-{number % len(MOODS)}.jpg")
        yield path


def engine_ms(files: list[Path]) -> float:
    """CPU of probe and render alone, in a process that has done a few before."""
    code = "import sys; from benchmarks.fleet import engine_child; engine_child(sys.argv[1:])"
    child = subprocess.run([sys.executable, "-c", code, *map(str, files)], capture_output=True, text=True, check=True)
    return float(child.stdout)


def engine_child(names: list[str]) -> None:
    limits, recipe = Limits(1 << 30, 1 << 30, 1000), builtin("web")
    started = 0.0
    for number, name in enumerate([*names[:WARM_UP], *names]):
        if number == WARM_UP:
            started = _own_cpu()
        with tempfile.TemporaryDirectory() as folder:
            render(Path(name), probe(Path(name), limits), recipe, Path(folder))
    print((_own_cpu() - started) / len(names) * 1000)


def drain(data: Path, files: list[Path], processes: int) -> Drained:
    """Put every job on the lane, start the worker, wait for its warm-up, measure the rest."""
    with closing(DataFolder.open(data)) as folder, ProcessSupervisor() as supervisor:
        emulator = start_emulator(supervisor, folder, keeps=False)
        environment = emulator.environment(folder.scratch)
        adopt(environment)
        settings = load_settings()
        provision(settings)
        deployment = Deployment(settings)
        ids = list(_queue(deployment, [*files[:WARM_UP], *files]))
        worker = supervisor.start(worker_program(Lane.BULK, processes, environment, folder))
        _wait(deployment, ids[:WARM_UP])
        assert worker.pid is not None
        cloud = supervisor.pids()["embedded cloud"]
        before, at = _cpu_of(worker.pid, cloud), time.monotonic()
        done_before = _ready(deployment, ids)
        _wait(deployment, ids)
        after, seconds = _cpu_of(worker.pid, cloud), time.monotonic() - at
        images = len(ids) - done_before
        parts = ((b - a) / images * 1000 for a, b in zip(before, after, strict=True))
        main, children, decoders, cloud_ms = parts
        return Drained(main, children, decoders, cloud_ms, images / seconds)


def _queue(deployment: Deployment, files: list[Path]) -> Iterator[str]:
    """The producer's part, done beforehand; the events of these uploads stay where they are."""
    bucket = deployment.settings.uploads_bucket
    jobs = []
    for number, path in enumerate(files):
        key = f"uploads/bench/fleet/{number}.jpg"
        answer = deployment.s3.put_object(Bucket=bucket, Key=key, Body=path.read_bytes())
        etag = answer["ETag"].strip('"')
        jobs.append(Job(JobKind.PROCESS, bucket, key, answer["VersionId"], etag, f"{number:04}", path.stat().st_size))
        yield image_id(bucket, key)
    deployment.queues.send(Lane.BULK, jobs)


def _ready(deployment: Deployment, ids: list[str]) -> int:
    images = deployment.images.get_many(ids).values()
    failed = [image for image in images if image.status is Status.FAILED]
    assert not failed, failed[0].message
    return sum(image.status is Status.READY for image in images)


def _wait(deployment: Deployment, ids: list[str]) -> None:
    while _ready(deployment, ids) < len(ids):
        time.sleep(0.25)


def _cpu_of(worker: int, cloud: int) -> tuple[float, float, float, float]:
    """Seconds of CPU so far: the worker's main process, its children, their decoders, the emulator."""
    children = children_of(worker)
    decoders = [decoder for child in children for decoder in children_of(child)]
    return cpu(worker), sum(map(cpu, children)), sum(map(cpu, decoders)), cpu(cloud)


def _own_cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main()
