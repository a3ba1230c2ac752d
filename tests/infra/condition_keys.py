"""The condition keys sns:Protocol and dynamodb:LeadingKeys of a request, which ministack does not give to IAM.

Source: service authorization reference, Amazon SNS; DynamoDB developer guide, "Using IAM policy conditions for
fine-grained access control": LeadingKeys are the partition keys of the items that a request names.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from typing import Any


def protocol(action: str, parameters: MutableMapping[str, Any]) -> dict[str, str]:
    """The condition key sns:Protocol of a Subscribe."""
    given = parameters.get("Protocol")
    if action != "sns:Subscribe" or not given:
        return {}
    return {"sns:protocol": str(given[0] if isinstance(given, list) else given)}


def leading_keys(body: bytes, partition_key: Callable[[str], str]) -> dict[str, list[str]]:
    """The condition key dynamodb:LeadingKeys of a request. `partition_key` returns the key of a table by name."""
    request = json.loads(body or b"{}")
    if not isinstance(request, dict) or "IndexName" in request or "TableName" not in request:
        return {}
    values = list(_values(request, partition_key(request["TableName"])))
    return {"dynamodb:LeadingKeys": values} if values else {}


def _values(request: Mapping[str, Any], name: str) -> Iterator[str]:
    for item in (request.get("Key"), request.get("Item")):
        if item and name in item:
            yield _text(item[name])
    names, values = request.get("ExpressionAttributeNames", {}), request.get("ExpressionAttributeValues", {})
    for attribute, value in re.findall(r"(#?\w+)\s*=\s*(:\w+)", request.get("KeyConditionExpression", "")):
        if names.get(attribute, attribute) == name and value in values:
            yield _text(values[value])


def _text(value: Mapping[str, Any]) -> str:
    """`x` for `{"S": "x"}`."""
    return str(next(iter(value.values())))
