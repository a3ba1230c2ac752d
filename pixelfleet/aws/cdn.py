"""CloudFront: taking a removed image out of the edge caches, which otherwise keep it for up to a year.

Results under a revision never change, so nothing but a removal needs this. AWS bills each path beyond the first
thousand of a month (CloudFront pricing, "Invalidation requests"); one image is two paths, whatever its variants.
"""

from typing import TYPE_CHECKING

from pixelfleet.aws.errors import translated
from pixelfleet.domain.records import Image
from pixelfleet.domain.result_keys import RESULTS_PATH, image_folder

if TYPE_CHECKING:
    from mypy_boto3_cloudfront import CloudFrontClient


def paths_of(owner: str, image_id: str) -> tuple[str, str]:
    """The two paths that invalidate everything of an image: the address that people ask for, and the bucket's key.

    The distribution strips `/i` at viewer request, and CloudFront keeps the answer under the rewritten address. Its
    guide asks for both ("What you need to know when invalidating files").
    """
    # Owners have no letter that a path would have to encode, and a letter without need must not be encoded.
    folder = f"{image_folder(owner, image_id)}*"
    return f"{RESULTS_PATH}{folder}", f"/{folder}"


class Cdn:
    """One distribution."""

    def __init__(self, client: "CloudFrontClient", distribution_id: str) -> None:
        self._client = client
        self._distribution = distribution_id

    def forget(self, image: Image) -> None:
        """Invalidate all that was ever served of an image.

        Repeated for the same removal it is one invalidation: its sequencer is the caller's reference.

        Raises:
            TransientError: CloudFront did not take it; it takes 15 wildcard paths at a time.
        """
        paths = paths_of(image.owner, image.image_id)
        with translated(f"invalidate {paths[0]}"):
            self._client.create_invalidation(
                DistributionId=self._distribution,
                InvalidationBatch={
                    "Paths": {"Quantity": len(paths), "Items": list(paths)},
                    "CallerReference": f"{image.image_id}.{image.sequencer}",
                },
            )
