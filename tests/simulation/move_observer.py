"""The invariants of moves: what a move deletes is in the target batch, and is there as good."""

from typing import Any

from pixelfleet.domain.records import Status
from tests.fakes.s3_bucket import StoredVersion
from tests.simulation.environment import Environment
from tests.simulation.mover_steps import MOVES
from tests.simulation.observer import Observer
from tests.simulation.scheduler import Process
from tests.simulation.step import batch_folder


class MoveObserver:
    """Watches the originals that moves delete."""

    def __init__(self, environment: Environment, observer: Observer) -> None:
        self._environment = environment
        self._observer = observer
        s3 = environment.cloud.s3
        self._head, self._delete = s3.head_object, s3.delete_object
        #: When a process last looked at a key.
        self._looked_at: dict[tuple[Process, str], float] = {}
        vars(s3).update(head_object=self._headed, delete_object=self._deleted)

    def _headed(self, **request: Any) -> dict[str, Any]:
        scheduler = self._environment.scheduler
        self._looked_at[scheduler.process, request["Key"]] = scheduler.now
        return self._head(**request)

    def _deleted(self, **request: Any) -> dict[str, Any]:
        before = self._environment.cloud.s3.bucket(request["Bucket"]).current(request["Key"])
        answer = self._delete(**request)
        process = self._environment.scheduler.process
        moves = str(process.memory.get("words", "")).startswith(MOVES)
        if moves and request["Bucket"] == self._environment.settings.uploads_bucket and before is not None:
            self._check(process, request["Key"], before)
        return answer

    def _check(self, process: Process, key: str, deleted: StoredVersion) -> None:
        """The target batch has the bytes, unless somebody changed the copy after the move looked at the copy last.

        S3 deletes an object on a condition on that object, and on no other object.
        """
        source, target = process.memory["moves"]
        copy_key = key.replace(batch_folder(source), batch_folder(target), 1)
        copy = self._environment.cloud.s3.bucket(self._environment.settings.uploads_bucket).current(copy_key)
        if self._environment.touched_at.get(copy_key, 0.0) > self._looked_at.get((process, copy_key), 0.0):
            return
        if copy is None or copy.body != deleted.body:
            self._environment.violate("a move deletes no original whose bytes the target batch does not have", key)
            return
        items = {item["key"]: item for item in self._observer.images()}
        image, record = items.get(key, {}), items.get(copy_key, {})
        if record.get("etag") == copy.etag and record.get("status") == Status.FAILED == _other(image.get("status")):
            self._environment.violate("a move deletes no ready image whose copy failed", key)


def _other(status: str | None) -> Status | None:
    return Status.FAILED if status == Status.READY else None
