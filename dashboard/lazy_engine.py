"""The decoder beside the dashboard: a child of this process, within limits of memory, disk and time."""

from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from pixelfleet.deployment import Deployment
from pixelfleet.domain.jobs import Lane
from pixelfleet.errors import Cause, TransientError, WrongLaneError
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
#: Bytes of one file that a child may write: four samples of 16 bits for each pixel, and tables beside them.
_FILE_BYTES: Final = 10 * MOST_PIXELS


class Engine(Protocol):
    """Renders the recipe of one variant from a file into a folder, in a child, within limits."""

    def render(self, original: Path, recipe: Recipe, folder: Path) -> "Rendition":
        """
        Raises:
            PermanentError: the image or the recipe is at fault.
            WrongLaneError: the image needs more memory, time or room than there is here.
            TransientError: the decoder crashed.
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
        lane, most = settings.lanes[Lane.BULK], settings.lanes[Lane.HEAVY]
        spare = max((machine_memory() - _OWN_MEMORY) // settings.lazy_renders, _LEAST_MEMORY)
        memory = min(lane.memory, spare)
        # An image beyond the limits of the largest lane fails. An image beyond the share belongs to a worker.
        self._limits = Limits(most.max_bytes, most.max_pixels, settings.max_frames)
        self._share = LaneShare(min(MOST_PIXELS, lane.max_pixels), memory)
        self._supervisor = RenderSupervisor(memory, SECONDS, _FILE_BYTES)

    def render(self, original: Path, recipe: Recipe, folder: Path) -> "Rendition":
        outcome = self._supervisor.render(original, recipe, self._limits, folder, self._share)
        if isinstance(outcome.error, TransientError) and outcome.error.cause is not Cause.CRASHED:
            # Memory, time or room on the disk ran out: a worker has more of each.
            raise WrongLaneError(outcome.error.message)
        if outcome.error is not None:
            raise outcome.error
        if outcome.rendition is None:
            raise WrongLaneError(outcome.too_large or "the image is too large to be decoded here")
        return outcome.rendition

    def close(self) -> None:
        self._supervisor.close()
