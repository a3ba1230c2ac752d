"""The life of an image as pure functions: record and event in, new record or refusal out.

Nothing here calls DynamoDB. `Images` applies a transition to the record that it read and writes the outcome on the
condition that nobody wrote in between, else reads and applies again. So each rule below holds for any order, number and
speed of the workers. The end of an attempt is in `outcomes.py`.
"""

from pixelfleet.domain.aliases import with_aliases
from pixelfleet.domain.attempts import Aim, Failure, Refusal, Success, results_of, same_work, sequencer_of
from pixelfleet.domain.jobs import Job, Origin
from pixelfleet.domain.kept_revisions import as_long, expire, kept_revision, replaced_by
from pixelfleet.domain.keys import Place
from pixelfleet.domain.outcomes import attempts_used_up, line, record_failed, record_ready, settled, still_aimed_at
from pixelfleet.domain.records import (
    Alias,
    AliasState,
    AttemptLine,
    Image,
    NoticeKind,
    RecipeRef,
    Status,
    counted_as,
    counted_in_batch,
    shorten,
)
from pixelfleet.domain.tags import Tags

__all__ = [
    "Aim", "Failure", "Refusal", "Success",
    "abandon", "announce", "bring_to", "claim", "confirm", "expire", "forget_revisions", "hand_back", "make_current",
    "note_transient", "queue_again",
    "record_failed", "record_ready", "remove", "sequencer_of", "set_aliases", "supersede", "tag", "uncount",
]  # fmt: skip

_STATUSES = frozenset(Status)
#: Jobs that a user requested: they pass a record that is already failed.
ASKED_FOR = frozenset({Origin.REDRIVE, Origin.REPROCESS, Origin.RECONCILE, Origin.RESTORE})


def claim(image: Image | None, aim: Aim, max_attempts: int) -> Image | Refusal:
    """Start an attempt: the record comes back as `processing`.

    It comes back in another status if there is nothing to attempt: settled, if the attempts are used up; or unchanged
    but for the sequencer, if a newer event is of the version that is already settled. Such an event must raise the
    sequencer, or an older version whose event comes later would replace the newer version.
    """
    if image is None:
        image = _first_seen(aim)
    sequencer = sequencer_of(aim.job, image)
    if image.sequencer > sequencer or _removed_since(image, aim.job):
        return Refusal.SUPERSEDED
    if image.status not in _STATUSES:
        return Refusal.NEWER_RELEASE
    same = same_work(image.target, aim.revision)
    if same and _decided(image, aim):
        return _confirmed(image, sequencer)
    again = same and image.status is Status.PROCESSING
    if not again and image.notice is not None:
        return Refusal.UNFINISHED
    if again and image.attempts >= max_attempts:
        return attempts_used_up(image, aim, aim.at)
    target = image.target if again else results_of(aim.revision, image.version)
    return image.model_copy(
        update={
            "status": Status.PROCESSING,
            "sequencer": sequencer,
            "source_version": aim.job.source_version,
            "version_id": aim.job.version_id,
            "etag": aim.job.etag,
            "bytes": aim.job.bytes if aim.job.bytes is not None else image.bytes,
            "target": target,
            # The results that an earlier attempt stored and no record names.
            "superseded": image.superseded if again else image.superseding(image.target, kept=image.revision),
            "lane": aim.lane,
            "recipe": aim.recipe,
            "attempts": image.attempts + 1 if again else 1,
            "attempt_log": image.logged(line(aim, "claimed", aim.at).model_copy(update={"duration_ms": None})),
            "cause": image.cause if again else None,
            "message": image.message if again else None,
            "released": None,
            "uploaded_at": image.uploaded_at or aim.at,
        }
    )


def confirm(image: Image | None, job: Job, source_version: str | None) -> Image | Refusal:
    """After a removal whose key still holds the version that the record stands for: only the sequencer rises.

    UNKNOWN if the record stands for another version or for none, or if that version has no outcome yet: the message of
    the removal may be the only message left that can lead to an outcome.
    """
    if image is None or image.status not in (Status.READY, Status.FAILED) or image.source_version != source_version:
        return Refusal.UNKNOWN
    sequencer = sequencer_of(job, image)
    return _confirmed(image, sequencer)


