"""ministack without the gaps that affect the stack: `python -m tests.infra.ministack_server`.

The server acts as if a proxy in front of it ended TLS. The stack's policies refuse plain HTTP, and ministack enforces
the policies. Real TLS is not possible: kombu trusts only certifi's authorities, and no variable adds an authority. A
request with its own header `x-forwarded-proto: http` keeps the header, and is refused.

As on AWS, a batch call to SQS needs the permission of the single call (SQS developer guide, "Amazon SQS API
permissions"); there is no action sqs:SendMessageBatch. DescribeServices is authorised by the service in the request and
not by the cluster, and a schedule by its own group (service authorization reference, Amazon ECS and EventBridge
Scheduler).

`condition_keys.py` gives IAM the condition keys of a request. `strictness.py` and `sns_limits.py` refuse the calls that
AWS refuses. A VPC origin may name a load balancer of moto, which ministack does not have.
"""

import json
from typing import Any

from ministack import app as ministack
from ministack.core import iam_actions
from ministack.services import cloudfront, dynamodb, sns

from tests.infra import condition_keys, sns_limits
from tests.infra.strictness import Application, Conflicts, LimitedInvalidations, Message, Receive, Send


def behind_tls(application: Application) -> Application:
    async def forward(scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not any(name == b"x-forwarded-proto" for name, _ in scope["headers"]):
            scope["headers"] = [*scope["headers"], (b"x-forwarded-proto", b"https")]
        await application(scope, receive, send)

    return forward


def single_action(action: str | None) -> str | None:
    return action.removesuffix("Batch") if action and action.startswith("sqs:") else action


def ecs_resource(reported: str, body: bytes) -> str:
    """The ARN that a call to ECS is authorised by; `reported` is ministack's own answer."""
    asked = json.loads(body or b"{}")
    if not asked.get("services") or ":cluster/" not in reported:
        return reported
    return f"{reported.replace(':cluster/', ':service/')}/{asked['services'][0]}"


def schedule_resource(reported: str, body: bytes, parameters: Message) -> str:
    """The ARN of a schedule in the group that the request names; ministack puts every schedule in `default`."""
    asked = json.loads(body or b"{}").get("GroupName") or parameters.get("groupName") or "default"
    group = asked[0] if isinstance(asked, list) else asked
    return reported.replace(":schedule/default/", f":schedule/{group}/")


def resource_arn(service: str, method: str, path: str, headers: Any, body: bytes, parameters: Any, *rest: Any) -> str:
    """The ARN by which AWS authorises a call. ministack has other ARNs for ECS and EventBridge Scheduler."""
    reported: str = reported_arn(service, method, path, headers, body, parameters, *rest)
    if service == "ecs":
        return ecs_resource(reported, body)
    return schedule_resource(reported, body, parameters) if service == "scheduler" else reported


reported_arn = iam_actions.extract_resource_arn


def partition_key(table: str) -> str:
    """The name of a table's partition key. Empty for a missing table."""
    schema = (dynamodb._tables.get(table) or {}).get("KeySchema", [])
    return next((str(key["AttributeName"]) for key in schema if key["KeyType"] == "HASH"), "")


def knows_no_balancer(module: Any) -> None:
    """The load balancer exists only in moto, so ministack checks the format of its ARN and not its existence."""
    module._vpc_origin_endpoint_missing = lambda _spec, _arn: None


def leaves_out_empty_lists(module: Any) -> None:
    """The answer for a policy without custom and removed headers omits the elements that list headers."""
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
    iam_actions.extract_resource_arn = resource_arn
    tags = iam_actions.request_tag_context
    iam_actions.request_tag_context = lambda service, action, body, parameters: (
        tags(service, action, body, parameters) | condition_keys.protocol(action, parameters)
    )
    context = iam_actions.dynamodb_service_context
    iam_actions.dynamodb_service_context = lambda body: context(body) | condition_keys.leading_keys(body, partition_key)
    knows_no_balancer(cloudfront)
    leaves_out_empty_lists(cloudfront)
    sns_limits.limit_filter_policies(sns)
    sns_limits.suspend_flooded_mail(sns)
    ministack.app = behind_tls(LimitedInvalidations(Conflicts(ministack.app)))
    ministack.main()
