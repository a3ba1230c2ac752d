"""A relay between bucket and uploads queue. It delivers one event in ten twice, and all events in another order."""

import json
import random
import threading
from typing import TYPE_CHECKING, Any

from pixelfleet.deployment import Deployment

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

TWICE = 0.1
#: Most messages that are held back and mixed with later messages.
HELD = 30


class Meddler:
    """A thread, from `start` to `stop`. No message is lost: a message is deleted after it is passed on."""

    def __init__(self, deployment: Deployment, chance: random.Random) -> None:
        self._deployment = deployment
        self._sqs: SQSClient = deployment.sqs
        self._chance = chance
        self._url = ""
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.passed_on = 0
        self.doubled = 0

    def start(self) -> None:
        """Redirect the bucket's notifications to a separate queue, and start to pass them on."""
        settings = self._deployment.settings
        self._url = self._sqs.create_queue(QueueName=f"{settings.prefix}-raw")["QueueUrl"]
        arn = self._sqs.get_queue_attributes(QueueUrl=self._url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        statement = {
            "Effect": "Allow",
            "Principal": {"Service": "s3.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": arn,
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        self._sqs.set_queue_attributes(QueueUrl=self._url, Attributes={"Policy": policy, "VisibilityTimeout": "60"})
        bucket = settings.uploads_bucket
        reported: Any = self._deployment.s3.get_bucket_notification_configuration(Bucket=bucket)
        [queue] = reported["QueueConfigurations"]
        turned: Any = {"QueueConfigurations": [{**queue, "QueueArn": arn}]}
        self._deployment.s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration=turned)
        self._thread.start()

    def stop(self) -> None:
        """Pass on the remaining messages, in random order."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        held: list[tuple[str, str]] = []
        while True:
            last = self._stop.is_set()
            answer = self._sqs.receive_message(QueueUrl=self._url, MaxNumberOfMessages=10, WaitTimeSeconds=1)
            came = answer.get("Messages", [])
            held += [(message["Body"], message["ReceiptHandle"]) for message in came]
            self._chance.shuffle(held)
            while held and (len(held) > HELD or not came):
                self._pass_on(*held.pop())
            if last and not came:
                return

    def _pass_on(self, body: str, handle: str) -> None:
        times = 2 if self._chance.random() < TWICE else 1
        for _ in range(times):
            self._sqs.send_message(QueueUrl=self._deployment.settings.uploads_queue_url, MessageBody=body)
        self._sqs.delete_message(QueueUrl=self._url, ReceiptHandle=handle)
        self.passed_on += 1
        self.doubled += times - 1
