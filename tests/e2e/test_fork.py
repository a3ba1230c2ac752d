"""obstore's threads do not survive a fork. A child of a process that has used obstore hangs at its first call."""

import sys
from pathlib import Path

import pytest

from pixelfleet.domain.records import Status
from tests.chaos.harness import children_of
from tests.e2e.conftest import LiveFleet

#: The name of the threads of obstore's runtime.
OBSTORE_THREAD = "tokio-rt-worker"


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="threads are read from /proc")
def test_a_workers_children_use_obstore_and_their_parent_never_does(live: LiveFleet, samples: Path) -> None:
    image_id = live.upload(samples / "photos/progressive.jpg", "photo.jpg")
    assert live.settled([image_id])[image_id].status is Status.READY
    parent = live.processes.pids()["bulk worker"]
    assert any(OBSTORE_THREAD in threads_of(child) for child in children_of(parent))
    assert OBSTORE_THREAD not in threads_of(parent)


def threads_of(pid: int) -> list[str]:
    return [path.read_text().strip() for path in Path(f"/proc/{pid}/task").glob("*/comm")]
