"""A small S3 on loopback. The server keeps the body of each path, as it came over the wire, and nothing else."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote_to_bytes


class S3Server(ThreadingHTTPServer):
    """`objects` holds bodies by bucket and key, as bytes. `agents` holds the user agent of each put."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.objects: dict[tuple[str, bytes], bytes] = {}
        self.agents: dict[tuple[str, bytes], str] = {}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


@contextmanager
def s3_server() -> Iterator[S3Server]:
    with S3Server() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    server: S3Server
    protocol_version = "HTTP/1.1"
    wbufsize = -1

    def do_PUT(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.objects[self._place] = body
        self.server.agents[self._place] = self.headers["User-Agent"]
        self._answer(200, b"")

    def do_GET(self) -> None:
        body = self.server.objects.get(self._place)
        if body is None:
            self._answer(404, b"<Error><Code>NoSuchKey</Code></Error>")
        else:
            self._answer(200, body)

    def handle_expect_100(self) -> bool:
        accepted = super().handle_expect_100()
        self.wfile.flush()
        return accepted

    def log_message(self, *_: object) -> None:
        """Logs nothing."""

    @property
    def _place(self) -> tuple[str, bytes]:
        bucket, _, key = self.path.partition("?")[0].removeprefix("/").partition("/")
        return bucket, unquote_to_bytes(key)

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("ETag", '"e"')
        self.send_header("Last-Modified", "Sun, 01 Nov 2026 12:00:00 GMT")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
