"""Lazy variants on request: rendered in children of this process, a few at once, each variant once.

No thread of the service waits for a render: requests wait in the event loop, and the renders have threads of their own.
A larger original goes to the bulk lane as a job.
"""

import asyncio
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from enum import Enum, auto
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from dashboard.auth.limits import RateLimit
from dashboard.lazy_engine import MOST_PIXELS, ChildEngine, Engine
from dashboard.problem import Problem
from pixelfleet.aws.objects import ObjectGoneError
from pixelfleet.deployment import Deployment
from pixelfleet.domain.jobs import Lane
from pixelfleet.domain.lazy_variants import noted
from pixelfleet.domain.records import Image, LazyNote, Status, timestamp
from pixelfleet.domain.transitions import Failure
from pixelfleet.errors import Cause, PermanentError, SetupError, TransientError, WrongLaneError
from pixelfleet.operations.lazy_variants import LazyRecipes, LazyVariant, make_lazy, pixels_of, send_lazy
from pixelfleet.recipes import Recipe
from pixelfleet.telemetry import logger

if TYPE_CHECKING:
    from pixelfleet.images.rendition import Rendition

#: Seconds that a request waits for its variant. CloudFront waits 30 s for an answer.
LONGEST_WAIT: Final = 25.0
#: Variants that are rendered or wait for it, and requests that wait for them.
MOST_VARIANTS: Final = 64
MOST_REQUESTS: Final = 512
#: Seconds after which a client may ask again: for a place, and for a variant that a worker makes.
_SOON: Final = {"Retry-After": "2"}
_LATER: Final = {"Retry-After": "10"}


class Progress(Enum):
    """What became of a request for a variant, if there was no error."""

    #: The record has another state than the request has read: read it again.
    CHANGED = auto()
    #: A worker makes the variant.
    UNDER_WAY = auto()
    #: The original of the present revision is gone.
    GONE = auto()


