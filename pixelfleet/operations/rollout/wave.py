"""One step of a rollout: its images are marked, sent and followed until each has an outcome, or the step stops."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from typing import Final

from pixelfleet.aws.queues import SEND_BATCH
from pixelfleet.deployment import Deployment
from pixelfleet.domain.jobs import Lane, Origin, message_group
from pixelfleet.domain.outcomes import line_of_outcome
from pixelfleet.domain.records import Image, Status
from pixelfleet.domain.rollout import OUTLIER, ImageState, is_outlier, state_of
from pixelfleet.operations.pace import Pace
from pixelfleet.operations.redrive import Clock
from pixelfleet.operations.rollout.journal import RolloutJournal, Touched, bad_in, settled_in
from pixelfleet.operations.rollout.order import RolloutOrder, as_touched, upload_bytes

#: SQS serves message groups in turn: new uploads do not wait behind ten million of these.
GROUP: Final = message_group("\0rollout")
#: Images that are under way at once: more would be sent before the first outcomes of the new recipe are known.
WINDOW: Final = 1_000
#: Seconds between two looks at the records, of few images and of many.
LOOK_EVERY: Final = 0.5
_OF_MANY: Final = 2.0
_MANY: Final = 50
#: Seconds without any outcome after which a step stops: longer than a bulk worker may take for an image, with repeats.
PATIENCE: Final = 3600.0
_THREADS: Final = 8
#: Records of one call.
_PAGE: Final = 100
_EXAMPLES: Final = 3


@dataclass(frozen=True, slots=True)
class WaveResult:
    """The images of a step by outcome, over all runs; `reason` says why the step stopped, None if it is done."""

    counts: dict[str, int]
    reason: str | None = None
    examples: tuple[str, ...] = ()


class Wave:
    """Carries out a step. `allows` says whether the step may go on, from the bad and the settled images."""

    def __init__(
        self,
        deployment: Deployment,
        order: RolloutOrder,
        journal: RolloutJournal,
        step: str,
        allows: Callable[[int, int], bool],
        clock: Clock,
    ) -> None:
        self._deployment = deployment
        self._order = order
        self._newer = order.refs[0]
        self._journal = journal
        self._step = step
        self._allows = allows
        self._clock = clock
        self._pace = Pace(order.rate, clock.now, clock.sleep)
        self._ratio: float = journal.fact("ratio") or 1.0
        self._under_way: dict[str, Touched] = {}
        self._unsent: list[Image] = []
        self._examples: list[str] = []

    def run(self, images: Iterable[Image], progress: Callable[[dict[str, int]], None]) -> WaveResult:
        """Send these images, and follow them and those of an interrupted run.

        Raises:
            TransientError: DynamoDB or SQS does not answer; the same rollout goes on where it stopped.
        """
        waiting = iter(images)
        last = self._clock.now()
        with ThreadPoolExecutor(_THREADS) as pool:
            self._take_up(pool)
            while True:
                more = self._fill(waiting, pool)
                settled = self._look()
                counts = self._journal.counts(self._step)
                progress(counts)
                if not self._allows(bad_in(counts), settled_in(counts)):
                    return WaveResult(counts, self._too_many(counts), tuple(self._examples))
                if not self._under_way and not more:
                    return WaveResult(counts)
                last = self._clock.now() if settled else last
                if self._clock.now() - last > PATIENCE:
                    return WaveResult(counts, self._stalled(), tuple(self._examples))
                if more and len(self._under_way) < WINDOW:
                    continue
                self._clock.sleep(_OF_MANY if len(self._under_way) > _MANY else LOOK_EVERY)

    def _take_up(self, pool: ThreadPoolExecutor) -> None:
        """Images of an interrupted run: their jobs may be lost, and a job that is sent twice is done once."""
        open_images = self._journal.open_images(self._step)
        self._under_way = dict(open_images)
        ids = iter(open_images)
        while some := list(islice(ids, _PAGE)):
            self._send(list(self._deployment.images.get_many(some).values()), pool)

    def _fill(self, waiting: Iterator[Image], pool: ThreadPoolExecutor) -> bool:
        """Send images until `WINDOW` are under way, for a few seconds at most; returns whether more may be waiting."""
        began = self._clock.now()
        unsent = [image for image in self._unsent if image.image_id in self._under_way]
        self._unsent = []
        if unsent:
            self._send(unsent, pool)
        # By tens if there is a rate: the outcomes of these are looked at before many more are sent.
        at_once = SEND_BATCH * (_THREADS if self._order.rate is None else 1)
        while len(self._under_way) < WINDOW and self._clock.now() - began < _OF_MANY:
            some = list(islice(waiting, at_once))
            if not some:
                return False
            new = [image for image in some if not self._journal.is_touched(image.image_id)]
            touched = {image.image_id: as_touched(image, self._order.older) for image in new}
            self._journal.touch(self._step, touched.items())
            self._under_way |= touched
            self._send(new, pool)
        return True

    def _send(self, images: Sequence[Image], pool: ThreadPoolExecutor) -> None:
        """Mark the images that are not marked, and send the jobs of those that are queued."""
        for start in range(0, len(images), SEND_BATCH):
            ten = images[start : start + SEND_BATCH]
            self._pace.wait(len(ten))
            queued = [image for image in pool.map(self._marked, ten) if image is not None]
            for lane in Lane:
                jobs = {image.job(Origin.REPROCESS): image for image in queued if image.next_lane is lane}
                refused = self._deployment.queues.send(lane, list(jobs), GROUP) if jobs else []
                self._unsent += [jobs[job] for job in refused]

    def _marked(self, image: Image) -> Image | None:
        newer, older = self._order.refs
        match state_of(image, newer, self._under_way[image.image_id].outcome):
            case ImageState.TO_SEND:
                # The record is marked before the job is sent, so that a worker that gets the job reads the new recipe.
                marked = self._deployment.images.bring_to(image, self._order.who, newer, older)
                return marked if isinstance(marked, Image) else None
            case ImageState.QUEUED:
                return image
        return None

    def _look(self) -> int:
        """Note the outcomes of the images under way; returns their number."""
        records = self._deployment.images.get_many(self._under_way)
        outcomes = []
        for image_id, before in list(self._under_way.items()):
            image = records.get(image_id)
            outcome = self._outcome(image, before)
            if outcome is not None:
                outcomes.append((image_id, outcome))
                del self._under_way[image_id]
                self._keep_example(image, outcome)
        if outcomes:
            self._journal.settle(outcomes)
        return len(outcomes)

    def _outcome(self, image: Image | None, before: Touched) -> str | None:
        state = state_of(image, self._newer, before.outcome)
        if state in (ImageState.QUEUED, ImageState.PROCESSING):
            return None
        if state is ImageState.TO_SEND:
            # Another recipe was chosen meanwhile, or the image was uploaded again.
            return ImageState.GONE.value
        after = upload_bytes(image, self._order.newer) if image is not None else 0
        if state is ImageState.DONE and is_outlier(before.bytes, after, self._ratio):
            return OUTLIER
        return state.value

    def _keep_example(self, image: Image | None, outcome: str) -> None:
        if image is None or outcome not in (OUTLIER, ImageState.FAILED) or len(self._examples) >= _EXAMPLES:
            return
        last = line_of_outcome(image) if image.status is Status.READY else None
        cause, message = (last.cause, last.message) if last is not None else (image.cause, image.message)
        after = upload_bytes(image, self._order.newer)
        why = f"{cause}: {message}" if outcome == ImageState.FAILED else f"{after:,} bytes"
        self._examples.append(f"{image.key}: {why}")

    def _too_many(self, counts: dict[str, int]) -> str:
        failed, outliers = counts.get(ImageState.FAILED, 0), counts.get(OUTLIER, 0)
        return (
            f"{failed:,} failed and {outliers:,} are outliers of {settled_in(counts):,} images of the {self._step}, "
            f"more than --max-failures {self._order.bound.in_words()} allows"
        )

    def _stalled(self) -> str:
        return (
            f"{len(self._under_way):,} images of the {self._step} have no outcome, and nothing ended for an hour: "
            "see `pixelfleet status`"
        )
