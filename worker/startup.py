"""Work of a worker's main process before its first job."""

import logging
from typing import Any

from celery.signals import worker_init

from pixelfleet.settings import load_settings
from worker.job.scratch import sweep


@worker_init.connect  # type: ignore[untyped-decorator,unused-ignore]
def clear_scratch(**_: Any) -> None:
    """Delete the folders that killed workers left on the scratch disk."""
    swept = sweep(load_settings().scratch_dir)
    if swept:
        logging.getLogger(__name__).warning("deleted %d folders of killed workers", swept)
