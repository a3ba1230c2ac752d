"""CloudFront: taking removed images out of the edge caches, which otherwise keep them for up to a year.

Results under a revision never change, so nothing but a removal needs this. AWS bills each path beyond the first
thousand of a month (CloudFront pricing, "Invalidation requests").
"""

import hashlib
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final

from pixelfleet.aws.errors import translated
from pixelfleet.domain.result_keys import RESULTS_PATH, image_folder

if TYPE_CHECKING:
    from mypy_boto3_cloudfront import CloudFrontClient

#: CloudFront has 15 paths that end in `*` in progress at once ("Invalidate files", quotas); a folder is two paths.
MOST_FOLDERS: Final = 7


def paths_of(owner: str, image_id: str | None = None) -> tuple[str, str]:
    """The two paths that invalidate everything of an image, or of an owner: the address of the dashboard, and the key.

    The distribution strips `/i` at viewer request, and CloudFront keeps the answer under the rewritten
    address. Its guide asks for both ("What you need to know when invalidating files").
    """
    # Names of owners have no characters that a path must encode. Other characters must not be encoded.
    folder = f"{image_folder(owner, image_id) if image_id else f'{owner}/'}*"
    return f"{RESULTS_PATH}{folder}", f"/{folder}"


def folders_of(images: Sequence[tuple[str, str]], most: int = MOST_FOLDERS) -> list[tuple[str, str | None]]:
    """The folders to invalidate next for these pairs of owner and image id: at most `most`.

    Few images have a folder each. Of more images, an owner's are one folder: the owner's other images are then fetched
    from S3 once more, and one invalidation covers all images of the owner that were removed before. Owners beyond
    `most` wait for the next call.
    """
    each: list[tuple[str, str | None]] = list(dict.fromkeys(images))
    if len(each) <= most:
        return each
    owners: list[tuple[str, str | None]] = [(owner, None) for owner in dict.fromkeys(owner for owner, _ in images)]
    return owners[:most]


def covered(image: tuple[str, str], folders: Iterable[tuple[str, str | None]]) -> bool:
    """Whether one of these folders holds the image."""
    owner, image_id = image
    return any(folder in ((owner, None), (owner, image_id)) for folder in folders)


class Cdn:
    """One distribution."""

    def __init__(self, client: "CloudFrontClient", distribution_id: str) -> None:
        self._client = client
        self._distribution = distribution_id

    def invalidate(self, folders: Iterable[tuple[str, str | None]], reference: Iterable[str]) -> None:
        """Invalidate every result of these images and owners, in one call.

        `reference` names what the call is for: repeated for the same, it is one invalidation.

        Raises:
            TransientError: CloudFront did not take the call; THROTTLED where too many paths are in progress.
        """
        paths = [path for owner, image_id in folders for path in paths_of(owner, image_id)]
        digest = hashlib.sha256("\0".join([*paths, *reference]).encode()).hexdigest()
        with translated(f"invalidate {', '.join(paths[:2])} and {len(paths) - 2} more paths"):
            self._client.create_invalidation(
                DistributionId=self._distribution,
                InvalidationBatch={
                    "Paths": {"Quantity": len(paths), "Items": paths},
                    "CallerReference": digest,
                },
            )
