"""Runs ministack behind a door, bounds its memory and saves its state: `python -m pixelfleet.localcloud.gateway`.

Exit codes: 0 stopped and saved; UNREADABLE the state cannot be read, or the disk takes no file beside the state,
which was left as it is; NOT_SAVED stopped, and the disk refused the state.
"""

import asyncio
import os
import signal
import sys
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from pixelfleet.files.descriptors import take_all_descriptors
from pixelfleet.localcloud.autosave import autosave
from pixelfleet.localcloud.door import Door
from pixelfleet.localcloud.environment import STATE_VARIABLE, UNREADABLE
from pixelfleet.localcloud.journaled import journaled, keep_synced
from pixelfleet.localcloud.memory import Memory, codec
from pixelfleet.localcloud.ports import LOOPBACK
from pixelfleet.localcloud.request_head import Application
from pixelfleet.localcloud.signatures import SignatureVerifier
from pixelfleet.localcloud.state import StateError, StateFolder
from pixelfleet.localcloud.trimming import with_trimming

NOT_SAVED: Final = 74
#: Seconds for running requests to end.
_GRACE: Final = 5.0


def guarded(application: Application) -> Door:
    """The application behind a door for the keys of this process's environment."""
    return Door(
        application,
        SignatureVerifier(os.environ["AWS_ACCESS_KEY_ID"], os.environ["AWS_SECRET_ACCESS_KEY"]),
        frozenset({LOOPBACK, "localhost"}),
        lambda: datetime.now(UTC),
    )


def main() -> None:
    # They read their whole configuration when imported.
    from ministack import app as ministack  # noqa: PLC0415
    from ministack.core import iam_evaluator, persistence  # noqa: PLC0415
    from ministack.services import s3, sqs  # noqa: PLC0415

    from pixelfleet.localcloud import clock, object_files  # noqa: PLC0415
    from pixelfleet.localcloud.form_files import with_form_files  # noqa: PLC0415
    from pixelfleet.localcloud.put_files import with_put_files  # noqa: PLC0415

    # Asked only in order to skip the verification of a signature.
    iam_evaluator._is_root_key = lambda _key: False  # noqa: SLF001 - the seam; a test holds it
    disk = object_files.install(s3, Path(os.environ["S3_DATA_DIR"]))
    object_files.take_mapped_bodies(ministack)
    state = os.environ.get(STATE_VARIABLE)
    try:
        clock.install(sqs, s3, Path(state) / "sequence" if state else None)
    except StateError as error:
        print(error, file=sys.stderr)  # noqa: T201 - the last line of the log says why
        sys.exit(UNREADABLE)
    memory = Memory(ministack, StateFolder(Path(state), codec(persistence))) if state else None
    application = with_put_files(with_form_files(ministack.app, disk), disk)
    sys.exit(asyncio.run(_serve(with_trimming(application), memory)))


async def _serve(application: Application, memory: Memory | None) -> int:
    if memory is None:
        await _listen(guarded(application))
        return 0
    try:
        await memory.restore()
    except StateError as error:
        print(error, file=sys.stderr)  # noqa: T201 - the last line of the log says why
        return UNREADABLE
    syncing = asyncio.create_task(keep_synced(lambda: memory.journal))
    await _listen(autosave(guarded(journaled(application, lambda: memory.journal)), memory.save))
    syncing.cancel()
    with suppress(asyncio.CancelledError):
        await syncing
    try:
        memory.end()
    except OSError as error:
        print(f"the state was not saved: {error}", file=sys.stderr)  # noqa: T201
        return NOT_SAVED
    return 0


async def _listen(application: Application) -> None:
    """Serve until SIGTERM or SIGINT."""
    from hypercorn.asyncio import serve  # noqa: PLC0415
    from hypercorn.config import Config  # noqa: PLC0415

    from pixelfleet.localcloud import connections  # noqa: PLC0415

    connections.install(take_all_descriptors())
    config = Config()
    config.bind = [f"{LOOPBACK}:{os.environ['GATEWAY_PORT']}"]
    config.keep_alive_timeout = 75
    config.graceful_timeout = _GRACE
    config.loglevel = "WARNING"
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    served: Any = application
    await serve(served, config, shutdown_trigger=stop.wait)


if __name__ == "__main__":
    main()
