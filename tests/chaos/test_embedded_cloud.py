"""The same worker on the embedded cloud, and a crash of the cloud while the worker runs."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from pixelfleet.localcloud.emulator import Emulator, start_emulator
from pixelfleet.localcloud.folder import DataFolder
from pixelfleet.localcloud.supervise import ProcessSupervisor
from tests.chaos.harness import Bench, bench
from tests.chaos.proxy import Fault
from tests.waiting import eventually


@pytest.fixture
def queue(cloud: Emulator, tmp_path: Path) -> Iterator[Bench]:
    with bench(cloud.endpoint_url, tmp_path, cloud.exports()) as made:
        yield made


@pytest.mark.slow
def test_tasks_run_and_are_deleted_in_spite_of_faults_everywhere(queue: Bench) -> None:
    queue.hide_for(3)
    # Two faults are certain. The other faults are random.
    certain = Fault("sqs", status=500, times=2)
    queue.proxy.inject(certain, Fault("sqs", status=500, rate=0.1), Fault("sqs", delay=0.2, rate=0.1))
    names = [f"task {number}" for number in range(40)]
    for name in names:
        queue.send("fine", name)

    worker = queue.work(children=2, config={"worker_prefetch_multiplier": 4})

    queue.done(*names)
    queue.proxy.heal()
    queue.empties()
    assert worker.runs
    assert queue.count(queue.dead_url) == (0, 0)
    assert sum(queue.proxy.injected.values()) > 0


@pytest.mark.slow
def test_a_malformed_message_goes_to_the_dead_letters(queue: Bench) -> None:
    queue.hide_for(1)
    queue.send_raw("%PDF-1.7")
    queue.send("fine")

    queue.work()

    queue.done("fine")
    queue.buries(1)


@pytest.mark.slow
def test_a_worker_outlives_the_cloud_dying_in_the_middle_of_a_poll(tmp_path: Path) -> None:
    folder = DataFolder.open(tmp_path / "data")
    with ProcessSupervisor() as first, ProcessSupervisor() as second:
        emulator = start_emulator(first, folder, keeps=False)
        with bench(emulator.endpoint_url, tmp_path, emulator.exports()) as queue:
            worker = queue.work(endpoint=emulator.endpoint_url)
            queue.send("fine", "before")
            queue.done("before")

            os.kill(first.pids()["embedded cloud"], signal.SIGKILL)
            eventually(lambda: "could not receive" in worker.log)
            again = start_emulator(second, folder, keeps=False)
            name = queue.url.rpartition("/")[2]
            with bench(again.endpoint_url, tmp_path, again.exports(), name=name) as reborn:
                reborn.send("fine", "after")
                reborn.done("after")

            assert worker.runs
    folder.close()
