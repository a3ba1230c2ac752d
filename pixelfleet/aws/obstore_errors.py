"""Errors of obstore as the errors that boto3 raises for the same answer of S3.

A caller then handles one set of errors, whichever of the two libraries carried the bytes. obstore gives an error as
text only: its first paragraph holds the status and the body of S3's answer. The second paragraph is a Rust debug print.
"""

import re
from html import unescape
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError, CredentialRetrievalError
from obstore import exceptions

_STATUS: Final = "Server returned non-2xx status code: "
_FIELD: Final = re.compile(r"<(Code|Message|Region)>([^<]*)</")
#: Text of object_store for a 301 or 307 that names no address (its client/retry.rs, RequestError::BareRedirect).
_REDIRECT: Final = "Received redirect without LOCATION"
_CREDENTIALS: Final = "External AWS credential provider: "
_TIMED_OUT: Final = ("kind: Timeout", "TimedOut")
#: Text of object_store for a response header that is not UTF-8 (its client/get.rs, GetResultError).
_HEADER: Final = "contained non UTF-8 characters"

#: `FileNotFoundError` is what obstore raises for a 404, and what Python raises for a local file that is missing.
OBSTORE_ERRORS: Final = (exceptions.BaseError, FileNotFoundError)


class S3ConnectionError(BotoCoreError):
    """S3 gave no answer, or no whole answer."""

    fmt = "{error}"


def as_boto3_error(error: Exception, operation: str, key: str) -> ClientError | BotoCoreError | None:
    """The error that boto3's client raises where obstore raised `error` for `operation` ("PutObject") on `key`.

    None for a `FileNotFoundError` about a local file.
    """
    text, _, debug = str(error).partition("\n\nDebug source:\n")
    if isinstance(error, FileNotFoundError) and not debug:
        return None
    # The text has the key before the answer. A key that looks like an answer must not be taken for one.
    answer = text.replace(key, "", 1).partition(_STATUS)[2]
    if answer:
        return _refusal(answer, operation)
    if _REDIRECT in text:
        return _client_error("PermanentRedirect", "the bucket is in another region: set AWS_REGION", 301, operation)
    if _CREDENTIALS in text:
        return CredentialRetrievalError(provider="boto3", error_msg=text.partition(_CREDENTIALS)[2])
    what = "S3 did not answer in time" if any(sign in debug for sign in _TIMED_OUT) else "the connection to S3 failed"
    return S3ConnectionError(error=f"{what}: {text.removeprefix('Generic S3 error: ')}")


def is_header_error(error: Exception) -> bool:
    """Whether obstore could not read an answer because a header of the object is not UTF-8."""
    return _HEADER in str(error)


def _refusal(answer: str, operation: str) -> ClientError:
    """`answer` begins with the status; S3's XML follows (S3 API reference, "Error responses")."""
    status = int(answer[:3])
    fields = {name: unescape(text) for name, text in reversed(_FIELD.findall(answer))}
    message = fields.get("Message", "")
    if region := fields.get("Region"):
        message += f" (the bucket is in {region}: set AWS_REGION)"
    return _client_error(fields.get("Code", str(status)), message, status, operation)


def _client_error(code: str, message: str, status: int, operation: str) -> ClientError:
    response: Any = {
        "Error": {"Code": code, "Message": message},
        "ResponseMetadata": {"HTTPStatusCode": status},
    }
    return ClientError(response, operation)
