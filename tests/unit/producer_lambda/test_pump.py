"""The pump reads a handler's response as Lambda does, and builds the event that Lambda builds."""

from typing import TYPE_CHECKING, Any

import pytest

from pixelfleet.settings import Settings
from producer_lambda.pump import batch_event, failures_of

if TYPE_CHECKING:
    from mypy_boto3_sqs.type_defs import MessageTypeDef

SENT = {"one", "two"}


@pytest.mark.parametrize("response", [None, {}, {"batchItemFailures": []}, {"batchItemFailures": None}])
def test_an_empty_response_is_a_full_success(response: Any) -> None:
    assert failures_of(response, SENT) == set()


def test_only_the_named_messages_come_back() -> None:
    assert failures_of({"batchItemFailures": [{"itemIdentifier": "two"}]}, SENT) == {"two"}


@pytest.mark.parametrize(
    "response",
    [
        {"batchItemFailures": [{"itemIdentifier": ""}]},
        {"batchItemFailures": [{"itemIdentifier": None}]},
        {"batchItemFailures": [{"itemIdentifier": {"id": "one"}}]},
        {"batchItemFailures": [{"id": "one"}]},
        {"batchItemFailures": [{"itemIdentifier": "one"}, {"itemIdentifier": "nobody"}]},
        {"batchItemFailures": ["one"]},
        {"batchItemFailures": "one"},
        {"failures": []},
        "ok",
        ["one"],
    ],
)
def test_a_response_that_lambda_refuses_brings_the_whole_batch_back(response: Any) -> None:
    assert failures_of(response, SENT) == SENT


def test_the_event_has_every_field_in_the_spelling_of_lambda() -> None:
    message: MessageTypeDef = {
        "MessageId": "id-1",
        "ReceiptHandle": "handle-1",
        "Body": "{}",
        "MD5OfBody": "99914b932bd37a50b983c5e7c90ae93b",
        "Attributes": {"ApproximateReceiveCount": "1"},
        "MessageAttributes": {"kind": {"StringValue": "x", "DataType": "String"}},
    }
    settings = Settings(region="eu-west-1", account_id="123456789012")

    assert batch_event([message], settings) == {
        "Records": [
            {
                "messageId": "id-1",
                "receiptHandle": "handle-1",
                "body": "{}",
                "attributes": {"ApproximateReceiveCount": "1"},
                "messageAttributes": {"kind": {"stringValue": "x", "dataType": "String"}},
                "md5OfBody": "99914b932bd37a50b983c5e7c90ae93b",
                "eventSource": "aws:sqs",
                "eventSourceARN": "arn:aws:sqs:eu-west-1:123456789012:pixelfleet-uploads",
                "awsRegion": "eu-west-1",
            }
        ]
    }
