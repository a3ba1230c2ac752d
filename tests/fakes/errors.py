"""AWS's errors as boto3 raises them."""

from typing import Any

from botocore.exceptions import ClientError


def aws_error(code: str, status: int, operation: str, message: str = "", **fields: Any) -> ClientError:
    """A ClientError with the service's `code` and HTTP `status`. `fields` are siblings of the `Error` entry."""
    response: Any = {
        "Error": {"Code": code, "Message": message or code},
        "ResponseMetadata": {"HTTPStatusCode": status},
        **fields,
    }
    return ClientError(response, operation)
