"""The decoder beside the dashboard: a child of this process, within limits of memory, disk and time."""

import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from pixelfleet.deployment import Deployment
from pixelfleet.domain.jobs import Lane
from pixelfleet.errors import WrongLaneError
from pixelfleet.extras import check_extra
from pixelfleet.images.limits import LaneShare, Limits
from pixelfleet.images.machine_memory import machine_memory
from pixelfleet.recipes import Recipe

if TYPE_CHECKING:
    from pixelfleet.images.rendition import Rendition

#: Pixels, over all frames, of the largest original that is decoded beside the dashboard.
MOST_PIXELS: Final = 60_000_000
#: Seconds of one render.
SECONDS: Final = 15.0
#: Bytes of memory that are left to this process, and the least that a decoder is given.
_OWN_MEMORY: Final = 400_000_000
_LEAST_MEMORY: Final = 300_000_000
#: Bytes of one file that a child may write.
_FILE_BYTES: Final = 200_000_000
#: The niceness of a decoder, below the priority of this process (setpriority(2): -20 to 19).
_NICE: Final = 5


class Engine(Protocol):
    """Renders the recipe of one variant from a file into a folder, in a child, within limits."""

    def render(self, original: Path, recipe: Recipe, folder: Path) -> "Rendition":
        """
        Raises:
            PermanentError, TransientError, WrongLaneError: see `worker.job.engine`.
        """

    def close(self) -> None: ...


class ChildEngine:
    """Decodes in a child of this process, within the limits of the bulk lane and of this machine's memory."""

    def __init__(self, deployment: Deployment) -> None:
        """Raises SetupError: the libraries that decode are not installed."""
        check_extra("worker", "making a lazy variant")
        # The import is here, so that libvips is loaded at the first render and not with the dashboard.
        from pixelfleet.images.supervisor import RenderSupervisor  # noqa: PLC0415

        settings = deployment.settings
        lane = settings.lanes[Lane.BULK]
        spare = max((machine_memory() - _OWN_MEMORY) // settings.lazy_renders, _LEAST_MEMORY)
        memory = min(lane.memory, spare)
        self._limits = Limits(lane.max_bytes, lane.max_pixels, settings.max_frames)
        self._share = LaneShare(min(MOST_PIXELS, lane.max_pixels), memory)
        self._supervisor = RenderSupervisor(memory, SECONDS, _FILE_BYTES)

    def render(self, original: Path, recipe: Recipe, folder: Path) -> "Rendition":
        outcome = self._supervisor.render(original, recipe, self._limits, folder, self._share)
        if (pid := self._supervisor.pid) is not None:
            with suppress(ProcessLookupError):
                os.setpriority(os.PRIO_PROCESS, pid, _NICE)
        if outcome.error is not None:
            raise outcome.error
        if outcome.rendition is None:
            raise WrongLaneError(outcome.too_large or "the image is too large to be decoded here")
        return outcome.rendition

    def close(self) -> None:
        self._supervisor.close()
