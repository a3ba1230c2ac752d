"""Key pairs by which CloudFront's signers sign. Needs `cryptography`, of the extra `dashboard`."""

from typing import Final

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

#: CloudFront takes RSA keys of 2048 bits (developer guide, "Create key pairs for your signers").
BITS: Final = 2048


def new_pair() -> tuple[str, str]:
    """A private key and its public half, each as PEM text."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=BITS)
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    return private, public_half(private)


def public_half(private: str) -> str:
    """The public half of a private key, as PEM text."""
    key = load_pem_private_key(private.encode(), None)
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
