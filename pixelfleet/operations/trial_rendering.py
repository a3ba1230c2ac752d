"""Rendering an image for a trial, within the limits of the bulk lane and of this machine's memory."""

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pixelfleet.aws.objects import ObjectGoneError, ObjectVersion
from pixelfleet.deployment import Deployment
from pixelfleet.domain.jobs import Lane
from pixelfleet.domain.records import Image
from pixelfleet.errors import PermanentError, SetupError
from pixelfleet.extras import check_extra
from pixelfleet.images.limits import LaneShare, Limits
from pixelfleet.images.machine_memory import machine_memory
from pixelfleet.settings import Settings

if TYPE_CHECKING:
    from pixelfleet.images.supervisor import RenderOutcome, RenderSupervisor

#: Bytes of memory that are left to the process that asks for the trial, and the least that a decoder is given.
_OWN_MEMORY: Final = 400_000_000
_LEAST_MEMORY: Final = 300_000_000
#: Bytes of one file that the child may write.
_FILE_BYTES: Final = 200_000_000
#: The niceness of the decoder, below the priority of the process that asks for the trial (setpriority(2): -20 to 19).
_NICE: Final = 10


@dataclass(frozen=True, slots=True)
class TrialLimits:
    """The limits of one image: those of the bulk lane, `memory` bytes for the decoder, `seconds` for one recipe."""

    limits: Limits
    memory: int
    seconds: float

    @classmethod
    def of(cls, settings: Settings, seconds: float) -> "TrialLimits":
        lane = settings.lanes[Lane.BULK]
        memory = min(lane.memory, max(machine_memory() - _OWN_MEMORY, _LEAST_MEMORY))
        return cls(Limits(lane.max_bytes, lane.max_pixels, settings.max_frames), memory, seconds)

    @property
    def share(self) -> LaneShare:
        return LaneShare(self.limits.max_pixels, self.memory)

    def supervisor(self, what: str) -> "RenderSupervisor":
        """A supervisor of a decoder with these limits; `what` names the purpose.

        Raises:
            SetupError: the libraries of the worker are not installed.
        """
        check_extra("worker", what)
        # The import is here, so that libvips is loaded at the first trial and not with the dashboard.
        from pixelfleet.images.supervisor import RenderSupervisor  # noqa: PLC0415

        return RenderSupervisor(self.memory, self.seconds, _FILE_BYTES)


def fetch_original(deployment: Deployment, image: Image, path: Path, most: int) -> None:
    """Fetch the original of an image.

    Raises:
        SetupError: the original is gone or archived, or has more than `most` bytes.
        TransientError: S3 does not answer.
    """
    source = ObjectVersion(image.bucket, image.key, image.version_id, image.etag, image.bytes or 0)
    try:
        fetched, _ = deployment.objects.fetch(source, path, most)
    except ObjectGoneError:
        raise SetupError("the original of this image is gone, or is being replaced: try another") from None
    except PermanentError as error:
        raise SetupError(error.message) from None
    if fetched.bytes > most:
        raise SetupError(f"the original has {fetched.bytes:,} bytes; one of at most {most:,} can be tried")


def lower_priority(pid: int | None) -> None:
    """Let a decoder that is running wait for the process that asks for its result."""
    if pid is not None:
        with suppress(ProcessLookupError):
            os.setpriority(os.PRIO_PROCESS, pid, _NICE)


def problem_of(outcome: "RenderOutcome") -> str:
    """Why there is no rendition, in words."""
    if outcome.error is not None:
        return f"{outcome.error.cause}: {outcome.error.message}"
    return outcome.too_large or "the decoder gave no answer"
