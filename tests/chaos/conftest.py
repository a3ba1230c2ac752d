from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chaos.harness import Bench, bench
from tests.fakes.sqs import FakeSqs


@pytest.fixture(scope="session")
def fake_sqs() -> Iterator[FakeSqs]:
    with FakeSqs() as fake:
        yield fake


@pytest.fixture
def queue(fake_sqs: FakeSqs, tmp_path: Path) -> Iterator[Bench]:
    """A queue on the fake SQS: visibility 60 s unless the test sets another value, at most three receives."""
    with bench(fake_sqs.url, tmp_path) as made:
        yield made
