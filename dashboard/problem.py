"""The error that ends a request."""

from collections.abc import Mapping


class Problem(Exception):  # noqa: N818 - the word of RFC 9457
    """Ends a request: `detail` tells the caller what is wrong and what would be right."""

    def __init__(self, status: int, detail: str, *, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.headers = dict(headers or {})
