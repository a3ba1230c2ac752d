"""Errors of AWS calls become pixelfleet's errors here, and nowhere else.

To the worker, every error of an AWS call is transient: a throttle, a time-out and a refused permission alike may be
mended while the message waits. Where a caller must distinguish errors (a missing object, a lost condition), it asks
`error_code` before it lets the rest pass through `translated`.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from traceback import walk_tb
from typing import Final

from botocore.exceptions import BotoCoreError, ClientError

from pixelfleet.errors import Cause, RefusedError, TransientError

#: The codes that botocore's standard retry mode takes for throttling (botocore/retries/standard.py), and SQS's own.
THROTTLES: Final = frozenset(
    {
        "Throttling",
        "ThrottlingException",
        "ThrottledException",
        "RequestThrottledException",
        "RequestThrottled",
        "TooManyRequestsException",
        "ProvisionedThroughputExceededException",
        "TransactionInProgressException",
        "RequestLimitExceeded",
        "BandwidthLimitExceeded",
        "LimitExceededException",
        "SlowDown",
        "PriorRequestNotComplete",
        "EC2ThrottledException",
        "OverLimit",
        "TooManyInvalidationsInProgress",
    }
)

#: The codes after which botocore's standard retry mode repeats a request, whatever the status.
RETRYABLE: Final = THROTTLES | {"RequestTimeout", "RequestTimeoutException", "InternalError"}

#: Answers that S3 gives to every object alike: the bucket, its region, the keys or the clock are wrong. A HEAD has no
#: body, and so no code: 403 is its answer.
REFUSALS: Final = frozenset(
    {
        "403",
        "NoSuchBucket",
        "AccessDenied",
        "InvalidAccessKeyId",
        "SignatureDoesNotMatch",
        "ExpiredToken",
        "InvalidToken",
        "PermanentRedirect",
        "AuthorizationHeaderMalformed",
        "RequestTimeTooSkewed",
    }
)

_DENIED: Final = frozenset({"403", "AccessDenied"})

#: The credentials are wrong or have expired, whatever is asked (IAM user guide, "Common errors").
WRONG_CREDENTIALS: Final = frozenset(
    {
        "AuthFailure",
        "ExpiredToken",
        "ExpiredTokenException",
        "IncompleteSignature",
        "InvalidAccessKeyId",
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "InvalidToken",
        "RequestExpired",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
    }
)


def error_code(error: ClientError) -> str:
    """The service's code, such as `NoSuchKey`; for a HEAD, whose answer has no body, the status as text."""
    return str(error.response.get("Error", {}).get("Code", ""))


def is_denied(error: RefusedError) -> bool:
    """Whether a right on the bucket or its objects is missing.

    Other refusals have other reasons: a right on a key of KMS, which the answer names, the credentials or the clock.
    """
    cause = error.__cause__
    return isinstance(cause, ClientError) and error_code(cause) in _DENIED and "kms:" not in str(cause)


@contextmanager
def translated(doing: str) -> Iterator[None]:
    """Turn boto3's errors into TransientError; `doing` ("store a variant") begins the message.

    Not all of them are of botocore's own tree: where a container's credentials endpoint answers with expired keys or
    with none, its refresh raises RuntimeError or KeyError (botocore/credentials.py).

    Raises:
        RefusedError: a TransientError for an answer that every object would get.
    """
    try:
        yield
    except ClientError as error:
        code = error_code(error)
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        message = f"could not {doing}: {error}"
        if code in REFUSALS:
            raise RefusedError(Cause.INTERNAL, message) from error
        if code in THROTTLES or status == 429:
            raise TransientError(Cause.THROTTLED, message) from error
        raise TransientError(Cause.UNAVAILABLE if status >= 500 else Cause.INTERNAL, message) from error
    except BotoCoreError as error:
        raise TransientError(Cause.UNAVAILABLE, f"could not {doing}: {error}") from error
    except (RuntimeError, LookupError) as error:
        if not _passed_botocore(error):
            raise
        raise TransientError(Cause.UNAVAILABLE, f"could not {doing}: {type(error).__name__}: {error}") from error


def _passed_botocore(error: Exception) -> bool:
    """Whether botocore raised this, or let it pass while it renewed credentials."""
    names = [str(frame.f_globals.get("__name__", "")) for frame, _ in walk_tb(error.__traceback__)]
    return "botocore.credentials" in names or (bool(names) and names[-1].startswith("botocore."))
