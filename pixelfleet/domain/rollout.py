"""The rules of a rollout: the state of each image, the size of the canary, and when to stop. Pure."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from pixelfleet.domain.outcomes import REPROCESSING_FAILED, line_of_outcome
from pixelfleet.domain.records import Image, RecipeRef, Status, WholeRecord
from pixelfleet.errors import SetupError

#: Results that weigh more than so many times the expected bytes, or less than this part of them, are outliers ...
OUTLIER_FACTOR: Final = 4.0
#: ... if they differ from the expected bytes by more than this number.
OUTLIER_BYTES: Final = 50_000
#: A loss of SSIM, of the worst variant of an image, that makes its new results outliers.
OUTLIER_SSIM: Final = 0.05
#: The bound of the rest counts at least so many images, so that one failure among the first few does not stop it.
LEAST_COUNTED: Final = 100
_SHARE: Final = re.compile(r"([0-9]{1,3}(?:\.[0-9]{1,6})?) ?%")
_NUMBER: Final = re.compile(r"[0-9]{1,9}")


#: The state of an image that the new recipe made, and whose results weigh far from what the sample expects.
OUTLIER: Final = "outlier"


class ImageState(StrEnum):
    """The state of one image in a rollout."""

    #: It is ready, by another recipe, and was not tried.
    TO_SEND = "to_send"
    #: It is marked, and its job is sent or is still to be sent.
    QUEUED = "queued"
    PROCESSING = "processing"
    #: The new recipe made it.
    DONE = "done"
    #: The new recipe failed, and the image has its earlier results, or none.
    FAILED = "failed"
    #: It was deleted meanwhile.
    GONE = "gone"


class RolloutFacts(WholeRecord):
    """A rollout, as lists show it. `owner` and `batch` are its scope; without an owner, the images of all owners.

    `images` is the number of images that the older recipe had made, `canary` the number of the canary. `command` goes
    on after an interruption, `way_back` takes the images back. Both are for the shell of `machine`, where the contact
    sheet is the file `sheet`.
    """

    newer: RecipeRef
    older: RecipeRef
    owner: str | None = None
    batch: str | None = None
    images: int = 0
    canary: int = 0
    command: str = ""
    way_back: str = ""
    machine: str = ""
    sheet: str = ""

    @property
    def versions(self) -> str:
        """`shop@4f1c… -> shop@9a2b…`, from the older recipe to the newer one."""
        return " -> ".join(f"{ref.name}@{ref.digest[:12]}" for ref in (self.older, self.newer))


@dataclass(frozen=True, slots=True)
class RolloutCounts:
    """The images of a rollout by outcome. Outliers are among those that are `made`; `gone` were left alone."""

    made: int = 0
    outliers: int = 0
    failed: int = 0
    gone: int = 0

    @property
    def accounted(self) -> int:
        return self.made + self.failed + self.gone


def counts_of(counts: Mapping[str, int]) -> RolloutCounts:
    """The outcomes of all steps, from the counts of the task: `canary_done`, `rest_failed` and so on."""

    def total(state: str) -> int:
        return sum(number for name, number in counts.items() if name.rpartition("_")[2] == state)

    outliers = total(OUTLIER)
    return RolloutCounts(total(ImageState.DONE) + outliers, outliers, total(ImageState.FAILED), total(ImageState.GONE))


def state_of(image: Image | None, newer: RecipeRef, outcome: int) -> ImageState:
    """The state of an image of the rollout of `newer`, by its record.

    `outcome` is the number of the image's outcome when the rollout took it up. Processing it again may have failed
    before that, by another recipe.
    """
    if image is None or image.status is Status.DELETED:
        return ImageState.GONE
    if image.status is Status.QUEUED:
        return ImageState.QUEUED
    if image.status is Status.READY and image.is_made_by(newer):
        return ImageState.DONE
    if image.status is Status.FAILED:
        return ImageState.FAILED
    if image.status is not Status.READY:
        return ImageState.PROCESSING
    last = line_of_outcome(image)
    failed_since = image.outcome != outcome and last is not None and last.what == REPROCESSING_FAILED
    return ImageState.FAILED if failed_since else ImageState.TO_SEND


def was_brought_to(image: Image, recipe: RecipeRef) -> bool:
    """Whether somebody chose this recipe for the image: a rollout, or processing again by it. A route does not."""
    return image.chosen_recipe is not None and image.chosen_recipe.digest == recipe.digest


@dataclass(frozen=True, slots=True)
class Bound:
    """The most failures and outliers: a share of the images, or a number."""

    share: float | None = None
    number: int | None = None

    def allowed(self, images: int) -> int:
        """The most failures and outliers among so many images."""
        return self.number if self.number is not None else math.floor((self.share or 0) * images)

    def is_exceeded(self, bad: int, images: int) -> bool:
        return bad > self.allowed(images)

    def in_words(self) -> str:
        return f"{self.number:,}" if self.number is not None else f"{100 * (self.share or 0):g} %"


def bound_of(text: str) -> Bound:
    """`1%` or `5`.

    Raises:
        SetupError: the text is neither a percentage nor a number.
    """
    if _NUMBER.fullmatch(text):
        return Bound(number=int(text))
    if (share := _share_of(text)) is not None:
        return Bound(share=share)
    raise SetupError(f"{text!r} is no bound of failures: write a percentage such as 1%, or a number such as 5")


def canary_share(text: str) -> float:
    """`1%` is 0.01.

    Raises:
        SetupError: the text is no percentage above 0.
    """
    share = _share_of(text)
    if not share:
        raise SetupError(f"{text!r} is no canary: write a percentage above 0, such as 1%")
    return share


def canary_size(images: int, share: float) -> int:
    """The number of images of the canary: at least one, if there is an image."""
    # Rounded, so that 1 % of 300 is 3 although 0.01 * 300 is a little more than 3 in binary fractions.
    return min(images, max(1, math.ceil(round(images * share, 6))))


def is_outlier(before: int, after: int, ratio: float) -> bool:
    """Whether new results weigh far more or far less than expected: `before` bytes times the `ratio` of the sample."""
    expected = before * ratio
    if before <= 0 or abs(after - expected) <= OUTLIER_BYTES:
        return False
    return after > expected * OUTLIER_FACTOR or after * OUTLIER_FACTOR < expected


def _share_of(text: str) -> float | None:
    match = _SHARE.fullmatch(text.strip())
    share = float(match[1]) / 100 if match else None
    return share if share is not None and share <= 1 else None
