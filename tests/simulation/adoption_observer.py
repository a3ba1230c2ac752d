"""The adopted bucket of a run: its pages are small, its restores end, and nobody but its own users writes to it."""

from functools import partial
from typing import Any, Final

from tests.simulation.environment import Environment
from tests.simulation.step import MASTERS

#: Objects of one page of a listing: an adoption can be interrupted between two pages.
PAGE: Final = 2
#: The first words of the steps that change the bucket.
_ITS_USERS: Final = ("puts ", "deletes ")


class AdoptedBucket:
    """Makes the bucket, and watches it. `recorded` is called for each event of the bucket."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        cloud, rng = environment.cloud, environment.rng(MASTERS)
        s3 = self._s3 = cloud.s3
        s3.create_bucket(Bucket=MASTERS)
        if rng.random() < 0.5:
            s3.put_bucket_versioning(Bucket=MASTERS, VersioningConfiguration={"Status": "Enabled"})
        cloud.masters_send_events = rng.random() < 0.5
        self._rng = rng
        self._list, self._restore = s3.list_objects_v2, s3.restore_object
        vars(s3).update(list_objects_v2=self._listed, restore_object=self._restored)
        cloud.on_object_event = partial(self._event, cloud.on_object_event)

    def _listed(self, **request: Any) -> dict[str, Any]:
        few = {"MaxKeys": PAGE} if request["Bucket"] == MASTERS else {}
        return self._list(**request | few)

    def _restored(self, **request: Any) -> dict[str, Any]:
        answer = self._restore(**request)
        if request["Bucket"] == MASTERS:
            self._environment.cloud.end_restore(request["Key"], self._rng.choice((10.0, 300.0, 1_500.0)))
        return answer

    def _event(self, others: Any, bucket: str, record: dict[str, Any]) -> None:
        others(bucket, record)
        words = str(self._environment.scheduler.process.memory.get("words", ""))
        changes = not record["eventName"].startswith("ObjectRestore")
        if bucket == MASTERS and changes and not words.startswith(_ITS_USERS):
            self._environment.violate("an adopted bucket is only read", f"{record['eventName']} by {words}")
