"""CPU time of one AWS call in this process: a boto3 client beside the signed calls of `pixelfleet.signed`.

    python -m benchmarks.calls [--count 1000] [--rounds 5]

Both ask a server in a process of its own that answers at once; the least of the rounds counts. What each call costs in
the midst of other work is more: caches are cold and the answer takes its time (see `python -m benchmarks.fleet`).
"""

import argparse
import multiprocessing
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import Any

from pixelfleet.deployment import Deployment
from pixelfleet.settings import load_settings
from pixelfleet.signed.s3 import Sha256, SignedS3, judge
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
        print("| call | client, ms | signed, ms | signed / client |\n| --- | ---: | ---: | ---: |")
        for name, answer, client, signed in calls(Deployment(load_settings())):
            answers.send(answer)
            theirs, ours = float("inf"), float("inf")
            for _ in range(given.rounds):
                theirs = min(theirs, cost(client, given.count))
                ours = min(ours, cost(signed, given.count))
            print(f"| {name} | {theirs:.2f} | {ours:.2f} | {ours / theirs:.2f} |", flush=True)


def calls(deployment: Deployment) -> Iterator[tuple[str, str, Callable[[], object], Callable[[], object]]]:
    """Name, what the server answers, by the client, signed."""
    tables, topics = deployment._client("dynamodb"), deployment._client("sns")  # noqa: SLF001 - configured as the fleet's own
    record: Any = {"TableName": "images", "Item": ITEM, **CONDITION}
    yield "DynamoDB PutItem", "{}", lambda: tables.put_item(**record), lambda: deployment.dynamodb.put_item(**record)
    notice: Any = {"TopicArn": "arn:aws:sns:us-east-1:123456789012:n", "Message": "m" * 2000, "Subject": "s"}
    yield (
        "SNS Publish",
        "<R><PublishResult><MessageId>7</MessageId></PublishResult></R>",
        lambda: topics.publish(**notice),
        lambda: deployment.sns.publish(**notice),
    )
    digest = Sha256.of(BODY)
    signed = SignedS3(deployment.s3, deployment._signed(deployment.s3, judge))  # noqa: SLF001 - the same
    yield (
        "S3 PutObject, 100 kB",
        "",
        lambda: deployment.s3.put_object(Bucket="bucket", Key="key", Body=BODY, ChecksumSHA256=digest.base64),
        lambda: signed.put("bucket", "key", BODY, digest, {}),
    )


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


def _serve(told: "Connection[Any, Any]") -> None:
    with answering() as server:
        told.send(server.url)
        while (text := told.recv()) is not None:
            server.answers = [Answer(text=text)]


if __name__ == "__main__":
    main()
