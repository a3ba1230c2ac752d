"""`pixelfleet batch seal`."""

from collections.abc import Iterator
from itertools import chain

from pixelfleet.cli.console import MESSAGES, RESULTS, AsJson, emit
from pixelfleet.cli.naming import BatchArgument, OwnerOfBatch, batch_of
from pixelfleet.cli.watch import as_document, look
from pixelfleet.deployment import Deployment
from pixelfleet.domain.keys import DEFAULT_OWNER, batch_prefix, image_id
from pixelfleet.domain.records import Status
from pixelfleet.errors import SetupError
from pixelfleet.operations.completion import complete_if_full
from pixelfleet.operations.reconcile.listing import BucketListing
from pixelfleet.settings import load_settings


def seal(name: BatchArgument, *, owner: OwnerOfBatch = DEFAULT_OWNER, as_json: AsJson = False) -> None:
    """Say that a batch that other programs uploaded has all its images: those that are in the bucket now.

    It completes, and is announced, when the last one is accounted for. `upload` seals its own batches. Sealed again
    after more was uploaded, a batch has a new number of images, but it is not announced a second time.

        aws s3 cp --recursive ~/Pictures s3://pixelfleet-uploads/uploads/me/summer/

        pixelfleet batch seal me/summer
    """
    deployment = Deployment(load_settings())
    owner, name = batch_of(name, owner)
    prefix = batch_prefix(owner, name)
    with MESSAGES.status("listing the bucket"):
        ids = _ids(deployment, owner, name)
        first = next(ids, None)
        if first is None:
            raise SetupError(f"there is nothing at s3://{deployment.settings.uploads_bucket}/{prefix}")
        deployment.batches.create(owner, name)
        deployment.batches.seal(owner, name, chain((first,), ids))
    complete_if_full(deployment, owner, name)
    found, counts = look(deployment, owner, name)
    if as_json:
        emit(as_document(found, counts))
    else:
        RESULTS.print(f"{found.batch_id} has {found.expected:,} images, {counts.accounted:,} of them accounted for")


def _ids(deployment: Deployment, owner: str, name: str) -> Iterator[str]:
    """What is in the bucket, and what was removed from it: the counters hold that too."""
    bucket = deployment.settings.uploads_bucket
    removed = {entry.image_id for entry in deployment.images.of_batch(owner, name, Status.DELETED)}
    for page in BucketListing(deployment.s3, bucket, batch_prefix(owner, name)).pages(""):
        for listed in page.objects:
            identity = image_id(bucket, listed.key)
            removed.discard(identity)
            yield identity
    yield from removed
