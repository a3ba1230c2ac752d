"""The secret of the dashboard: a session secret, and the private half of CloudFront's signing key.

The values are made here and go to Secrets Manager only: not to a file, not to Terraform's state, not to the screen.
"""

import hashlib
from dataclasses import dataclass
from secrets import token_urlsafe
from types import ModuleType
from typing import Final

from pixelfleet.aws.secrets import Secrets
from pixelfleet.errors import SetupError

SESSION: Final = "session_secret"
PRIVATE: Final = "cloudfront_private_key"
#: The new key of a rotation, whose public half CloudFront may not have yet.
STAGED: Final = "cloudfront_private_key_next"
SESSION_BYTES: Final = 48


@dataclass(frozen=True, slots=True)
class SecretReference:
    """The public values: the ARN of the secret, and the public key as PEM text, empty if results are public."""

    arn: str
    public_key: str = ""

    @property
    def key_name(self) -> str:
        """The name of the public key in Terraform's variables: unique to the key, and the same after a rotation."""
        return f"key_{hashlib.sha256(self.public_key.encode()).hexdigest()[:8]}"


def create(store: Secrets, name: str, *, signing: bool = True, kms_key: str | None = None) -> SecretReference:
    """Make the secret with a new session secret and, if results are `signing`, a new key pair."""
    document = {SESSION: token_urlsafe(SESSION_BYTES)}
    public = ""
    if signing:
        document[PRIVATE], public = _pair()
    return SecretReference(store.create(name, document, kms_key), public)


def stage(store: Secrets, name: str) -> SecretReference:
    """Put a new key pair beside the present one. The dashboard goes on with the present key."""
    document = store.read(name)
    if STAGED in document:
        return SecretReference(store.write(name, document), _public_of(document[STAGED]))
    document[STAGED], public = _pair()
    return SecretReference(store.write(name, document), public)


def promote(store: Secrets, name: str) -> SecretReference:
    """Make the staged key the present key. Call this after CloudFront has the public half."""
    document = store.read(name)
    if STAGED not in document:
        raise SetupError(f"the secret {name} has no staged key: pixelfleet secrets rotate makes one")
    document[PRIVATE] = document.pop(STAGED)
    return SecretReference(store.write(name, document), _public_of(document[PRIVATE]))


def _pair() -> tuple[str, str]:
    private, public = _signing_keys().new_pair()
    return private, public


def _public_of(private: str) -> str:
    public: str = _signing_keys().public_half(private)
    return public


def _signing_keys() -> ModuleType:
    # Imported here: no other command needs this library.
    from pixelfleet.credentials import signing_keys  # noqa: PLC0415

    return signing_keys
