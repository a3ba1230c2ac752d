"""Files whose bytes the owner has already: the question of `upload --skip-known`, and its answer."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from pixelfleet.uploads.body import Body
from pixelfleet.uploads.digests import Digests


@dataclass(frozen=True, slots=True)
class KnownImage:
    """An image of the owner with the same bytes: the key and the ETag of its object."""

    key: str
    etag: str


#: The image with a SHA-256 (hex), or None. The second argument is the key to which the file would be uploaded: an
#: image with that key is preferred. May raise TransientError, and SetupError where no file can be looked up.
Lookup: TypeAlias = Callable[[str, str], KnownImage | None]


@dataclass(frozen=True, slots=True)
class KnownFiles:
    """Looks files up by their digests."""

    digests: Digests
    lookup: Lookup

    def image_of(self, body: Body, key: str) -> KnownImage | None:
        """
        Raises:
            ChangedError: the file was written to meanwhile.
            TransientError, SetupError: see `Lookup`.
        """
        return self.lookup(self.digests.digest_of(body), key)
