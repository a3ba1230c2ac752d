"""boto3's paginator, as far as listings of S3 use it."""

from collections.abc import Callable, Iterator
from typing import Any


class PageReader:
    """Calls a listing operation again and again, until the service says that no more follows."""

    def __init__(self, operation: Callable[..., dict[str, Any]]) -> None:
        self._operation = operation

    def paginate(self, **request: Any) -> Iterator[dict[str, Any]]:
        page = self._operation(**request)
        yield page
        while page.get("IsTruncated"):
            page = self._operation(**request | {"ContinuationToken": page["NextContinuationToken"]})
            yield page
