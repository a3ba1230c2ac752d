"""One thing that a person does, and the keys and texts that people use."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from pixelfleet.deployment import Deployment

OWNER: Final = "me"
BATCH: Final = "b1"
PREFIX: Final = f"uploads/{OWNER}/{BATCH}/"
#: The two batches of runs with moves.
BATCHES: Final = (BATCH, "b2")
#: A bucket that existed before the fleet, and the folder of its objects, in runs with adoptions.
MASTERS: Final = "masters"
MASTERS_FOLDER: Final = "scans/"
BATCHLESS: Final = "plain.jpg"
#: Keys of the batch, one outside any batch, and one that looks like a folder and has content.
KEYS: Final = (f"{PREFIX}0.jpg", f"{PREFIX}1.jpg", BATCHLESS, f"{PREFIX}2.jpg", f"{PREFIX}folder/")
KINDS: Final = ("good", "good", "good", "bad", "bad", "slow", "large", "wide", "odd")

Action = Callable[[Deployment], object]
Option = TypeVar("Option")


@dataclass(frozen=True, slots=True)
class Step:
    """`words` go into the trace. `leaves_work`: a reconcile may have to finish the step if the step is cut short."""

    words: str
    action: Action
    leaves_work: bool = True


def batch_folder(batch: str) -> str:
    """The prefix of the keys of a batch."""
    return f"uploads/{OWNER}/{batch}/"


def bucket_of(key: str, uploads_bucket: str) -> str:
    """The bucket of a key."""
    return MASTERS if key.startswith(MASTERS_FOLDER) else uploads_bucket


def short(key: str) -> str:
    """The key without owner and batch."""
    return key.removeprefix(PREFIX)


def some_of(rng: random.Random, options: Sequence[Option], share: float = 0.6) -> list[Option]:
    """The options that one run has: each run leaves others out, so that rare ones meet often in some runs."""
    return [option for option in options if rng.random() < share] or [rng.choice(options)]
