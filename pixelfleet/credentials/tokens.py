"""Bearer tokens: made, and what is kept of them."""

import hashlib
import secrets
from typing import Final

TOKEN_PREFIX: Final = "pxf_"  # noqa: S105 - the part that is no secret


def new_token() -> str:
    """256 random bits behind a prefix by which scanners for leaked secrets know it."""
    return TOKEN_PREFIX + secrets.token_urlsafe(32)


def token_digest(token: str) -> str:
    """What is kept of a token. It is random, so that a plain digest cannot be searched backwards."""
    return hashlib.sha256(token.encode()).hexdigest()
