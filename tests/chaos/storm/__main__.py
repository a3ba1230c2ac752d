"""Runs a storm and prints its figures. The exit code is 1 if the books are not in order afterwards."""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from unittest import mock

from pixelfleet.deployment import Deployment
from pixelfleet.domain.records import Image
from pixelfleet.localcloud.emulator import Emulator, start_emulator
from pixelfleet.localcloud.folder import DataFolder
from pixelfleet.localcloud.provision import provision
from pixelfleet.localcloud.supervise import ProcessSupervisor
from pixelfleet.operations.failures import Selection, dead_letters, select
from pixelfleet.settings import Settings, load_settings
from tests.chaos.proxy import Fault, FaultProxy
from tests.chaos.storm.books import Books
from tests.chaos.storm.crew import Crew
from tests.chaos.storm.load import BLOCKED, BULK_MAX_PIXELS, Expected, steps
from tests.chaos.storm.meddler import Meddler
from tests.listener import listen

#: Every read of a blocked original fails. Of all requests, some are answered with an error, delayed by a second, or
#: dropped before or after they took effect.
FAULTS = (
    Fault("s3", "GET", target=BLOCKED, status=503),
    Fault(status=500, rate=0.05),
    Fault(delay=1.0, rate=0.02),
    Fault(drop="before", rate=0.01),
    Fault(drop="after", rate=0.01),
)
ROUNDS = 5
#: Seconds for which one service answers every request with an error.
OUTAGE = 10.0


