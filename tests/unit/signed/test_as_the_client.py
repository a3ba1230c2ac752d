"""Signed calls beside the client that they stand in for: the same request goes out, the same answer comes back."""

import json
import zlib
from functools import cache
from typing import Any
from urllib.parse import parse_qs

import pytest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError, HTTPClientError

from pixelfleet.signed import dynamodb, sns
from pixelfleet.signed.dynamodb import SignedDynamoDb
from pixelfleet.signed.http import ATTEMPTS, Policy, SignedHttp
from pixelfleet.signed.sns import SignedSns
from tests.fakes.answers import Answer, Answers
from tests.fakes.clients import client

KEYS = Credentials("testing", "testing")
POLICY = Policy(sleep=lambda _: None)
CALLS: list[tuple[str, dict[str, Any]]] = [
    ("get_item", {"TableName": "t", "Key": {"id": {"S": "ü\n"}}, "ConsistentRead": True}),
    ("put_item", {"TableName": "t", "Item": {"id": {"S": "x"}, "n": {"N": "1"}}, "ConditionExpression": "a = :b"}),
    ("query", {"TableName": "t", "Limit": 3, "ScanIndexForward": False}),
    ("batch_get_item", {"RequestItems": {"t": {"Keys": [{"id": {"S": "x"}}], "ConsistentRead": True}}}),
    (
        "transact_write_items",
        {"TransactItems": [{"Delete": {"TableName": "t", "Key": {}}}], "ClientRequestToken": "one"},
    ),
]
REFUSALS = [
    (400, {"__type": "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException", "message": "no"}),
    (400, {"__type": "x#ValidationException", "Message": "what"}),
    (
        400,
        {
            "__type": "x#TransactionCanceledException",
            "Message": "cancelled",
            "CancellationReasons": [{"Code": "None"}, {"Code": "ConditionalCheckFailed", "Message": "m"}],
        },
    ),
    (400, {"__type": "x#ConditionalCheckFailedException", "message": "no", "Item": {"id": {"S": "x"}}}),
]


@cache
def plain(url: str, service: str = "dynamodb") -> Any:
    return client(service, url)


@cache
def signed(url: str) -> Any:
    return SignedDynamoDb(plain(url), SignedHttp(plain(url), KEYS, dynamodb.judge, POLICY))


@cache
def signed_sns(url: str) -> Any:
    return SignedSns(plain_sns(url), SignedHttp(plain_sns(url), KEYS, sns.judge, POLICY))


def plain_sns(url: str) -> Any:
    return plain(url, "sns")


@pytest.mark.parametrize(("name", "arguments"), CALLS)
def test_a_call_of_dynamodb_says_what_the_clients_says(server: Answers, name: str, arguments: dict[str, Any]) -> None:
    server.answers = [Answer(text="{}")]
    for made in (plain, signed):
        getattr(made(server.url), name)(**arguments)
    theirs, ours = server.requests
    assert json.loads(ours.body) == json.loads(theirs.body)
    for header in ("x-amz-target", "content-type", "host"):
        assert ours.headers[header] == theirs.headers[header]
    assert ours.headers["authorization"].startswith("AWS4-HMAC-SHA256 Credential=testing/")


@pytest.mark.parametrize(("status", "content"), REFUSALS)
def test_a_refusal_of_dynamodb_is_raised_as_the_client_raises_it(
    server: Answers, status: int, content: dict[str, Any]
) -> None:
    server.answers = [Answer(status, json.dumps(content))]
    caught = []
    for made in (plain, signed):
        with pytest.raises(ClientError) as error:
            made(server.url).put_item(TableName="t", Item={})
        caught.append(error.value)
    theirs, ours = caught
    assert str(ours) == str(theirs)
    assert ours.response["Error"]["Code"] == theirs.response["Error"]["Code"]
    for part in ("CancellationReasons", "Item"):
        assert ours.response.get(part) == theirs.response.get(part)


def test_an_answer_of_dynamodb_is_what_the_client_returns(server: Answers) -> None:
    server.answers = [Answer(text=json.dumps({"Item": {"id": {"S": "ü"}, "n": {"N": "7"}}}))]
    theirs, ours = (made(server.url).get_item(TableName="t", Key={}) for made in (plain, signed))
    assert ours["Item"] == theirs["Item"]


def test_an_answer_that_was_damaged_on_its_way_is_asked_for_again(server: Answers) -> None:
    whole = json.dumps({"Item": {}})
    server.answers = [
        Answer(text=whole, headers={"x-amz-crc32": "1"}),
        Answer(text=whole, headers={"x-amz-crc32": str(zlib.crc32(whole.encode()))}),
    ]
    assert signed(server.url).get_item(TableName="t", Key={}) == {"Item": {}}
    server.answers = [Answer(text=whole, headers={"x-amz-crc32": "1"})]
    with pytest.raises(HTTPClientError, match="CRC32"):
        signed(server.url).get_item(TableName="t", Key={})


def test_a_transaction_is_repeated_under_the_token_that_it_had(server: Answers) -> None:
    server.answers = [Answer(500, "not even JSON"), Answer(text="{}")]
    tables = signed(server.url)
    tables.transact_write_items(TransactItems=[])
    tables.transact_write_items(TransactItems=[])
    first, repeated, second = (json.loads(asked.body)["ClientRequestToken"] for asked in server.requests)
    assert first == repeated != second


def test_what_is_not_sent_directly_is_the_clients_own(server: Answers) -> None:
    tables = signed(server.url)
    assert tables.meta.region_name == "us-east-1"
    assert tables.get_paginator("query")
    with pytest.raises(AttributeError):
        _ = tables.no_such_call


def test_a_throttled_call_is_repeated_and_raised_in_the_end(server: Answers) -> None:
    server.answers = [Answer(400, json.dumps({"__type": "x#ProvisionedThroughputExceededException"}))]
    with pytest.raises(ClientError, match="ProvisionedThroughputExceeded"):
        signed(server.url).get_item(TableName="t", Key={})
    assert len(server.requests) == ATTEMPTS


NOTICE = {
    "TopicArn": "arn:aws:sns:us-east-1:123456789012:n",
    "MessageStructure": "json",
    "Message": '{"default": "a&b=ü"}',
    "Subject": "s",
    "MessageAttributes": {
        "kind": {"DataType": "String", "StringValue": "image.ready"},
        "owner": {"DataType": "String", "StringValue": "ü &"},
    },
}


def test_a_notice_says_what_the_clients_says(server: Answers) -> None:
    server.answers = [Answer(text="<R><PublishResult><MessageId>7</MessageId></PublishResult></R>")]
    assert [made(server.url).publish(**NOTICE)["MessageId"] for made in (plain_sns, signed_sns)] == [
        "7",
        "7",
    ]
    theirs, ours = (parse_qs(asked.body.decode(), strict_parsing=True) for asked in server.requests)
    assert ours == theirs


def test_a_notice_that_is_refused_is_raised_as_the_client_raises_it(server: Answers) -> None:
    server.answers = [Answer(403, "<R><Error><Code>AuthorizationError</Code><Message>a &lt; b</Message></Error></R>")]
    told = []
    for made in (plain_sns, signed_sns):
        with pytest.raises(ClientError) as error:
            made(server.url).publish(**NOTICE)
        told.append((str(error.value), error.value.response["Error"]["Code"]))
    assert told[0] == told[1]
