"""ministack's memory, restored from the state folder at the start and saved to the folder regularly."""

import os
from collections.abc import Awaitable
from typing import Any

from pixelfleet.localcloud.clock import show_in_time
from pixelfleet.localcloud.journal import CloudJournal, Write, read
from pixelfleet.localcloud.state import Codec, StateFolder


class Memory:
    """ministack's memory: tables, queues, topics and configurations of buckets. Objects are files."""

    def __init__(self, ministack: Any, folder: StateFolder) -> None:
        self._ministack = ministack
        self._folder = folder
        self._journal: CloudJournal | None = None

    @property
    def journal(self) -> CloudJournal:
        if self._journal is None:
            self._journal = CloudJournal(self._folder.journal())
        return self._journal

    async def restore(self) -> None:
        """Load the last generation and carry out the later writes of the journals.

        Raises:
            StateError: a file cannot be read.
        """
        values = self._folder.load()
        for service, module in self._ministack._state_map.items():  # noqa: SLF001
            if service in values:
                try:
                    self._ministack._get_module(module).load_persisted_state(values[service])  # noqa: SLF001
                except Exception as error:  # ministack's own shapes: anything may be wrong in them
                    raise self._folder.unusable(service, repr(error)) from error
        self._show_messages()
        for path in self._folder.journals():
            for write in read(path):
                await self._repeat(write)
        self._folder.running.touch(mode=0o600)

    def save(self) -> None:
        """Raises OSError when the disk refuses the state."""
        states = {
            name: state
            for name, state_of in self._ministack._build_persistence_save_dict().items()  # noqa: SLF001
            if (state := state_of()) is not None
        }
        self._folder.save(states)
        if self._journal is not None:
            self._journal.close()
            self._journal = None

    def end(self) -> None:
        """Save for the last time. Raises OSError as `save` does."""
        self.save()
        self._folder.running.unlink(missing_ok=True)

    def _show_messages(self) -> None:
        from ministack.core.responses import request_scope  # noqa: PLC0415 - it reads its configuration when imported
        from ministack.services import sqs  # noqa: PLC0415

        with request_scope(os.environ["MINISTACK_ACCOUNT_ID"], os.environ["MINISTACK_REGION"]):
            show_in_time(sqs._queues.values(), sqs.time.time())  # noqa: SLF001

    def _repeat(self, write: Write) -> Awaitable[Any]:
        from ministack.core.responses import request_scope  # noqa: PLC0415 - it reads its configuration when imported
        from ministack.services import dynamodb  # noqa: PLC0415

        async def repeat() -> None:
            with request_scope(os.environ["MINISTACK_ACCOUNT_ID"], write.region):
                await dynamodb.handle_request("POST", "/", {"x-amz-target": write.target}, write.body, {})

        return repeat()


def codec(persistence: Any) -> Codec:
    return Codec(persistence._json_default, persistence._json_object_hook, persistence._state_format_version)  # noqa: SLF001
