"""What the producer costs at bulk: events a second of one core outside network calls, calls made, memory.

    python -m benchmarks.producer [--events 10000] [--batches 10]

The real handler gets batches as an event source mapping with a window makes them, from an SQS client that takes
everything and costs nothing. Targets: 10,000 events a second, one SendMessageBatch for every ten, and memory that does
not grow from batch to batch.
"""

import argparse
import json
import resource
import time
from copy import deepcopy
from pathlib import Path
from typing import Any
from unittest.mock import patch

from aws_lambda_powertools.utilities.typing import LambdaContext

from pixelfleet.aws.queues import Queues
from pixelfleet.settings import load_settings
from producer_lambda import handler as producer

EVENT = Path(__file__).parents[1] / "tests" / "events" / "put.json"


class Taker:
    """Stands for SQS: takes every entry and counts the calls."""

    def __init__(self) -> None:
        self.calls = self.entries = 0

    def send_message_batch(self, *, QueueUrl: str, Entries: list[Any]) -> dict[str, Any]:  # noqa: N803, ARG002
        self.calls += 1
        self.entries += len(Entries)
        return {"Successful": [{"Id": entry["Id"]} for entry in Entries], "Failed": []}


def batch(count: int, first: int) -> dict[str, Any]:
    """SQS records of one S3 event each, every one of another key."""
    template = json.loads(EVENT.read_text())
    records = []
    for number in range(first, first + count):
        event = deepcopy(template)
        event["Records"][0]["s3"]["object"]["key"] = f"uploads/me/summer/folder/{number:09}.jpg"
        records.append(
            {
                "messageId": f"{number:036}",
                "receiptHandle": "handle",
                "body": json.dumps(event),
                "attributes": {"ApproximateReceiveCount": "1"},
                "messageAttributes": {},
                "eventSource": "aws:sqs",
            }
        )
    return {"Records": records}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=10_000, help="events of one batch")
    parser.add_argument("--batches", type=int, default=10)
    options = parser.parse_args()
    taker = Taker()
    client: Any = taker
    settings = load_settings()
    producer.log.setLevel("WARNING")
    print("| batch | events/s of one core | calls | events a call | peak MB |")
    print("| ---: | ---: | ---: | ---: | ---: |")
    with patch.object(producer, "_composed", lambda: (settings, Queues(client, settings))):
        for number in range(options.batches):
            event = batch(options.events, number * options.events)
            calls, entries, began = taker.calls, taker.entries, time.process_time()
            answer = producer.handler(event, LambdaContext())
            seconds = time.process_time() - began
            assert answer["batchItemFailures"] == []
            assert taker.entries - entries == options.events
            made = taker.calls - calls
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1_000
            rate = options.events / seconds
            print(f"| {number + 1} | {rate:,.0f} | {made:,} | {options.events / made:.1f} | {peak:.0f} |")


if __name__ == "__main__":
    main()
