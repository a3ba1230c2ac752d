"""The revision of an attempt, and the folder of its results."""

import hashlib

from pixelfleet.domain.jobs import Job
from pixelfleet.domain.records import Image, RecipeRef
from pixelfleet.domain.result_keys import revision_folder
from pixelfleet.images import ENGINE_VERSION


def revision_of(job: Job, recipe: RecipeRef) -> str:
    """32 hex characters over source version, recipe and engine: equal for all attempts that make equal bytes."""
    parts = (job.source_version or "", recipe.digest, ENGINE_VERSION)
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]


def results_folder(image: Image, revision: str) -> str:
    """Key prefix of one revision's results, ending with a slash."""
    return revision_folder(image.owner, image.image_id, revision)
