"""Runs ministack with its back doors shut and its memory bounded: `python -m pixelfleet.localcloud.gateway`.

Three things that ministack 1.5.33 leaves open even with AUTH=true, each to any program and any web page of the user's
that can reach the loopback port:

- `/_ministack/...` asks for no signature; POST /_ministack/reset erases everything. Only the health check passes.
  (A bucket's name cannot start with an underscore, so no object is cut off.)
- Unsigned requests can list buckets. Here a request carries a signature, or is a browser's preflight or form upload,
  which S3 checks by itself.
- The signature of the root key, which is the only key here, is not verified at all, nor is that of the key `test`.

And one that would fill the memory: of a versioned object it keeps every byte, although S3_PERSIST has them on disk.
"""

from http import HTTPStatus
from typing import Final

from pixelfleet.localcloud.autosave import Application, Receive, Scope, Send, autosave

HEALTH: Final = "/_ministack/health"

_SIGNED_QUERY: Final = (b"X-Amz-Signature=", b"x-amz-signature=", b"AWSAccessKeyId=")


def guarded(application: Application) -> Application:
    """An ASGI application that passes on what may pass, and answers the rest by itself."""

    async def guard(scope: Scope, receive: Receive, send: Send) -> None:
        refusal = None if scope["type"] == "lifespan" else refuse(scope)
        if refusal is None:
            await application(scope, receive, send)
        elif scope["type"] == "http":
            await send({"type": "http.response.start", "status": refusal, "headers": [(b"content-length", b"0")]})
            await send({"type": "http.response.body", "body": b""})

    return guard


def refuse(scope: Scope) -> HTTPStatus | None:
    """The status of a refusal, None for a request that ministack is to judge."""
    if scope["type"] != "http":
        return HTTPStatus.FORBIDDEN
    path, method = str(scope["path"]), scope["method"]
    if path == HEALTH and method == "GET":
        return None
    if path.startswith("/_"):
        return HTTPStatus.NOT_FOUND
    headers = {bytes(name).lower(): bytes(value) for name, value in scope["headers"]}
    signed = b"authorization" in headers or any(mark in scope["query_string"] for mark in _SIGNED_QUERY)
    form = method == "POST" and headers.get(b"content-type", b"").startswith(b"multipart/form-data")
    return None if signed or form or method == "OPTIONS" else HTTPStatus.FORBIDDEN


def main() -> None:
    # Both read their whole configuration when imported.
    from ministack import app as ministack  # noqa: PLC0415
    from ministack.core import iam_evaluator, persistence  # noqa: PLC0415
    from ministack.services import s3  # noqa: PLC0415

    # Asked only in order to skip the verification of a signature.
    iam_evaluator._is_root_key = lambda _key: False  # noqa: SLF001 - the seam; a test holds it
    entry_of = s3._version_entry_from_record  # noqa: SLF001
    # Where an entry has no bytes, it reads the object's file, or the one that a displaced version was written to.
    s3._version_entry_from_record = lambda record, version, _data: entry_of(record, version, None)  # noqa: SLF001
    states_of = ministack._build_persistence_save_dict  # noqa: SLF001
    served = guarded(ministack.app)
    if persistence.PERSIST_STATE:
        served = autosave(served, lambda: persistence.save_all(states_of()))
    ministack.app = served
    ministack.main()


if __name__ == "__main__":
    main()
