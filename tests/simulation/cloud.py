"""The services of one simulated account, and their events: S3 sends events to SQS, and the models call observers."""

import json
import random
from collections.abc import Callable
from typing import Any, Final

from pixelfleet.catalog.schema import TABLES
from pixelfleet.settings import Settings
from tests.fakes.cloudfront import FakeCloudFront
from tests.fakes.dynamodb import FakeDynamoDb
from tests.fakes.s3 import FakeS3
from tests.fakes.sns import FakeSns
from tests.fakes.sqs_account import SqsAccount
from tests.fakes.sqs_boto import FakeSqsClient
from tests.fakes.sqs_queue import State
from tests.simulation.scenario import ANYTHING, Scenario
from tests.simulation.scheduler import Process, Scheduler, Signal
from tests.simulation.step import MASTERS, bucket_of

#: Seconds that the lanes' messages stay hidden, as infra/ and localcloud/resources.py set them.
VISIBILITY: Final = {"uploads": 180, "bulk": 120, "heavy": 300}
MAX_RECEIVES: Final = {"uploads": 5, "bulk": 10, "heavy": 10}
#: The share of runs whose queues give a message up after `FEW_RECEIVES`: dead letters of every kind are frequent there.
GIVES_UP_SOON: Final = 0.1
FEW_RECEIVES: Final = 2
#: Of each run one: the share of events that S3 never sends. S3 promises each event at least once; the reconcile does
#: not rely on that.
LOST_EVENTS: Final = (0.0,) * 8 + (0.05, 0.3)
#: Of each run one: the share of events that come twice, and of those that come late.
STRAY_EVENTS: Final = (0.1, 0.1, 0.5)
RETENTION: Final = {"queue": 7 * 86_400, "dlq": 14 * 86_400}
#: Seconds of empty polls that are simulated as one.
EMPTY_POLLS: Final = 300.0


