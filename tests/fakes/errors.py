"""Errors that the tests raise: AWS's errors as boto3 raises them, and a time limit."""

from typing import Any

from botocore.exceptions import ClientError


class LimitError(Exception):
    """Stands for Celery's soft time limit, which a signal raises wherever the task is."""


def aws_error(code: str, status: int, operation: str, message: str = "", **fields: Any) -> ClientError:
    """A ClientError with the service's `code` and HTTP `status`. `fields` are siblings of the `Error` entry."""
    response: Any = {
        "Error": {"Code": code, "Message": message or code},
        "ResponseMetadata": {"HTTPStatusCode": status},
        **fields,
    }
    return ClientError(response, operation)
