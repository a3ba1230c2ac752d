"""An SQS client in memory with scripted answers, for tests that count calls."""

import threading
from typing import Any

from botocore.exceptions import ClientError

from tests.fakes.errors import aws_error


def error(status: int, code: str = "InternalError") -> ClientError:
    return aws_error(code, status, "Operation", "refused on request")


class ScriptedSqs:
    """`script` holds an exception to raise or a dict to return for each next call, in order. Later calls return {}.

    `calls` are pairs (operation, arguments), oldest first. `block` makes every call wait.
    """

    def __init__(self, *script: Any) -> None:
        self.script = list(script)
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.block = threading.Event()
        self.block.set()

    def __getattr__(self, operation: str) -> Any:
        def call(**arguments: Any) -> Any:
            self.calls.append((operation, arguments))
            assert self.block.wait(10)
            answer = self.script.pop(0) if self.script else {}
            if isinstance(answer, Exception):
                raise answer
            return answer

        return call

    def of(self, operation: str) -> list[dict[str, Any]]:
        return [arguments for name, arguments in self.calls if name == operation]
