"""A small HTTP server that sends scripted answers and keeps the requests."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final

#: When every object of the server was put.
LAST_MODIFIED: Final = "Sun, 01 Nov 2026 12:00:00 GMT"


@dataclass(frozen=True, slots=True)
class Asked:
    """Header names are in lower case."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """`promised` replaces the true Content-Length. A `silent` answer sends nothing and keeps the connection open."""

    status: int = 200
    text: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    promised: int | None = None
    silent: bool = False


class Answers(ThreadingHTTPServer):
    """Answers each request with the next entry of `answers`, and repeats the last entry."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers: list[Answer] = [Answer()]
        self.requests: list[Asked] = []
        self.over = threading.Event()
        self.on_silence: Callable[[], None] = lambda: None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


@contextmanager
def answering() -> Iterator[Answers]:
    with Answers() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.over.set()
        server.shutdown()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    server: Answers
    protocol_version = "HTTP/1.1"
    #: Head and body in one packet: a second packet would wait for the acknowledgement of the first packet.
    wbufsize = -1

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.requests.append(Asked(self.command, self.path, headers, body))
        answer = self.server.answers[0]
        if len(self.server.answers) > 1:
            self.server.answers.pop(0)
        if answer.silent:
            self.server.on_silence()
            self.server.over.wait()
            self.close_connection = True
            return
        content = answer.text.encode()
        self.send_response(answer.status)
        for name, value in {"ETag": '"e"', "Last-Modified": LAST_MODIFIED, **answer.headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content) if answer.promised is None else answer.promised))
        self.end_headers()
        self.wfile.write(content)
        # A client that expects more bytes must not wait for them.
        self.close_connection = answer.promised is not None

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = _answer  # noqa: N815 - http.server's names

    def handle_expect_100(self) -> bool:
        reported = super().handle_expect_100()
        self.wfile.flush()
        return reported

    def log_message(self, *_: object) -> None:
        """Silence."""
