"""CloudFront: taking a removed image out of the edge caches, which otherwise keep it for up to a year.

Results under a revision never change, so nothing but a removal needs this. AWS bills each path beyond the first
thousand of a month (CloudFront pricing, "Invalidation requests"); one image is one path, whatever its variants.
"""

from typing import TYPE_CHECKING, Final

from pixelfleet.aws.errors import translated
from pixelfleet.domain.records import Image

if TYPE_CHECKING:
    from mypy_boto3_cloudfront import CloudFrontClient

#: Where the distribution serves the results bucket.
RESULTS_PATH: Final = "/i"


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
        # Owners have no letter that a path would have to encode, and what need not be must not be encoded.
        path = f"{RESULTS_PATH}/{image.owner}/{image.image_id}/*"
        with translated(f"invalidate {path}"):
            self._client.create_invalidation(
                DistributionId=self._distribution,
                InvalidationBatch={
                    "Paths": {"Quantity": 1, "Items": [path]},
                    "CallerReference": f"{image.image_id}.{image.sequencer}",
                },
            )
