"""ministack as if a proxy in front of it ended TLS: `python -m tests.infra.ministack_server`.

The stack's policies refuse plain HTTP, and ministack enforces them. Real TLS is no way out here: kombu trusts certifi's
authorities alone, and no variable adds one. A request that says `x-forwarded-proto: http` itself is left so, and is refused.
"""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from ministack import app as ministack

Message = MutableMapping[str, Any]
Application = Callable[[Message, Callable[[], Awaitable[Message]], Callable[[Message], Awaitable[None]]], Awaitable[None]]


def behind_tls(application: Application) -> Application:
    async def forward(
        scope: Message, receive: Callable[[], Awaitable[Message]], send: Callable[[Message], Awaitable[None]]
    ) -> None:
        if scope["type"] == "http" and not any(name == b"x-forwarded-proto" for name, _ in scope["headers"]):
            scope["headers"] = [*scope["headers"], (b"x-forwarded-proto", b"https")]
        await application(scope, receive, send)

    return forward


if __name__ == "__main__":
    ministack.app = behind_tls(ministack.app)
    ministack.main()