def _confirmed(image: Image, sequencer: str) -> Image | Refusal:
    """After a newer event of the settled version.

    An outcome that a seal had uncounted stays uncounted: the event may be older than the object at the seal.
    """
    return Refusal.DONE if sequencer <= image.sequencer else image.model_copy(update={"sequencer": sequencer})


def note_transient(image: Image | None, aim: Aim, failure: Failure, at: str) -> Image | Refusal:
    """Keep the cause of a failure that will be tried again, in case no later attempt leaves a cause.

    A fault of the image goes only into the history: an attempt with such an end that is not final was passed on to a
    larger lane, which may take the image. If that lane's workers die, the image is not at fault.
    """
    if image is None:
        return Refusal.UNKNOWN
    if image.status is not Status.PROCESSING or not still_aimed_at(image, aim):
        return Refusal.SUPERSEDED
    log = image.logged(line(aim, "will retry", at, failure))
    kept = {} if failure.cause.blames_image else {"cause": failure.cause, "message": shorten(failure.message)}
    return image.model_copy(update={**kept, "attempt_log": log})


def hand_back(image: Image | None, aim: Aim, at: str) -> Image | Refusal:
    """Return the attempt of a job that was interrupted cleanly: a shutdown does not count against the image."""
    if image is None:
        return Refusal.UNKNOWN
    if image.status is not Status.PROCESSING or not still_aimed_at(image, aim):
        return Refusal.SUPERSEDED
    log = image.logged(line(aim, "handed back", at))
    return image.model_copy(update={"attempts": max(image.attempts - 1, 0), "attempt_log": log})


def queue_again(
    image: Image | None,
    at: str,
    who: str,
    origin: Origin,
    recipe: RecipeRef | None,
    selected: Image | None = None,
) -> Image | Refusal:
    """Mark the image `queued` for another attempt. Reprocessing and reconcile take any image.

    A redrive takes only a failed image whose history is still that of `selected`, the record that the redrive read: its
    job is sent before the record is marked, and a quick worker has already used the job if the history has grown.
    """
    if image is None or image.status is Status.DELETED:
        return Refusal.UNKNOWN
    if origin is Origin.REDRIVE and image.status is not Status.FAILED:
        return Refusal.DONE
    if origin is Origin.REDRIVE and selected is not None and image.attempt_log != selected.attempt_log:
        return Refusal.DONE
    queued = AttemptLine(
        at=at, what="queued", worker=who, recipe=(recipe or image.recipe or _NO_RECIPE).name, origin=origin
    )
    return image.model_copy(
        update={
            "status": Status.QUEUED,
            "attempts": 0,
            "chosen_recipe": recipe or image.chosen_recipe,
            "attempt_log": image.logged(queued),
        }
    )


def bring_to(image: Image | None, at: str, who: str, recipe: RecipeRef, older: RecipeRef) -> Image | Refusal:
    """Mark an image that the older recipe made for another attempt by a recipe.

    DONE if the image is not ready, or has results of another recipe: somebody has chosen a recipe for the image since
    the caller read its record.
    """
    if image is not None and (image.status is not Status.READY or not image.is_made_by(older)):
        return Refusal.DONE
    return queue_again(image, at, who, Origin.REPROCESS, recipe)


