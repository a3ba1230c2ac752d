from collections.abc import Iterator

import pytest

from tests.fakes.answers import Answer, Answers, answering


@pytest.fixture(scope="module")
def running() -> Iterator[Answers]:
    with answering() as server:
        yield server


@pytest.fixture
def server(running: Answers) -> Answers:
    """One for all tests of a module, since a client takes longer to make than to use; blank for each."""
    running.answers = [Answer()]
    running.requests.clear()
    return running
