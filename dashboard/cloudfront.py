"""CloudFront's side of private results: signed cookies for pages, signed links for programs.

Without CloudFront, as on a laptop, the dashboard serves results itself (`pages/result_files.py`).
"""

import base64
import json
import time
from dataclasses import dataclass
from typing import Final, Self

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from fastapi import Request, Response

from pixelfleet.aws.signed_urls import cloudfront_url
from pixelfleet.domain.result_keys import RESULTS_PATH
from pixelfleet.errors import SettingsError
from pixelfleet.settings import Settings

#: Seconds for which cookies give access to results. Every page renews cookies whose time is half over.
COOKIE_SECONDS: Final = 3600
_STAMP: Final = "pixelfleet-results"


@dataclass(frozen=True, slots=True)
class CloudFront:
    """Signs for one distribution, whose address is the dashboard's."""

    url: str
    key_id: str
    key: RSAPrivateKey

    @classmethod
    def of(cls, settings: Settings) -> Self | None:
        """None if no key is set.

        Raises:
            SettingsError: the key is not an RSA key in PEM.
        """
        if settings.cloudfront_private_key is None:
            return None
        pem = settings.cloudfront_private_key.get_secret_value().replace("\\n", "\n").encode()
        try:
            key = serialization.load_pem_private_key(pem, password=None)
        except (ValueError, TypeError):
            key = None
        if not isinstance(key, RSAPrivateKey):
            raise SettingsError(
                "PIXELFLEET_CLOUDFRONT_PRIVATE_KEY should be an RSA key in PEM, as of: openssl genrsa 2048"
            )
        return cls(settings.dashboard_url.rstrip("/"), settings.cloudfront_key_id, key)

    def link(self, key: str, seconds: int) -> str:
        """A link to one result. Anybody can follow the link until it expires."""
        url = f"{self.url}{RESULTS_PATH}{key}"
        return cloudfront_url(url, _policy(url, int(time.time()) + seconds), self.key_id, self._sign)

    def admit(self, request: Request, response: Response, owner: str | None) -> None:
        """Set the cookies for an owner's results, or with None for everybody's, unless there are fresh cookies.

        (CloudFront developer guide, "Use signed cookies".)
        """
        now, whose = int(time.time()), owner or "*"
        until, _, stamped = request.cookies.get(_STAMP, "").partition("/")
        if stamped == whose and until.isdigit() and int(until) - now > COOKIE_SECONDS // 2:
            return
        below = f"{RESULTS_PATH}{owner}/" if owner else RESULTS_PATH
        policy = _policy(f"{self.url}{below}*", now + COOKIE_SECONDS).encode()
        cookies = {
            "CloudFront-Policy": _safe(policy),
            "CloudFront-Signature": _safe(self._sign(policy)),
            "CloudFront-Key-Pair-Id": self.key_id,
        }
        for name, value in cookies.items():
            response.set_cookie(
                name, value, max_age=COOKIE_SECONDS, path=RESULTS_PATH, secure=True, httponly=True, samesite="lax"
            )
        stamp = f"{now + COOKIE_SECONDS}/{whose}"
        response.set_cookie(_STAMP, stamp, max_age=COOKIE_SECONDS, secure=True, httponly=True, samesite="lax")

    def shut_out(self, response: Response) -> None:
        """Delete the cookies at sign-out."""
        for name in ("CloudFront-Policy", "CloudFront-Signature", "CloudFront-Key-Pair-Id"):
            response.delete_cookie(name, path=RESULTS_PATH, secure=True, httponly=True, samesite="lax")
        response.delete_cookie(_STAMP, secure=True, httponly=True, samesite="lax")

    def _sign(self, message: bytes) -> bytes:
        # CloudFront accepts only RSA with SHA-1 (developer guide, "Code and examples for creating a signature").
        return self.key.sign(message, padding.PKCS1v15(), hashes.SHA1())  # noqa: S303


def _policy(resource: str, until: int) -> str:
    condition = {"DateLessThan": {"AWS:EpochTime": until}}
    return json.dumps({"Statement": [{"Resource": resource, "Condition": condition}]}, separators=(",", ":"))


def _safe(value: bytes) -> str:
    return base64.b64encode(value).decode().translate(str.maketrans("+=/", "-_~"))