@dataclass
class Storm:
    """One storm. `visibility` is the visibility timeout of the lanes in seconds, which is the delay after a kill.

    Blocked images use up all `attempts`, so that the redrive has images.
    """

    images: int
    minutes: float
    seed: int
    visibility: int = 15
    attempts: int = 5
    say: Callable[[str], None] = field(default=lambda _: None)

    def run(self, data: Path) -> tuple[dict[str, object], list[str]]:
        """Returns the figures, and the faults in the books."""
        folder = DataFolder.open(data)
        try:
            with ProcessSupervisor() as supervisor:
                emulator = start_emulator(supervisor, folder, keeps=False)
                with FaultProxy(emulator.endpoint_url, self.seed) as proxy:
                    return self._rage(folder, emulator, proxy)
        finally:
            folder.close()

    def _rage(self, folder: DataFolder, emulator: Emulator, proxy: FaultProxy) -> tuple[dict[str, object], list[str]]:
        direct = emulator.environment(folder.scratch) | {
            "PIXELFLEET_PREFIX": "storm",
            "PIXELFLEET_BULK_MAX_PIXELS": str(BULK_MAX_PIXELS),
            "PIXELFLEET_LOG_LEVEL": "WARNING",
            "PIXELFLEET_MAX_ATTEMPTS": str(self.attempts),
        }
        # The redrive, and the clients of this process, reach the cloud without the faults.
        ours = {name: value for name, value in direct.items() if name.startswith(("AWS_", "PIXELFLEET_"))}
        with mock.patch.dict(os.environ, ours):
            return self._endure(folder, direct, proxy)

    def _endure(
        self, folder: DataFolder, direct: Mapping[str, str], proxy: FaultProxy
    ) -> tuple[dict[str, object], list[str]]:
        deployment = self._deployment(load_settings())
        listener = listen(deployment)
        meddler = Meddler(deployment, random.Random(self.seed + 1))
        meddler.start()
        crew = Crew(folder, {**direct, "AWS_ENDPOINT_URL": proxy.url}, random.Random(self.seed + 2))
        try:
            crew.start()
            proxy.inject(*FAULTS)
            expected = self._pour(deployment, crew, proxy)
            meddler.stop()
            proxy.heal()
            self.say("the faults have stopped")
            crew.start()
            redriven = self._clear_up(deployment, crew, direct)
            books = Books(deployment, expected, listener)
            return self._figures(crew, proxy, meddler, books.images(), redriven), books.faults()
        finally:
            crew.end()

    def _deployment(self, settings: Settings) -> Deployment:
        provision(settings)
        deployment = Deployment(settings)
        for url in (settings.uploads_queue_url, settings.bulk_queue_url, settings.heavy_queue_url):
            deployment.sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": str(self.visibility)})
        return deployment

    def _pour(self, deployment: Deployment, crew: Crew, proxy: FaultProxy) -> dict[str, Expected]:
        """Upload during four fifths of the time, with a failure every few seconds, and seal the batches."""
        chance = random.Random(self.seed)
        todo = list(steps(self.images, chance))
        expected: dict[str, Expected] = {}
        started, seconds = time.monotonic(), self.minutes * 60
        strike_at = started + 3.0
        sealed = False
        while (now := time.monotonic()) < started + seconds or todo:
            if now >= strike_at:
                crew.start()
                if chance.random() < 0.15:
                    crew.counts["outages of a service"] += 1
                    proxy.inject(Fault(chance.choice(["s3", "dynamodb", "sns"]), status=503, until=now + OUTAGE))
                else:
                    crew.strike()
                strike_at = now + chance.uniform(1.0, 5.0)
            due = len(todo) and (now - started) / (seconds * 0.8) * self.images >= len(expected)
            if due:
                step = todo.pop(0)
                if step.content is None:
                    deployment.s3.delete_object(Bucket=deployment.settings.uploads_bucket, Key=step.key)
                else:
                    deployment.s3.put_object(Bucket=deployment.settings.uploads_bucket, Key=step.key, Body=step.content)
                expected[step.key] = step.expected
            elif not todo and not sealed:
                self._seal(deployment, expected)
                sealed = True
            else:
                time.sleep(0.05)
        if not sealed:
            self._seal(deployment, expected)
        return expected

    def _seal(self, deployment: Deployment, expected: Mapping[str, Expected]) -> None:
        self.say(f"all {len(expected)} keys are written")
        batches: dict[tuple[str, str], list[str]] = {}
        for key in expected:
            _, owner, batch, _ = key.split("/", 3)
            batches.setdefault((owner, batch), []).append(key)
        books = Books(deployment, expected, "")
        for (owner, batch), keys in batches.items():
            deployment.batches.create(owner, batch)
            deployment.batches.seal(owner, batch, [books.id_of(key) for key in keys])

    def _clear_up(self, deployment: Deployment, crew: Crew, direct: Mapping[str, str]) -> int:
        """Wait for empty queues and redrive. Repeat until there is no system failure and no dead letter."""
        redriven = 0
        for _ in range(ROUNDS):
            self._run_dry(deployment, crew)
            failed = list(select(deployment.images, Selection()))
            letters = sum(dead_letters(deployment).values())
            self.say(f"the queues are dry; the system failed {len(failed)} images, {letters} dead letters")
            if not failed and not letters:
                break
            redriven += len(failed)
            command = [str(Path(sys.executable).with_name("pixelfleet")), "redrive", "--yes"]
            subprocess.run(command, env=dict(direct), check=True, stdout=subprocess.DEVNULL)
        return redriven

    def _run_dry(self, deployment: Deployment, crew: Crew) -> None:
        settings = deployment.settings
        urls = (settings.uploads_queue_url, settings.bulk_queue_url, settings.heavy_queue_url)
        deadline = time.monotonic() + 120 + self.images
        while time.monotonic() < deadline:
            crew.start()
            depths = [deployment.queues.depth(url) for url in urls]
            if not any(depth.waiting or depth.in_flight or depth.delayed for depth in depths):
                return
            time.sleep(0.5)
        self.say(f"the queues did not run dry: {depths}")

    def _figures(
        self, crew: Crew, proxy: FaultProxy, meddler: Meddler, images: Mapping[str, Image], redriven: int
    ) -> dict[str, object]:
        claims = [sum(line.what == "claimed" for line in image.attempt_log) for image in images.values()]
        injected: Counter[str] = Counter()
        for operation, count in proxy.injected.items():
            injected[operation.partition(" ")[0] or "other"] += count
        return {
            "seed": self.seed,
            "images": len(images),
            **crew.counts,
            "errors injected": dict(injected),
            "requests": sum(proxy.seen.values()),
            "events delivered twice": meddler.doubled,
            "attempts": sum(claims),
            "images that took more than one attempt": sum(number > 1 for number in claims),
            "redriven": redriven,
            "by status": dict(Counter(image.status.value for image in images.values())),
        }


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos.storm", description=__doc__)
    parser.add_argument("--images", type=int, default=2000)
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--attempts", type=int, default=5, help="attempts at an image; the product makes five")
    options = parser.parse_args()
    storm = Storm(
        options.images,
        options.minutes,
        options.seed,
        attempts=options.attempts,
        say=lambda text: print(text, file=sys.stderr),  # noqa: T201
    )
    with tempfile.TemporaryDirectory(prefix="storm-") as data:
        figures, faults = storm.run(Path(data))
    lost = sum(fault.startswith("LOST") for fault in faults)
    print(json.dumps({**figures, "lost": lost, "faults": len(faults)}, indent=2))  # noqa: T201
    for fault in faults[:40]:
        print(fault, file=sys.stderr)  # noqa: T201
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
