"""Sessions in signed cookies, and the tokens that bind a form to the session of its page.

A cookie holds no secret: user, session id, and the epoch of the user's record, so that a new password ends the
session. Each sign-in makes a new id, even if the browser sent a cookie.
"""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from typing import Final

from fastapi import Request, Response
from itsdangerous import BadSignature, URLSafeTimedSerializer

#: Twelve hours: a working day.
SESSION_SECONDS: Final = 12 * 3600
_VISIT_SECONDS: Final = 3600


@dataclass(frozen=True, slots=True)
class Session:
    user: str
    id: str
    epoch: int


class Sessions:
    """Reads and writes the cookies. `secure` if the dashboard's address is https."""

    def __init__(self, secret: str, *, secure: bool) -> None:
        self._secret = secret.encode()
        self._secure = secure
        self._signer = URLSafeTimedSerializer(secret, salt="pixelfleet session", signer_kwargs=_SHA256)
        self._visit_signer = URLSafeTimedSerializer(secret, salt="pixelfleet visit", signer_kwargs=_SHA256)
        # Browsers accept a __Host- cookie only over https and from the same host.
        self.cookie = "__Host-pixelfleet" if secure else "pixelfleet"
        self._visit_cookie = self.cookie + "-visit"

    def begin(self, response: Response, user: str, epoch: int) -> Session:
        session = Session(user, secrets.token_urlsafe(18), epoch)
        self._set(response, self.cookie, self.signed(session.user, session.id, session.epoch), SESSION_SECONDS)
        return session

    def signed(self, user: str, session_id: str, epoch: int) -> str:
        """The cookie's value."""
        return str(self._signer.dumps([user, session_id, epoch]))

    def read(self, request: Request) -> Session | None:
        """The session of a valid cookie. The users table decides whether the user may still sign in."""
        try:
            user, session_id, epoch = self._signer.loads(request.cookies.get(self.cookie, ""), max_age=SESSION_SECONDS)
        except (BadSignature, ValueError, TypeError):
            return None
        return Session(str(user), str(session_id), int(epoch))

    def end(self, response: Response) -> None:
        response.delete_cookie(self.cookie, path="/", secure=self._secure, httponly=True, samesite="lax")

    def visit(self, request: Request, response: Response) -> str:
        """The id of a browser without a session, in a separate cookie. The sign-in form is bound to this id."""
        visit_id = self.read_visit(request)
        if visit_id is None:
            visit_id = secrets.token_urlsafe(18)
            self._set(response, self._visit_cookie, str(self._visit_signer.dumps(visit_id)), _VISIT_SECONDS)
        return visit_id

    def read_visit(self, request: Request) -> str | None:
        try:
            return str(self._visit_signer.loads(request.cookies.get(self._visit_cookie, ""), max_age=_VISIT_SECONDS))
        except BadSignature:
            return None

    def form_token(self, session_id: str) -> str:
        """The token of every form of a session. No other site can read the token."""
        return hmac.new(self._secret, f"form {session_id}".encode(), hashlib.sha256).hexdigest()

    def form_token_fits(self, session_id: str, token: str) -> bool:
        return hmac.compare_digest(self.form_token(session_id).encode(), token.encode())

    def _set(self, response: Response, name: str, value: str, seconds: int) -> None:
        response.set_cookie(name, value, max_age=seconds, path="/", secure=self._secure, httponly=True, samesite="lax")


_SHA256: Final = {"digest_method": hashlib.sha256}
