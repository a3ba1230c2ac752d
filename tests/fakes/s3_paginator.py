"""The part of boto3's paginator that listings of S3 use."""

from collections.abc import Callable, Iterator
from typing import Any


class PageReader:
    """Repeats a listing operation until the service reports the last page."""

    def __init__(self, operation: Callable[..., dict[str, Any]]) -> None:
        self._operation = operation

    def paginate(self, **request: Any) -> Iterator[dict[str, Any]]:
        page = self._operation(**request)
        yield page
        while page.get("IsTruncated"):
            page = self._operation(**request | {"ContinuationToken": page["NextContinuationToken"]})
            yield page