def make_current(
    image: Image | None, results: str, at: str, who: str, *, instead_of: RecipeRef | None = None
) -> Image | Refusal:
    """Make kept results current again; the present results are kept in their place. Nothing is rendered.

    The recipe of the results becomes the image's own, so that no later run makes it again by another recipe.
    UNKNOWN if the results are not kept; UNFINISHED while an attempt is under way or an outcome is not announced.
    SUPERSEDED if the present results are not of the recipe `instead_of`, if one is given.
    """
    if image is None or image.status is Status.DELETED:
        return Refusal.UNKNOWN
    if image.revision == results:
        return Refusal.DONE
    if image.status is not Status.READY or image.notice is not None:
        return Refusal.UNFINISHED
    if instead_of is not None and not image.is_made_by(instead_of):
        return Refusal.SUPERSEDED
    kept = kept_revision(image, results)
    if kept is None:
        return Refusal.UNKNOWN
    recipe = kept.recipe or image.recipe
    chosen = AttemptLine(at=at, what="made current", worker=who, recipe=recipe.name if recipe else "")
    current = {
        "revision": results,
        "target": results,
        "revision_source": kept.source,
        "revision_recipe": recipe,
        "recipe": recipe,
        "chosen_recipe": recipe,
        "variants": kept.variants,
        "attempt_log": image.logged(chosen),
    }
    replaced = replaced_by(image, results, at, keep=True, until=as_long(kept, at))
    return settled(replaced, current, NoticeKind.IMAGE_READY, at)


def uncount(image: Image | None, etag: str | None) -> Image | Refusal:
    """At a seal of its batch, count an image as on its way to the outcome of the object that the bucket holds now.

    `etag` is that of the object in the bucket. An outcome of another version is taken out of the count, and no later
    outcome of that version is counted, from any job: the batch would otherwise complete by an old version of a file
    that changed. The outcome of any other version is counted. If the bucket holds the record's version again, at
    another seal or at a later event of that version, that version's outcome is counted again.

    A deleted image is on its way while its key has an object. Without an object, `etag` is None, and its removal is
    counted.

    An existing mark is written once more: a process that counts again after an older read of the bucket must notice it.
    """
    if image is None:
        return Refusal.DONE
    deleted = image.status is Status.DELETED
    if deleted and etag is None:
        counted = image.model_copy(update={"counted": counted_as(image.status, None)})
        return counted if counted != image else Refusal.DONE
    outdated = etag is not None and image.etag not in (None, etag)
    settled = image.status in (Status.READY, Status.FAILED)
    marked = image.model_copy(update={"uncounted_version": image.source_version if outdated else None})
    after = marked.model_copy(update={"counted": counted_in_batch(marked) if settled else None})
    return after if outdated or deleted or after != image else Refusal.DONE


def remove(
    image: Image | None, job: Job, at: str, worker: str, place: Place | None = None, *, released: bool = False
) -> Image | Refusal:
    """Leave a tombstone; every folder of results that was ever named is listed in `superseded`, to be deleted.

    `place` is the owner and batch of an image without a record; by default they are read from the key. `released`: the
    original stays, so that a later read of the bucket must not bring the image back.
    """
    sequencer = sequencer_of(job, image)
    if image is None:
        place = place or job.place
        image = Image(
            image_id=job.image_id,
            bucket=job.bucket,
            key=job.key,
            owner=place.owner,
            batch=place.batch,
            status=Status.DELETED,
        )
    elif image.sequencer > sequencer:
        return Refusal.SUPERSEDED
    elif image.status is Status.DELETED and image.sequencer == sequencer:
        return Refusal.DONE
    deleted = AttemptLine(at=at, what="deleted", worker=worker, origin=job.origin)
    kept = [revision.results for revision in image.kept_revisions]
    image = image.model_copy(update={"kept_revisions": ()})
    return image.model_copy(
        update={
            "status": Status.DELETED,
            "sequencer": sequencer,
            "superseded": image.superseding(*kept, image.revision, image.target),
            "revision": None,
            "revision_source": None,
            "revision_recipe": None,
            "target": None,
            "variants": (),
            "released": released or None,
            "counted": counted_as(Status.DELETED, None),
            "notice": None,
            "cause": None,
            "message": None,
            "uploaded_at": image.uploaded_at or at,
            "finished_at": at,
            "attempt_log": image.logged(deleted),
        }
    )


