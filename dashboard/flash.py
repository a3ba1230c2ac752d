"""A note from the answer to a form for the next page: POST, then redirect, then GET.

A reload of that page repeats nothing. The note is in a cookie of one minute, which is bound to the session, and
encrypted because the note may hold a secret that is shown once. Every task of the dashboard can read it.
"""

import base64
import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Final

from cryptography.fernet import Fernet, InvalidToken
from fastapi import Request, Response
from fastapi.responses import RedirectResponse

#: Seconds within which the browser must request the next page.
LIVES: Final = 60


@dataclass(frozen=True, slots=True)
class Note:
    """`text` is shown to the user; `secret` is shown with it, once; `kind` is `good` or `bad`.

    `undo` is the path of a form without fields that undoes the action.
    """

    text: str
    secret: str = ""
    kind: str = "good"
    undo: str = ""


class Notes:
    """Writes and reads the cookie. `secure` if the dashboard's address is https."""

    def __init__(self, secret: str, *, secure: bool) -> None:
        key = hashlib.sha256(f"pixelfleet note {secret}".encode()).digest()
        self._cipher = Fernet(base64.urlsafe_b64encode(key))
        self._secure = secure
        self._cookie = "__Host-pixelfleet-note" if secure else "pixelfleet-note"

    def redirect(self, path: str, session_id: str, note: Note) -> Response:
        """A redirect to `path`, which shows the note."""
        response = RedirectResponse(path, 303)
        content = json.dumps({"session": session_id, **asdict(note)}).encode()
        response.set_cookie(
            self._cookie,
            self._cipher.encrypt(content).decode(),
            max_age=LIVES,
            path="/",
            secure=self._secure,
            httponly=True,
            samesite="lax",
        )
        return response

    def read(self, request: Request, session_id: str) -> Note | None:
        """The note of this session, if there is one that is a minute old at most."""
        cookie = request.cookies.get(self._cookie)
        if not cookie:
            return None
        try:
            content = json.loads(self._cipher.decrypt(cookie.encode(), ttl=LIVES))
        except (InvalidToken, ValueError):
            return None
        if content.pop("session", None) != session_id:
            return None
        return Note(**content)

    def forget(self, response: Response) -> None:
        response.delete_cookie(self._cookie, path="/", secure=self._secure, httponly=True, samesite="lax")
