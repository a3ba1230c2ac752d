import signal
import threading
from collections.abc import Iterator

import pytest

from tests.fakes.answers import Answer, Answers, answering
from tests.fakes.errors import LimitError


@pytest.fixture(scope="module")
def running() -> Iterator[Answers]:
    with answering() as server:
        yield server


@pytest.fixture
def server(running: Answers) -> Answers:
    """One server for all tests of a module, because making a client takes longer than using it; reset for each test."""
    running.answers = [Answer()]
    running.requests.clear()
    return running


@pytest.fixture
def limit_on_silence(server: Answers) -> Iterator[None]:
    """Raises LimitError in the main thread as soon as the server receives a request that the server does not answer."""

    def raise_limit(*_: object) -> None:
        raise LimitError

    main = threading.get_ident()
    server.answers = [Answer(silent=True)]
    server.on_silence = lambda: signal.pthread_kill(main, signal.SIGALRM)
    before = signal.signal(signal.SIGALRM, raise_limit)
    yield
    signal.signal(signal.SIGALRM, before)
