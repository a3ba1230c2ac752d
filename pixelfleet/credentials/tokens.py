"""Bearer tokens, and the digests that the users table keeps."""

import hashlib
import secrets
from typing import Final

TOKEN_PREFIX: Final = "pxf_"  # noqa: S105 - the part that is no secret


def new_token() -> str:
    """256 random bits behind a prefix that scanners for leaked secrets recognise."""
    return TOKEN_PREFIX + secrets.token_urlsafe(32)


def token_digest(token: str) -> str:
    """The digest that is kept of a token. A token is random, so a plain digest cannot be reversed by search."""
    return hashlib.sha256(token.encode()).hexdigest()
