"""An attempt at an image: what it is for, how it ended, and why a change of the record may be refused."""

from dataclasses import dataclass, replace
from enum import StrEnum

from pixelfleet.domain.jobs import Job, Lane
from pixelfleet.domain.keys import Place
from pixelfleet.domain.records import Image, RecipeRef, StoredVariant
from pixelfleet.domain.sequencers import pad_sequencer
from pixelfleet.errors import Cause


class Refusal(StrEnum):
    """Why a change was not made. None of these is an error."""

    #: A newer version of the object, a removal, or another attempt takes precedence.
    SUPERSEDED = "superseded"
    #: The record has this outcome already.
    DONE = "done"
    #: There is no such record, or the image is deleted.
    UNKNOWN = "unknown"
    #: The notice of the last outcome is still to be published; finish that outcome, then try again.
    UNFINISHED = "unfinished"
    #: The record has a status of a newer release.
    NEWER_RELEASE = "newer_release"


@dataclass(frozen=True, slots=True)
class Aim:
    """What an attempt is for: the job, its recipe, the revision; who tries, on which lane, and since when (`at`).

    Before the claim, `revision` says what work is to be done: equal for all attempts that make equal bytes. The
    claim gives the work a folder of results, and from then on `revision` is the name of that folder.
    """

    job: Job
    recipe: RecipeRef
    revision: str
    worker: str
    at: str
    lane: Lane = Lane.BULK
    #: Owner and batch of an image that has no record yet, if a route gives them; else they are read from the key.
    place: Place | None = None

    def claimed(self, image: Image) -> "Aim":
        """The aim of the attempt that `image`, as the claim left it, has begun."""
        return replace(self, revision=image.target or self.revision)


@dataclass(frozen=True, slots=True)
class Success:
    """The variants that an attempt stored, and the facts of the image. Durations in milliseconds by step."""

    variants: tuple[StoredVariant, ...]
    facts: dict[str, object]
    timings_ms: dict[str, int]


@dataclass(frozen=True, slots=True)
class Failure:
    cause: Cause
    message: str
    facts: dict[str, object] | None = None


def sequencer_of(job: Job, image: Image | None) -> str:
    """The sequencer of the job; of a job without one, which no event made, that of the record."""
    if job.sequencer is None and image is not None:
        return image.sequencer
    return pad_sequencer(job.sequencer)


def results_of(revision: str, version: int) -> str:
    """The name of a new folder of results for a piece of work, claimed on version `version` of the record.

    A folder is never used for a second piece of work, not even for the same work that is done again later. So a worker
    that was frozen while it deleted a superseded folder cannot delete results that have become current again.
    """
    return revision if version == 0 else f"{revision}.{version}"


def same_work(results: str | None, revision: str) -> bool:
    """Whether a folder of results was made for this piece of work."""
    return results is not None and (results == revision or results.startswith(f"{revision}."))
