"""`pixelfleet batch seal`."""

from pixelfleet.cli.console import MESSAGES, RESULTS, AsJson, count, emit
from pixelfleet.cli.naming import BatchArgument, OwnerOfBatch, batch_of
from pixelfleet.cli.watch import as_document
from pixelfleet.deployment import Deployment
from pixelfleet.domain.keys import DEFAULT_OWNER
from pixelfleet.operations import completion
from pixelfleet.settings import load_settings


def seal(name: BatchArgument, *, owner: OwnerOfBatch = DEFAULT_OWNER, as_json: AsJson = False) -> None:
    """Declare a batch of other programs whole: the batch has the images that are in the bucket now.

    The batch completes and is announced when the last image is accounted for. `upload` seals its own batches. A batch
    may be sealed again after more uploads: the batch then has a new number of images and is not announced again.

        aws s3 cp --recursive ~/Pictures s3://pixelfleet-uploads/uploads/me/summer/

        pixelfleet batch seal me/summer
    """
    deployment = Deployment(load_settings(), connections=20)
    owner, name = batch_of(name, owner)
    with MESSAGES.status("listing the bucket"):
        batch, counts = completion.seal(deployment, owner, name)
    if as_json:
        emit(as_document(batch, counts))
    else:
        images = count(batch.expected or 0, "image")
        RESULTS.print(f"{batch.batch_id} has {images}, {counts.accounted:,} of them accounted for")