class LazyRenders:
    """The lazy variants of one process of the dashboard."""

    def __init__(
        self,
        deployment: Deployment,
        clock: Callable[[], float] = time.monotonic,
        engine: Callable[[], Engine] | None = None,
    ) -> None:
        """`clock` is that of the budget, in monotonic seconds. `engine` is called once in each thread that renders."""
        self._deployment = deployment
        self._settings = deployment.settings
        self._budget = RateLimit(self._settings.lazy_renders_per_hour, 3_600, clock)
        self._engine = engine or partial(ChildEngine, deployment)
        self._engines: list[Engine] = []
        self._own = threading.local()
        self._lock = threading.Lock()
        self._running: dict[tuple[str, str, str], Future[Image | Progress]] = {}
        self._waiting = 0
        self._pool = ThreadPoolExecutor(self._settings.lazy_renders, thread_name_prefix="lazy-variant")
        self.recipes = LazyRecipes(deployment)

    async def make(self, image: Image, lazy: LazyVariant) -> Image | Progress:
        """Wait until the variant is made, or a worker was asked for it; returns the record that has the variant.

        Raises:
            Problem: 422 for an image that cannot be made into the variant, 429 above the owner's budget, 503 while
                too much waits, or after an error of the machine.
            TransientError: S3, DynamoDB or SQS does not answer.
        """
        if (note := noted(image, lazy.name, timestamp())) is not None:
            return _as_noted(note)
        if self._waiting >= MOST_REQUESTS:
            raise _busy()
        future = self._begun(image, lazy)
        self._waiting += 1
        try:
            # The render goes on without this request, and the next request finds its result.
            return await asyncio.wait_for(asyncio.shield(asyncio.wrap_future(future)), LONGEST_WAIT)
        except TimeoutError:
            raise _busy() from None
        except PermanentError as error:
            raise _impossible(error.cause, error.message) from None
        except SetupError as error:
            # The decoders are not installed: operators read it in the log, strangers only that it does not work now.
            logger("dashboard").warning("lazy variants cannot be made", exc_info=error)
            raise _not_now() from None
        except TransientError as error:
            if error.cause is not Cause.CRASHED:
                raise
            raise _not_now() from None
        finally:
            self._waiting -= 1

    def close(self) -> None:
        """End all renders at once."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        with self._lock:
            for engine in self._engines:
                engine.close()

    def _begun(self, image: Image, lazy: LazyVariant) -> Future[Image | Progress]:
        """The render of the variant, which is begun unless it is under way in this process."""
        key = (image.image_id, image.revision or "", lazy.name)
        with self._lock:
            if key in self._running:
                return self._running[key]
            if len(self._running) >= MOST_VARIANTS:
                raise _busy()
            allowance = self._budget.take(image.owner)
            if not allowance.passes:
                raise Problem(
                    429,
                    f"more than {allowance.limit:,} variants of this owner were asked for in an hour; try again later",
                    headers={"Retry-After": allowance.headers()["Retry-After"]},
                )
            future = self._running[key] = self._pool.submit(self._carry_out, image, lazy)
        future.add_done_callback(lambda _: self._ended(key))
        return future

    def _ended(self, key: tuple[str, str, str]) -> None:
        with self._lock:
            self._running.pop(key, None)

    def _carry_out(self, image: Image, lazy: LazyVariant) -> Image | Progress:
        """In a thread of the pool."""
        try:
            return self._make(image, lazy)
        except WrongLaneError:
            return self._send(image, lazy)
        except ObjectGoneError:
            return Progress.GONE
        except (PermanentError, TransientError) as error:
            if isinstance(error, PermanentError) or error.cause is Cause.CRASHED:
                failure = Failure(error.cause, error.message)
                self._deployment.images.note_lazy(image, image.revision or "", lazy.name, failure)
            raise

    def _make(self, image: Image, lazy: LazyVariant) -> Image | Progress:
        most = self._settings.lanes[Lane.BULK].max_bytes
        if pixels_of(image) > MOST_PIXELS or (image.bytes or 0) > most:
            return self._send(image, lazy)
        with tempfile.TemporaryDirectory(prefix="pixelfleet-lazy-", dir=self._settings.scratch_dir) as folder:
            made = make_lazy(self._deployment, image, lazy, Path(folder), self._render, most)
        return made if isinstance(made, Image) else Progress.CHANGED

    def _render(self, original: Path, recipe: Recipe, folder: Path) -> "Rendition":
        engine: Engine | None = getattr(self._own, "engine", None)
        if engine is None:
            engine = self._own.engine = self._engine()
            with self._lock:
                self._engines.append(engine)
        return engine.render(original, recipe, folder)

    def _send(self, image: Image, lazy: LazyVariant) -> Progress:
        send_lazy(self._deployment, image, lazy)
        return Progress.UNDER_WAY


def gone(image: Image) -> Problem:
    """The answer if the original of the present revision is gone."""
    if image.status in (Status.QUEUED, Status.PROCESSING):
        return Problem(503, "a new version of this image is being processed; try again", headers=_LATER)
    return Problem(404, "the original is gone, so this variant cannot be made")


def under_way() -> dict[str, str]:
    """The headers of the answer while a worker makes the variant."""
    return _LATER | {"Cache-Control": "no-store"}


def _as_noted(note: LazyNote) -> Progress:
    if note.cause is None:
        return Progress.UNDER_WAY
    if note.cause.blames_image:
        raise _impossible(note.cause, note.message)
    raise _not_now()


def _impossible(cause: Cause, message: str) -> Problem:
    return Problem(422, f"this variant cannot be made: {cause}: {message}")


def _not_now() -> Problem:
    return Problem(503, "this variant could not be made just now; try again later", headers={"Retry-After": "60"})


def _busy() -> Problem:
    return Problem(503, "too many variants are being made; try again", headers=_SOON)
