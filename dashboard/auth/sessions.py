"""Sessions in signed cookies, and the tokens that tie a form to the session that it was shown in.

A cookie holds no secret: user, session id, and the epoch of the user's record, so that a new password ends it. The id
is made anew at every sign-in, whatever the browser brought along.
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
    """Reads and writes the cookies. `secure` where the dashboard's address is https."""

    def __init__(self, secret: str, *, secure: bool) -> None:
        self._secret = secret.encode()
        self._secure = secure
        self._signer = URLSafeTimedSerializer(secret, salt="pixelfleet session", signer_kwargs=_SHA256)
        self._visit_signer = URLSafeTimedSerializer(secret, salt="pixelfleet visit", signer_kwargs=_SHA256)
        # Browsers take a __Host- cookie only over https, from this very host.
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
        """The session that the cookie claims; whether its user may still come in is for the users table to say."""
        try:
            user, session_id, epoch = self._signer.loads(request.cookies.get(self.cookie, ""), max_age=SESSION_SECONDS)
        except (BadSignature, ValueError, TypeError):
            return None
        return Session(str(user), str(session_id), int(epoch))

    def end(self, response: Response) -> None:
        response.delete_cookie(self.cookie, path="/", secure=self._secure, httponly=True, samesite="lax")

    def visit(self, request: Request, response: Response) -> str:
        """An id for a browser that has not signed in, kept in a cookie of its own; ties the sign-in form to it."""
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
        """What every form of a session carries, and no other site can know."""
        return hmac.new(self._secret, f"form {session_id}".encode(), hashlib.sha256).hexdigest()

    def form_token_fits(self, session_id: str, token: str) -> bool:
        return hmac.compare_digest(self.form_token(session_id).encode(), token.encode())

    def _set(self, response: Response, name: str, value: str, seconds: int) -> None:
        response.set_cookie(name, value, max_age=seconds, path="/", secure=self._secure, httponly=True, samesite="lax")


_SHA256: Final = {"digest_method": hashlib.sha256}