def tag(image: Image | None, tags: Tags) -> Image | Refusal:
    """Change the tags of an image; its variants and its place in every list stay. DONE if there is no change."""
    if image is None or image.status is Status.DELETED:
        return Refusal.UNKNOWN
    after = tags.applied(image.tags)
    return Refusal.DONE if after == image.tags else image.model_copy(update={"tags": after})


def set_aliases(image: Image | None, seen: Image, aliases: tuple[Alias, ...], at: str) -> Image | Refusal:
    """Note the aliases that were made for the results that `seen` had.

    SUPERSEDED if the record has other results by now, or the image is deleted. A line in the history says which alias
    the image does not get.
    """
    if image is None:
        return Refusal.UNKNOWN
    if image.revision != seen.revision:
        return Refusal.SUPERSEDED
    if image.aliases == aliases:
        return Refusal.DONE
    after = with_aliases(image, aliases)
    lost = [alias for alias in aliases if alias.state is not AliasState.HELD and alias not in image.aliases]
    if not lost:
        return after
    more = f" ({len(lost) - 1:,} more)" if len(lost) > 1 else ""
    first = f"alias {lost[0].key or lost[0].file}: {lost[0].problem}{more}"
    noted = AttemptLine(
        at=at,
        what=f"alias {lost[0].state}",
        recipe=image.recipe.name if image.recipe else "",
        message=shorten(first),
    )
    return after.model_copy(update={"attempt_log": after.logged(noted)})


def announce(image: Image | None, notice_id: str) -> Image | Refusal:
    """Clear the pending notice, if it is still the notice that was published."""
    if image is None or image.notice is None or image.notice_id != notice_id:
        return Refusal.DONE
    return image.model_copy(update={"notice": None})


def supersede(image: Image | None, results: str) -> Image | Refusal:
    """List a folder of results to be deleted, unless the record names the folder."""
    if image is None or results in image.named_results or results in image.superseded:
        return Refusal.DONE
    return image.model_copy(update={"superseded": image.superseding(results)})


def abandon(image: Image | None, results: str) -> Image | Refusal:
    """List the folder that the attempts at a failed image stored in, to be deleted.

    The target is renamed to a folder that is never used: an attempt that still runs is refused from now on, so that no
    record names the deleted folder.
    """
    failed = image is not None and image.status is Status.FAILED
    if image is None or not failed or image.target != results or image.revision == results:
        return Refusal.DONE
    return image.model_copy(
        update={
            "target": results_of(results.partition(".")[0], image.version),
            "superseded": image.superseding(results, kept=image.revision),
        }
    )


def forget_revisions(image: Image | None, revisions: frozenset[str]) -> Image | Refusal:
    """Remove superseded folders whose objects are deleted from the list."""
    if image is None or not revisions & set(image.superseded):
        return Refusal.DONE
    return image.model_copy(update={"superseded": tuple(r for r in image.superseded if r not in revisions)})


_NO_RECIPE = RecipeRef(name="", digest="")


def _first_seen(aim: Aim) -> Image:
    place = aim.place or aim.job.place
    return Image(
        image_id=aim.job.image_id,
        bucket=aim.job.bucket,
        key=aim.job.key,
        owner=place.owner,
        batch=place.batch,
        status=Status.QUEUED,
        uploaded_at=aim.at,
    )


def _removed_since(image: Image, job: Job) -> bool:
    """Whether the version of the job's event has been removed: its tombstone may have its sequencer.

    A job without a sequencer comes from a sender that read the object; the worker reads the bucket again.
    """
    equal = image.sequencer == sequencer_of(job, image)
    return image.status is Status.DELETED and job.sequencer is not None and equal


def _decided(image: Image, aim: Aim) -> bool:
    """Whether this work has its outcome, so that there is nothing to attempt."""
    if image.status is Status.READY:
        return True
    if image.status is not Status.FAILED or aim.job.origin in ASKED_FOR:
        return False
    # The same bytes in a new upload are a new try, unless the bytes are at fault.
    uploaded_anew = sequencer_of(aim.job, image) > image.sequencer
    return not uploaded_anew or image.cause is None or image.cause.blames_bytes