class Cloud:
    """Models of every service that the fleet uses. `rng` decides what the services do of their own accord."""

    def __init__(
        self, scheduler: Scheduler, settings: Settings, rng: random.Random, scenario: Scenario = ANYTHING
    ) -> None:
        self.settings = settings
        self._scheduler = scheduler
        self._rng = rng
        self._scenario = scenario
        self._process = Process("aws", rng)
        self._arrivals: dict[str, Signal] = {}
        self.on_object_event: Callable[[str, dict[str, Any]], None] = lambda _bucket, _record: None
        self.on_event_lost: Callable[[dict[str, Any]], None] = lambda _record: None

        def clock() -> float:
            return scheduler.now

        self.s3 = FakeS3(clock, self._s3_event)
        # The simulated files are small, and so are their parts.
        self.s3.uploads_in_parts.least_part = 1
        self.sqs = SqsAccount(clock, lambda: f"m{rng.getrandbits(48):012x}", lambda _message: rng.random() < 0.8)
        self.sqs.on_arrival = self._arrived
        self.sqs_client = FakeSqsClient(self.sqs, self._wait_for_arrival)
        self.dynamodb = FakeDynamoDb((f"{settings.prefix}-{table.name}", table) for table in TABLES)
        self.sns = FakeSns()
        self.cloudfront = FakeCloudFront(clock, rng.choice((2, 10, 15)))
        self._provision()
        #: Whether S3 loses, delays, doubles and reorders its events.
        self.events_wander = True
        #: Whether S3 sends the events of the bucket that is adopted.
        self.masters_send_events = False
        #: The number of events that S3 never sent.
        self.events_lost = 0
        lost, stray = rng.choice(LOST_EVENTS), rng.choice(STRAY_EVENTS)
        self.share_lost = lost if scenario.lost_events is None else scenario.lost_events
        self._share_stray = stray if scenario.stray_events is None else scenario.stray_events

    def lanes_empty(self) -> bool:
        """Whether no source queue holds a message, and no event is on its way."""
        queues = [self.sqs.queue(f"{self.settings.prefix}-{name}") for name in VISIBILITY]
        self.wake_queues()
        return not self._process.tasks and all(
            not queue.counts[state] for queue in queues for state in (State.VISIBLE, State.IN_FLIGHT, State.DELAYED)
        )

    def wake_queues(self) -> None:
        for name in VISIBILITY:
            for end in ("", "-dlq"):
                self.sqs.queue(f"{self.settings.prefix}-{name}{end}").wake(self._scheduler.now)

    def end_restore(self, key: str, seconds: float) -> None:
        """Let the restore of the key's object end after so many seconds, unless the key has another object by then."""
        bucket = self.s3.bucket(bucket_of(key, self.settings.uploads_bucket))
        restored = bucket.current(key)

        def end() -> None:
            if restored is not None and restored.restore is not None and bucket.current(key) is restored:
                self.s3.finish_restore(bucket.name, key)

        self._scheduler.spawn(self._process, "restore", end, seconds)

    def dead_letters(self, name: str) -> list[str]:
        """The bodies of the messages in a dead-letter queue; `name` is `uploads`, `bulk` or `heavy`."""
        return [message.body for message in self.sqs.queue(f"{self.settings.prefix}-{name}-dlq").messages()]

    def gave_up(self) -> bool:
        """Whether SQS itself ever moved a message to a dead-letter queue."""
        return any(self.sqs.queue(f"{self.settings.prefix}-{name}").buried for name in VISIBILITY)

    def _provision(self) -> None:
        few = FEW_RECEIVES if self._rng.random() < GIVES_UP_SOON else 0
        few = self._scenario.max_receives or few
        for name, visibility in VISIBILITY.items():
            source = f"{self.settings.prefix}-{name}"
            self.sqs.create_queue(
                {"QueueName": f"{source}-dlq", "Attributes": {"MessageRetentionPeriod": str(RETENTION["dlq"])}}
            )
            policy = {
                "deadLetterTargetArn": f"arn:aws:sqs:us-east-1:000000000000:{source}-dlq",
                "maxReceiveCount": few or MAX_RECEIVES[name],
            }
            attributes = {
                "VisibilityTimeout": str(visibility),
                "MessageRetentionPeriod": str(RETENTION["queue"]),
                "RedrivePolicy": json.dumps(policy),
            }
            self.sqs.create_queue({"QueueName": source, "Attributes": attributes})
        if self._rng.random() < 0.1:
            lane = self.sqs.queue(f"{self.settings.prefix}-bulk")
            lane.most_in_flight = self._rng.choice((1, 3))
        self.s3.create_bucket(Bucket=self.settings.uploads_bucket)
        self.s3.create_bucket(Bucket=self.settings.results_bucket)
        self.s3.create_bucket(Bucket=self.settings.alias_bucket)
        self.sns.create_topic(Name=f"{self.settings.prefix}-notices")

    def _s3_event(self, bucket: str, record: dict[str, Any]) -> None:
        self.on_object_event(bucket, record)
        if bucket not in (self.settings.uploads_bucket, MASTERS):
            return
        if bucket == MASTERS and not self.masters_send_events:
            self.events_lost += 1
            return
        if self.events_wander and self._rng.random() < self.share_lost:
            self.events_lost += 1
            self.on_event_lost(record)
            return
        copies = 2 if self.events_wander and self._rng.random() < self._share_stray else 1
        for _ in range(copies):
            delay = self._rng.expovariate(1 / 2.0)
            if self.events_wander and self._rng.random() < self._share_stray:
                delay = self._rng.choice((5.0, 30.0, 90.0, 900.0)) * self._rng.random()
            body = json.dumps({"Records": [record]})
            self._scheduler.spawn(self._process, "event", lambda body=body: self._send_event(body), delay)  # type: ignore[misc]

    def _send_event(self, body: str) -> None:
        self.sqs.send_message({"QueueUrl": self.settings.uploads_queue_url, "MessageBody": body})

    def _arrived(self, name: str) -> None:
        if name in self._arrivals:
            self._arrivals[name].set()

    def _wait_for_arrival(self, name: str, until: float) -> None:
        """One wait stands for many empty polls in a row of a source queue: nothing happens in an empty poll.

        A dead-letter queue is polled until an answer is empty, and so each of its polls is simulated.
        """
        hidden_until = self.sqs.queue(name).next_wake()
        if not name.endswith("-dlq") and (hidden_until is None or hidden_until > until):
            until = min(self._scheduler.now + EMPTY_POLLS, hidden_until or float("inf"))
        self._arrivals.setdefault(name, Signal(self._scheduler)).wait(until)
