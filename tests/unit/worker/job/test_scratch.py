"""A sweep deletes the folders of dead processes. A process id proves nothing where containers share a disk."""

import fcntl
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from worker.job.scratch import attempt_folder, sweep

HOLD = """
import sys
from pathlib import Path
from worker.job.scratch import attempt_folder
with attempt_folder(Path(sys.argv[1])) as folder:
    (folder / "original").write_text("x")
    print(folder, flush=True)
    sys.stdin.read()
"""


def test_the_folder_of_an_attempt_is_deleted_at_its_end(tmp_path: Path) -> None:
    with attempt_folder(tmp_path) as folder:
        (folder / "original").write_text("x")
        assert list(tmp_path.iterdir()) == [folder]
    assert list(tmp_path.iterdir()) == []


def test_a_sweep_keeps_the_folder_of_a_living_process_and_deletes_the_folder_of_a_dead_one(tmp_path: Path) -> None:
    worker = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert worker.stdout is not None
    folder = Path(worker.stdout.readline().strip())
    assert sweep(tmp_path) == 0
    assert (folder / "original").exists()
    worker.kill()
    worker.communicate()
    assert sweep(tmp_path) == 1
    assert not folder.exists()


def test_the_folder_of_a_process_whose_id_means_another_process_here_is_kept(tmp_path: Path) -> None:
    """A worker of another container: in this container, its process id is unused or that of another process."""
    with attempt_folder(tmp_path) as folder:
        assert sweep(tmp_path) == 0
        assert folder.exists()


def test_a_sweep_follows_no_link_and_deletes_no_other_folder(tmp_path: Path) -> None:
    kept = tmp_path / "elsewhere"
    kept.mkdir()
    (tmp_path / "pixelfleet-attempt-link").symlink_to(kept)
    (tmp_path / "pixelfleet-samples").mkdir()
    assert sweep(tmp_path) == 0
    assert kept.exists()


def test_a_folder_that_a_sweep_deletes_before_it_is_locked_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = tempfile.mkdtemp
    made: list[str] = []

    def make(**arguments: str) -> str:
        made.append(real(**arguments))
        return made[-1]

    def lock(_descriptor: int, _operation: int) -> None:
        if len(made) == 1:
            Path(made[0]).rmdir()

    monkeypatch.setattr(tempfile, "mkdtemp", make)
    monkeypatch.setattr(fcntl, "flock", lock)
    with attempt_folder(tmp_path) as folder:
        assert str(folder) == made[1]
        assert folder.exists()
