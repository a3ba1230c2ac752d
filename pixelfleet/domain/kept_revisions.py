"""Earlier results of an image that stay stored, so that they can be made current again without rendering. Pure.

Only results of the present version of the object are kept: those of an earlier version would be of another picture.
The sweep of `reconcile` deletes a folder whose days are over: it lists the folder in `superseded`, then deletes it. So
no folder is current while it is deleted.
"""

from datetime import datetime

from pixelfleet.domain.attempts import Refusal
from pixelfleet.domain.records import MOST_KEPT, Image, KeptRevision, timestamp


def replaced_by(image: Image, results: str, at: str, *, keep: bool, until: str | None = None) -> Image:
    """The record after `results` take the place of its current results, which are kept, or listed to be deleted.

    `until`: the time to which they are kept.

    Results of the same work as `results`, and of another version of the object, are not kept.
    """
    held = [
        *image.kept_revisions,
        *([_present(image, at, until)] if keep and image.revision and image.variants else []),
    ]
    fitting = [each for each in held if each.source == image.source_version and _work(each.results) != _work(results)]
    after = image.model_copy(update={"kept_revisions": tuple(fitting[-MOST_KEPT:])})
    left = (*(each.results for each in held), image.revision)
    return after.model_copy(update={"superseded": after.superseding(*left, kept=results)})


def kept_revision(image: Image, results: str) -> KeptRevision | None:
    """The kept results of the present version of the object that lie in this folder."""
    fitting = (each for each in image.kept_revisions if each.results == results)
    return next((each for each in fitting if each.source == image.source_version), None)


def expire(image: Image | None, results: str) -> Image | Refusal:
    """Keep these results no longer: they are listed to be deleted. DONE if they are not kept."""
    if image is None or results not in {each.results for each in image.kept_revisions}:
        return Refusal.DONE
    rest = tuple(each for each in image.kept_revisions if each.results != results)
    after = image.model_copy(update={"kept_revisions": rest})
    return after.model_copy(update={"superseded": after.superseding(results, kept=image.revision)})


def as_long(kept: KeptRevision, at: str) -> str | None:
    """The end of the days of results that are replaced at this time, and stay for as long as `kept` was to stay."""
    if kept.until is None:
        return None
    stay = datetime.fromisoformat(kept.until) - datetime.fromisoformat(kept.superseded_at)
    return timestamp(datetime.fromisoformat(at) + stay)


def _present(image: Image, at: str, until: str | None) -> KeptRevision:
    return KeptRevision(
        results=image.revision or "",
        source=image.revision_source,
        recipe=image.revision_recipe,
        superseded_at=at,
        until=until,
        variants=image.variants,
    )


def _work(results: str) -> str:
    """The work of a folder of results; see `attempts.results_of`."""
    return results.partition(".")[0]
