"""The upload of files as one batch: its name and recipe, the run of the upload, and its sealing."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pixelfleet.deployment import Deployment
from pixelfleet.domain.keys import batch_prefix
from pixelfleet.domain.records import Batch
from pixelfleet.errors import SetupError, TransientError
from pixelfleet.files.sources import Source
from pixelfleet.operations.batches import open_for_uploads
from pixelfleet.operations.completion import seal
from pixelfleet.operations.known_images import KnownImages
from pixelfleet.operations.quality import check_scored, set_gate
from pixelfleet.operations.recipe_texts import store_recipe
from pixelfleet.recipes import Recipe
from pixelfleet.uploads.batch import BatchUpload, Tally
from pixelfleet.uploads.journal import Kind, Pending, Target, UploadJournal
from pixelfleet.uploads.known import KnownFiles
from pixelfleet.uploads.uploader import Uploader


@dataclass(frozen=True, slots=True)
class UploadOrder:
    """One upload of `sources` by `threads` threads; `max_bandwidth` in bytes a second.

    Without a name for the batch, the batch has the time as its name. `skip_known`: files are not uploaded if the owner
    has an image with the same bytes.

    `min_score`: images with a variant of a lower score fail with the cause `below_quality`. Up to 1 it is SSIM, from 30
    on SSIMULACRA2.
    """

    owner: str
    batch: str | None
    recipe: Recipe | None
    sources: list[Path]
    threads: int
    max_bandwidth: float | None = None
    skip_known: bool = False
    min_score: float | None = None


@dataclass(frozen=True, slots=True)
class UploadResult:
    """The result of one run. `place` is the s3:// address of the batch.

    `whole`: all images are in the bucket, so that the batch can be sealed. `seal_error`: why the sealing failed.
    """

    batch: Batch
    place: str
    tally: Tally
    journal: UploadJournal
    whole: bool
    sealed: bool = False
    seal_error: str | None = None

    def left_out(self, kind: Kind) -> Iterator[tuple[Path, str]]:
        """The files that were not put, with the reason."""
        return self.journal.left_out(kind)


@contextmanager
def uploaded(
    deployment: Deployment,
    order: UploadOrder,
    sources: Iterable[Source],
    progress: AbstractContextManager[Callable[[Tally], None]],
) -> Iterator[UploadResult]:
    """Put the sources into the uploads bucket and seal the batch. The result can be read within the block.

    A second run with the same order puts only the files that are missing or changed.

    Raises:
        SetupError: the batch has another recipe, no variant gets a score to compare with `min_score`, S3 refuses every
            file, or the journal cannot be written.
        TransientError: DynamoDB or S3 does not answer.
    """
    settings = deployment.settings
    if order.min_score is not None:
        check_scored(order.recipe, order.min_score)
    # Before anything else: without credentials, this raises and no batch is made.
    _ = deployment.upload_bucket
    bucket, cloud = settings.uploads_bucket, settings.endpoint_url or "aws"
    pending = Pending(cloud, bucket, order.owner, order.sources)
    name = order.batch or pending.name(datetime.now(UTC).strftime("%Y%m%d-%H%M%S"))
    prefix = batch_prefix(order.owner, name)
    batch = batch_with_recipe(deployment, order.owner, name, order.recipe)
    if order.min_score is not None:
        batch = set_gate(deployment, order.owner, name, order.min_score)
    with UploadJournal.open(Target(cloud, batch.created_at, bucket, prefix)) as journal:
        if journal.has_any():
            journal.forget_absent(_present(deployment, prefix))
        tally = _put(deployment, order, journal, prefix, sources, progress)
        # A batch without images would be complete, and announced, at once.
        whole = not tally.may_pass and journal.has_any()
        seal_error = _seal_error(deployment, batch) if whole else None
        sealed = whole and seal_error is None
        if sealed and order.batch is None:
            pending.finished()
        yield UploadResult(batch, f"s3://{bucket}/{prefix}", tally, journal, whole, sealed, seal_error)


def batch_with_recipe(deployment: Deployment, owner: str, name: str, recipe: Recipe | None) -> Batch:
    """The batch, made if need be. Its recipe is written before the first image is put: every worker reads the recipe.

    Raises:
        SetupError: the batch was begun without a recipe, or with another one.
    """
    if recipe is None:
        return open_for_uploads(deployment, owner, name)
    ref = store_recipe(deployment, recipe)
    batch = open_for_uploads(deployment, owner, name, ref)
    if batch.recipe != ref:
        has = f"recipe {batch.recipe.name!r} with another digest" if batch.recipe else "no recipe"
        raise SetupError(f"batch {name} was begun with {has}: leave --recipe out, or name another batch")
    return batch


def _put(
    deployment: Deployment,
    order: UploadOrder,
    journal: UploadJournal,
    prefix: str,
    sources: Iterable[Source],
    progress: AbstractContextManager[Callable[[Tally], None]],
) -> Tally:
    known = KnownFiles(journal.digests, KnownImages(deployment, order.owner)) if order.skip_known else None
    with (
        progress as report,
        Uploader(
            deployment.upload_bucket,
            order.threads,
            images_only=True,
            max_bandwidth=order.max_bandwidth,
            unfinished=journal.unfinished,
            known=known,
        ) as uploader,
    ):
        return BatchUpload(uploader, journal, prefix, report).run(sources, order.threads)


def _present(deployment: Deployment, prefix: str) -> Iterator[tuple[str, int, str]]:
    """The objects of the batch that the bucket holds now, by key below the prefix, with their sizes and ETags."""
    for page in deployment.listings.pages(deployment.settings.uploads_bucket, prefix):
        yield from ((listed.key.removeprefix(prefix), listed.bytes, listed.etag) for listed in page)


def _seal_error(deployment: Deployment, batch: Batch) -> str | None:
    """Seal the batch. The error if DynamoDB does not answer: the files are uploaded all the same."""
    try:
        seal(deployment, batch.owner, batch.name)
    except TransientError as error:
        return str(error)
    return None
