"""Stands in for Lambda's event source mapping where there is no Lambda: `python -m producer_lambda.pump`.

Polls the uploads queue, calls the handler with the event that Lambda would give it, and deletes what the handler
took. What failed comes back after the queue's visibility time-out, as on AWS. SIGTERM or SIGINT ends it after the
batch in hand.
"""

import signal
import threading
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, cast

import boto3
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.config import Config

from pixelfleet import telemetry
from pixelfleet.aws.queues import queue_name
from pixelfleet.domain.partitions import arn
from pixelfleet.settings import Settings, load_settings
from producer_lambda.handler import handler

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import MessageTypeDef

#: Seconds of one long poll, and so of waiting for the end at most: a poll that is cut off swallows the message that
#: was on its way until its visibility time-out.
POLL: Final = 1
BATCH: Final = 10
FIRST_PAUSE: Final = 0.5
LONGEST_PAUSE: Final = 30.0
FUNCTION: Final = "pixelfleet-producer"
#: Seconds that the function has on AWS.
TIMEOUT: Final = 60

Event = dict[str, Any]
Handler = Callable[[Event, LambdaContext], Any]

log = telemetry.logger("pump")


@dataclass(frozen=True, slots=True)
class Context:
    """The context that Lambda gives a function with an invocation (Lambda Developer Guide, "Python context object")."""

    region: str
    account_id: str
    aws_request_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    function_name: str = FUNCTION
    function_version: str = "$LATEST"
    memory_limit_in_mb: int = 256
    log_group_name: str = f"/aws/lambda/{FUNCTION}"
    log_stream_name: str = "local"

    @property
    def invoked_function_arn(self) -> str:
        return arn("lambda", self.region, self.account_id, f"function:{self.function_name}")

    def get_remaining_time_in_millis(self) -> int:
        return TIMEOUT * 1000


class Pump:
    """Moves messages from one queue through one handler until `stop` is set."""

    def __init__(self, client: "SQSClient", settings: Settings, handler: Handler) -> None:
        self._client = client
        self._settings = settings
        self._handler = handler
        self.stop = threading.Event()

    def run(self) -> None:
        """Until `stop`. No error of the queue or of the handler ends it; those of the queue slow it down."""
        failures = 0
        while not self.stop.wait(_pause(failures)):
            try:
                self.turn()
                failures = 0
            except Exception as error:  # noqa: BLE001 - every error is a failed turn, tried again after a pause
                failures += 1
                log.warning("the queue did not answer", extra={"error": str(error), "failures": failures})

    def turn(self) -> int:
        """Receive one batch, have it handled, delete what was taken; returns how many messages there were."""
        answer = self._client.receive_message(
            QueueUrl=self._settings.uploads_queue_url,
            MaxNumberOfMessages=BATCH,
            WaitTimeSeconds=POLL,
            MessageSystemAttributeNames=["All"],
            MessageAttributeNames=["All"],
        )
        messages = answer.get("Messages", [])
        if messages:
            failed = self._handle(messages)
            self._delete([message for message in messages if message["MessageId"] not in failed])
        return len(messages)

    def _handle(self, messages: Sequence["MessageTypeDef"]) -> set[str]:
        event = batch_event(messages, self._settings)
        context = Context(self._settings.region, self._settings.account_id)
        try:
            response = self._handler(event, cast("LambdaContext", context))
        except Exception:
            # Whatever a function raises, Lambda lets the whole batch come back.
            log.exception("the handler failed: the whole batch comes back")
            return {message["MessageId"] for message in messages}
        return failures_of(response, {message["MessageId"] for message in messages})

    def _delete(self, messages: Sequence["MessageTypeDef"]) -> None:
        if not messages:
            return
        answer = self._client.delete_message_batch(
            QueueUrl=self._settings.uploads_queue_url,
            Entries=[{"Id": str(n), "ReceiptHandle": m["ReceiptHandle"]} for n, m in enumerate(messages)],
        )
        for refused in answer.get("Failed", []):
            log.warning("a message was handled but not deleted, so it comes back", extra={"entry": refused})


def batch_event(messages: Sequence["MessageTypeDef"], settings: Settings) -> Event:
    """The event that Lambda makes of received messages (Lambda Developer Guide, "Using Lambda with Amazon SQS")."""
    queue = arn("sqs", settings.region, settings.account_id, queue_name(settings.uploads_queue_url))
    return {"Records": [_record(message, queue, settings.region) for message in messages]}


def failures_of(response: Any, sent: set[str]) -> set[str]:
    """The messages that a handler's response leaves undone.

    None, {} and an empty or null list are a full success; an empty, null or unknown identifier, or a wrong key, makes
    the whole batch a failure (Lambda Developer Guide, "Handling errors for an SQS event source").
    """
    if response is None or response == {}:
        return set()
    items = response.get("batchItemFailures", ...) if isinstance(response, Mapping) else ...
    if items is None or items == []:
        return set()
    if isinstance(items, list):
        named = {str(item.get("itemIdentifier")) if isinstance(item, Mapping) else "" for item in items}
        if named <= sent:
            return named
    log.error("the handler's response is none that Lambda accepts: the whole batch comes back")
    return set(sent)


def _record(message: "MessageTypeDef", queue_arn: str, region: str) -> Event:
    return {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": dict(message.get("Attributes", {})),
        "messageAttributes": {
            name: {_lower_first(key): value for key, value in attribute.items()}
            for name, attribute in message.get("MessageAttributes", {}).items()
        },
        "md5OfBody": message["MD5OfBody"],
        "eventSource": "aws:sqs",
        "eventSourceARN": queue_arn,
        "awsRegion": region,
    }


def _pause(failures: int) -> float:
    """Seconds to wait after that many failures in a row."""
    return min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(failures - 1, 10)) if failures else 0.0


def _lower_first(name: str) -> str:
    return name[:1].lower() + name[1:]


def main() -> None:
    settings = load_settings()
    config = Config(connect_timeout=3, read_timeout=POLL + 20, retries={"total_max_attempts": 1})
    client = boto3.client("sqs", region_name=settings.region, endpoint_url=settings.endpoint_url, config=config)
    pump = Pump(client, settings, handler)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: pump.stop.set())
    pump.run()


if __name__ == "__main__":
    main()
