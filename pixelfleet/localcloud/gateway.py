"""Runs ministack behind a door and with its memory bounded: `python -m pixelfleet.localcloud.gateway`.

Two things that ministack 1.5.33 would do otherwise:

- It does not verify the signature of the root key, which is the only key here, nor that of the key `test`.
- Of a versioned object it keeps every byte in memory, although S3_PERSIST has them on disk.
"""

import os
from datetime import UTC, datetime

from pixelfleet.localcloud.autosave import autosave
from pixelfleet.localcloud.door import Door
from pixelfleet.localcloud.ports import LOOPBACK
from pixelfleet.localcloud.request_head import Application
from pixelfleet.localcloud.signatures import Verifier


def guarded(application: Application) -> Door:
    """The application behind a door for the keys and the port of this process's environment."""
    port = os.environ["GATEWAY_PORT"]
    return Door(
        application,
        Verifier(os.environ["AWS_ACCESS_KEY_ID"], os.environ["AWS_SECRET_ACCESS_KEY"]),
        frozenset({f"{LOOPBACK}:{port}", f"localhost:{port}"}),
        lambda: datetime.now(UTC),
    )


def main() -> None:
    # Both read their whole configuration when imported.
    from ministack import app as ministack  # noqa: PLC0415
    from ministack.core import iam_evaluator, persistence  # noqa: PLC0415
    from ministack.services import s3  # noqa: PLC0415

    # Asked only in order to skip the verification of a signature.
    iam_evaluator._is_root_key = lambda _key: False  # noqa: SLF001 - the seam; a test holds it
    entry_of = s3._version_entry_from_record  # noqa: SLF001
    # Where an entry has no bytes, it reads the object's file, or the one that a displaced version was written to.
    s3._version_entry_from_record = lambda record, version, _data: entry_of(record, version, None)  # noqa: SLF001
    states_of = ministack._build_persistence_save_dict  # noqa: SLF001
    served: Application = guarded(ministack.app)
    if persistence.PERSIST_STATE:
        served = autosave(served, lambda: persistence.save_all(states_of()))
    ministack.app = served
    ministack.main()


if __name__ == "__main__":
    main()
