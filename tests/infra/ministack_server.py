"""ministack with three gaps closed that the stack's policies fall into: `python -m tests.infra.ministack_server`.

It serves as if a proxy in front of it ended TLS. The stack's policies refuse plain HTTP, and ministack enforces them.
Real TLS is no way out here: kombu trusts certifi's authorities alone, and no variable adds one. A request that says
`x-forwarded-proto: http` itself is left so, and is refused.

And it asks for the permission that AWS asks for in batch calls to SQS: that of the single call (SQS developer guide,
"Amazon SQS API permissions"); there is no action sqs:SendMessageBatch.

And it judges DescribeServices by the service that is asked for, as AWS does, not by the cluster (service authorization
reference, Amazon ECS).

And it knows the protocol of a subscription as a condition (service authorization reference, Amazon SNS).

And it makes a VPC origin for a load balancer that moto keeps, which ministack does not know.
"""

import json
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from ministack import app as ministack
from ministack.core import iam_actions
from ministack.services import cloudfront

Message = MutableMapping[str, Any]
Application = Callable[
    [Message, Callable[[], Awaitable[Message]], Callable[[Message], Awaitable[None]]], Awaitable[None]
]


def behind_tls(application: Application) -> Application:
    async def forward(
        scope: Message, receive: Callable[[], Awaitable[Message]], send: Callable[[Message], Awaitable[None]]
    ) -> None:
        if scope["type"] == "http" and not any(name == b"x-forwarded-proto" for name, _ in scope["headers"]):
            scope["headers"] = [*scope["headers"], (b"x-forwarded-proto", b"https")]
        await application(scope, receive, send)

    return forward


def single_action(action: str | None) -> str | None:
    return action.removesuffix("Batch") if action and action.startswith("sqs:") else action


def ecs_resource(reported: str, body: bytes) -> str:
    """The ARN that a call to ECS is judged by; `told` is what ministack takes for it."""
    asked = json.loads(body or b"{}")
    if not asked.get("services") or ":cluster/" not in reported:
        return reported
    return f"{reported.replace(':cluster/', ':service/')}/{asked['services'][0]}"


def protocol_condition(action: str, parameters: MutableMapping[str, Any]) -> dict[str, str]:
    """The condition key sns:Protocol of a Subscribe."""
    given = parameters.get("Protocol")
    if action != "sns:Subscribe" or not given:
        return {}
    return {"sns:protocol": str(given[0] if isinstance(given, list) else given)}


def knows_no_balancer(module: Any) -> None:
    """The load balancer is moto's, so that its existence cannot be checked here; the form of its ARN still is."""
    module._vpc_origin_endpoint_missing = lambda _spec, _arn: None


def leaves_out_empty_lists(module: Any) -> None:
    """A policy without custom and removed headers is answered without the elements that list them."""
    build = module._build_rhp_config_xml

    def built(parent: Any, policy: Any) -> None:
        build(parent, policy)
        for element in list(parent):
            if element.tag in ("CustomHeadersConfig", "RemoveHeadersConfig") and element.findtext("Quantity") == "0":
                parent.remove(element)

    module._build_rhp_config_xml = built
    module._RHP_SPEC = {key: built if value is build else value for key, value in module._RHP_SPEC.items()}


if __name__ == "__main__":
    extract = iam_actions.extract_iam_action
    iam_actions.extract_iam_action = lambda *args, **kwargs: single_action(extract(*args, **kwargs))
    resource = iam_actions.extract_resource_arn
    iam_actions.extract_resource_arn = lambda service, method, path, headers, body, *rest: (
        ecs_resource(resource(service, method, path, headers, body, *rest), body)
        if service == "ecs"
        else resource(service, method, path, headers, body, *rest)
    )
    tags = iam_actions.request_tag_context
    iam_actions.request_tag_context = lambda service, action, body, parameters: (
        tags(service, action, body, parameters) | protocol_condition(action, parameters)
    )
    knows_no_balancer(cloudfront)
    leaves_out_empty_lists(cloudfront)
    ministack.app = behind_tls(ministack.app)
    ministack.main()
