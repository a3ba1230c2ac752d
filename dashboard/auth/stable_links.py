"""Signed links to stable addresses: `?signed=...` gives access to one variant of one image until the link expires.

The dashboard itself signs and checks the links, behind CloudFront and without it. The signature is over the image's
id, so that the signature fits both forms of the address.
"""

import hashlib
from dataclasses import dataclass
from typing import Final

from itsdangerous import BadSignature, URLSafeSerializer

#: The parameter of the address; CloudFront's cache key has it (infra/modules/cdn).
PARAMETER: Final = "signed"
#: The most characters of a signature that is checked.
_LONGEST: Final = 500


@dataclass(frozen=True, slots=True)
class SignedVariant:
    """One variant of one image, until a time in epoch seconds."""

    image_id: str
    variant: str
    until: int


class StableLinks:
    """Signs with the secret that signs cookies: a change of the secret ends all links."""

    def __init__(self, secret: str) -> None:
        self._signer = URLSafeSerializer(
            secret, salt="pixelfleet stable link", signer_kwargs={"digest_method": hashlib.sha256}
        )

    def sign(self, image_id: str, variant: str, until: int) -> str:
        """The parameter's value; `until` in epoch seconds."""
        return str(self._signer.dumps([image_id, variant, until]))

    def read(self, signed: str, now: float) -> SignedVariant | None:
        """What a valid value gives access to; None for a forged or expired value."""
        try:
            image_id, variant, until = self._signer.loads(signed) if len(signed) <= _LONGEST else (None, None, 0)
        except (BadSignature, ValueError, TypeError):
            return None
        return SignedVariant(str(image_id), str(variant), int(until)) if int(until) > now else None
