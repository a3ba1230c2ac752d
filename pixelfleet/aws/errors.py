"""Foreign errors of AWS calls become ours here, and nowhere else.

Everything that an AWS call can raise is transient to the worker: a throttle, a time-out, a refused permission alike
may be mended while the message waits. What a caller must tell apart (a missing object, a lost condition) it asks of
`error_code` before it lets the rest pass through `translated`.
"""

import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from botocore.exceptions import BotoCoreError, ClientError

from pixelfleet.errors import Cause, TransientError

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


def error_code(error: ClientError) -> str:
    """The service's code, such as `NoSuchKey`; for a HEAD, whose answer has no body, the status as text."""
    return str(error.response.get("Error", {}).get("Code", ""))


@contextmanager
def translated(doing: str) -> Iterator[None]:
    """Turn botocore's errors into TransientError; `doing` ("store a variant") begins the message.

    Not all of them are of botocore's own tree: where a container's credentials endpoint answers with expired keys or
    with none, its refresh raises RuntimeError or KeyError (botocore/credentials.py).
    """
    try:
        yield
    except ClientError as error:
        code = error_code(error)
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        message = f"could not {doing}: {error}"
        if code in THROTTLES or status == 429:
            raise TransientError(Cause.THROTTLED, message) from error
        raise TransientError(Cause.UNAVAILABLE if status >= 500 else Cause.INTERNAL, message) from error
    except BotoCoreError as error:
        raise TransientError(Cause.UNAVAILABLE, f"could not {doing}: {error}") from error
    except (RuntimeError, LookupError) as error:
        if not _raised_in_botocore(error):
            raise
        raise TransientError(Cause.UNAVAILABLE, f"could not {doing}: {type(error).__name__}: {error}") from error


def _raised_in_botocore(error: Exception) -> bool:
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    return bool(frames) and str(frames[-1].f_globals.get("__name__", "")).startswith("botocore.")
