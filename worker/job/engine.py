"""The engine as a worker uses it: probe and render one original, within the bounds of a lane.

`SupervisedEngine` decodes in a child of this process, so that a codec that crashes, hangs or takes too much memory
costs only one attempt of its own image (docs/decisions/supervised-child.md).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from pixelfleet.domain.jobs import Lane
from pixelfleet.errors import WrongLaneError
from pixelfleet.images.limits import LaneShare, Limits
from pixelfleet.images.machine_memory import machine_memory
from pixelfleet.images.pipeline import Rendition, render
from pixelfleet.images.probe import Probe, probe
from pixelfleet.images.supervisor import RenderSupervisor
from pixelfleet.recipes import Recipe
from pixelfleet.settings import LaneLimits, Settings

#: Bytes of one variant for each pixel of the lane's largest image: four samples of 16 bits, and tables beside them.
_VARIANT_BYTES: Final = 10


@dataclass(frozen=True, slots=True)
class Bounds:
    """An image beyond `limits`, those of the largest lane, fails. An image beyond `share` belongs to a larger lane."""

    lane: Lane
    limits: Limits
    share: LaneShare


class Engine(Protocol):
    def make(
        self, original: Path, recipe: Recipe, bounds: Bounds, folder: Path, on_header: Callable[[Probe], None]
    ) -> Rendition:
        """Make the variants of `recipe` in `folder`; `on_header` gets the probe of a header that could be read.

        Raises:
            PermanentError: the image or the recipe is at fault.
            WrongLaneError: the image exceeds `bounds.share`.
            TransientError: memory, disk or time ran out, or the decoder crashed.
        """


class ProbeFile(Protocol):
    def __call__(self, path: Path, limits: Limits, *, with_gps: bool, allow_svg: bool, dpi: int) -> Probe: ...


class RenderFile(Protocol):
    def __call__(self, path: Path, header: Probe, recipe: Recipe, folder: Path, /) -> Rendition: ...


@dataclass(frozen=True, slots=True)
class InlineEngine:
    """Decodes in this process, without bounds of memory and time: for tests, which make their own images."""

    probe: ProbeFile = probe
    render: RenderFile = render

    def make(
        self, original: Path, recipe: Recipe, bounds: Bounds, folder: Path, on_header: Callable[[Probe], None]
    ) -> Rendition:
        header = self.probe(
            original, bounds.limits, with_gps=recipe.keep_gps, allow_svg=recipe.allow_svg, dpi=recipe.dpi
        )
        on_header(header)
        if reason := bounds.share.exceeded_by(header.pixels, header.memory):
            raise WrongLaneError(reason)
        return self.render(original, header, recipe, folder)


@dataclass(frozen=True, slots=True)
class SupervisedEngine:
    """Decodes in a child of this process: a child for each lane, started at the lane's first image."""

    supervisors: Mapping[Lane, RenderSupervisor]

    def make(
        self, original: Path, recipe: Recipe, bounds: Bounds, folder: Path, on_header: Callable[[Probe], None]
    ) -> Rendition:
        outcome = self.supervisors[bounds.lane].render(original, recipe, bounds.limits, folder, bounds.share)
        if outcome.probe is not None:
            on_header(outcome.probe)
        if outcome.error is not None:
            raise outcome.error
        if outcome.too_large is not None or outcome.rendition is None:
            raise WrongLaneError(outcome.too_large or "the image belongs to a larger lane")
        return outcome.rendition


def bounds_of(settings: Settings, lane: Lane) -> Bounds:
    """The bounds of an image in `lane`."""
    most, mine = settings.lanes[Lane.HEAVY], settings.lanes[lane]
    # In the largest lane the memory limit of the child decides: an estimate must not fail an image for ever.
    memory = mine.memory if lane is Lane.BULK else 1 << 62
    return Bounds(
        lane, Limits(most.max_bytes, most.max_pixels, settings.max_frames), LaneShare(mine.max_pixels, memory)
    )


def supervised(settings: Settings) -> SupervisedEngine:
    """The engine of a worker's process: each lane's images within the memory, disk and time of that lane."""
    return SupervisedEngine({lane: _supervisor(limits) for lane, limits in settings.lanes.items()})


def _supervisor(lane: LaneLimits) -> RenderSupervisor:
    memory = min(lane.memory, machine_memory())
    return RenderSupervisor(memory, lane.time_limit, _VARIANT_BYTES * lane.max_pixels + lane.max_bytes)
