"""CPU time of one AWS call in this process: by a boto3 client, and for S3's bytes by obstore.

    python -m benchmarks.calls [--count 1000] [--rounds 5]

The server is a process of its own that answers at once; the least of the rounds counts. Amid other work a call costs
more: caches are cold, and the answer takes its time (see `python -m benchmarks.fleet`).
"""

import argparse
import multiprocessing
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from multiprocessing.connection import Connection
from typing import Any

from pixelfleet.aws.interruptible import interruptible
from pixelfleet.aws.object_bytes import PutHeaders
from pixelfleet.deployment import Deployment
from pixelfleet.settings import load_settings
from tests.fakes.answers import Answer, answering

BODY = os.urandom(100_000)
ITEM = {"image_id": {"S": "x"}} | {f"attribute{number}": {"S": "v" * 30} for number in range(30)}
CONDITION = {"ConditionExpression": "version = :v", "ExpressionAttributeValues": {":v": {"N": "1"}}}
ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_DEFAULT_REGION": "us-east-1",
    "NO_PROXY": "127.0.0.1",
    "PIXELFLEET_ACCOUNT_ID": "123456789012",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    with serving() as (url, answers):
        os.environ |= ENVIRONMENT | {"AWS_ENDPOINT_URL": url}
        print("| call | ms |\n| --- | ---: |")
        for name, answer, call in calls(Deployment(load_settings())):
            answers.send(answer)
            least = min(cost(call, given.count) for _ in range(given.rounds))
            print(f"| {name} | {least:.2f} |", flush=True)


def calls(deployment: Deployment) -> Iterator[tuple[str, str, Callable[[], object]]]:
    """Name, what the server answers, the call."""
    record: Any = {"TableName": "images", "Item": ITEM, **CONDITION}
    yield "DynamoDB PutItem, boto3", "{}", lambda: deployment.dynamodb.put_item(**record)
    notice: Any = {"TopicArn": "arn:aws:sns:us-east-1:123456789012:n", "Message": "m" * 2000, "Subject": "s"}
    answer = "<R><PublishResult><MessageId>7</MessageId></PublishResult></R>"
    yield "SNS Publish, boto3", answer, lambda: deployment.sns.publish(**notice)
    by_boto3: Any = {"Bucket": "bucket", "Key": "key", "Body": BODY, "ChecksumAlgorithm": "SHA256"}
    yield "S3 PutObject of 100 kB, boto3", "", lambda: deployment.s3.put_object(**by_boto3)
    put = partial(deployment.object_bytes.put, "bucket", "key", BODY, PutHeaders())
    yield "S3 PutObject of 100 kB, obstore", "", put
    yield "the same in a task of the worker", "", lambda: interruptible(lambda _: put())
    get = partial(deployment.object_bytes.get, "bucket", "key")
    yield "S3 GetObject of 100 kB, obstore", BODY.hex()[:100_000], lambda: b"".join(get().chunks)


def cost(call: Callable[[], object], count: int) -> float:
    """CPU milliseconds of this process for one call."""
    call()
    began = time.process_time()
    for _ in range(count):
        call()
    return (time.process_time() - began) / count * 1000


@contextmanager
def serving() -> Iterator[tuple[str, "Connection[Any, Any]"]]:
    """The server's address, and where to send what it is to answer from now on."""
    ours, theirs = multiprocessing.Pipe()
    server = multiprocessing.Process(target=_serve, args=(theirs,))
    server.start()
    try:
        yield ours.recv(), ours
    finally:
        ours.send(None)
        server.join()


def _serve(commands: "Connection[Any, Any]") -> None:
    with answering() as server:
        commands.send(server.url)
        while (text := commands.recv()) is not None:
            server.answers = [Answer(text=text)]


if __name__ == "__main__":
    main()
