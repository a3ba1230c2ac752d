"""What the embedded cloud's door lets through."""

from typing import Any

import pytest

from pixelfleet.localcloud.gateway import refuse


def _request(method: str, path: str, query: bytes = b"", **headers: str) -> dict[str, Any]:
    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return {"type": "http", "method": method, "path": path, "query_string": query, "headers": raw}


@pytest.mark.parametrize(
    "request_",
    [
        _request("GET", "/_ministack/health"),
        _request("GET", "/bucket/_hidden/key", authorization="AWS4-HMAC-SHA256 ..."),
        _request("GET", "/bucket/key", b"X-Amz-Signature=abc"),
        _request("GET", "/bucket/key", b"AWSAccessKeyId=abc&Signature=x"),
        _request("POST", "/bucket", content_type="multipart/form-data; boundary=x"),
        _request("OPTIONS", "/bucket/key", origin="http://127.0.0.1:8080"),
    ],
)
def test_what_ministack_can_judge_passes(request_: dict[str, Any]) -> None:
    assert refuse(request_) is None


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (_request("POST", "/_ministack/reset", authorization="anything"), 404),
        (_request("POST", "/_ministack/health"), 404),
        (_request("GET", "/_localstack/health"), 404),
        (_request("GET", "/"), 403),
        (_request("PUT", "/bucket/key"), 403),
        ({"type": "websocket", "path": "/", "headers": [], "query_string": b""}, 403),
    ],
)
def test_the_rest_is_refused(request_: dict[str, Any], status: int) -> None:
    assert refuse(request_) == status
