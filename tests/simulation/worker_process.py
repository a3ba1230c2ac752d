"""A worker: the real receiver, ack batcher, task, lease and processor. Only Celery's main loop is a stand-in.

The stand-in follows worker/sqs/channel.py: which messages are asked for, what follows a failed receive, what becomes of
a message whose child was lost. Each child is a process of its own, which may die while its worker lives on.
"""

import functools
import itertools
import json
from collections import deque
from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any, Final

import worker.tasks
from pixelfleet.catalog.activity import SLOT
from pixelfleet.domain.jobs import Lane
from pixelfleet.errors import SetupError
from pixelfleet.operations.invalidation import send_invalidations
from tests.simulation.environment import Environment
from tests.simulation.pixels import Pixels
from tests.simulation.releases import NEWER
from tests.simulation.scheduler import Death, Process, Scheduler
from worker.heartbeat import FIRST
from worker.invalidation import InvalidationSender
from worker.job.attempt import Surroundings
from worker.job.engine import InlineEngine
from worker.job.process import Processor
from worker.job.time_limit import TimeLimit
from worker.lanes import GRACE
from worker.sqs.backoff import BackOff, RetryBudget
from worker.sqs.envelope import EnvelopeError, to_payload
from worker.sqs.receive import Receiver, ReceiveResult, SourceQueue, receive_count
from worker.sqs.settle import AckBatcher, Settlement

#: Messages in hand for each child, as worker/app.py sets the multiplier.
PREFETCH: Final = 4
GIVE_UP: Final = 900.0
#: Seconds until ECS has replaced a worker, and Celery a child.
REPLACED_AFTER: Final = 20.0
CHILD_AFTER: Final = 1.0

Payload = dict[str, Any]
_RUN: Any = worker.tasks.process.run
#: The task's function without Celery's task, which the simulated request stands for.
_TASK: Any = _RUN.__func__


class SimulatedWorker:
    """One worker process with its children. `on_exit` is called when it has ended, by itself or by a fault."""

    def __init__(self, environment: Environment, name: str, lane: Lane, children: int, release: str) -> None:
        self._environment = environment
        self._scheduler: Scheduler = environment.scheduler
        self._lane = lane
        self._release = release
        self.process = environment.process(name)
        self.exit_code: int | None = None
        self.plan: tuple[str, Lane, int, str] = (name, lane, children, release)
        self.received_at = self._scheduler.now
        settings = environment.cloud.settings
        self._url = settings.queue_url(lane)
        self._client = environment.deployment(self.process, sqs_attempts=1).sqs
        self._waiting: deque[Payload] = deque()
        self._held: dict[str, Payload] = {}
        self._children = [f"{name}.{number}" for number in range(children)]
        self._slots = PREFETCH * children if lane is Lane.BULK else children
        self._numbers = itertools.count()
        self.process.on_death.append(self._ended)
        self._scheduler.spawn(self.process, "main", self._start)

    @property
    def busy(self) -> bool:
        """Whether a message is in hand."""
        return bool(self._held)

    def stop(self) -> None:
        """SIGTERM: receive no more, hand back what no child has begun, end what still runs after a while."""
        if self.process.alive and self.exit_code is None:
            self._scheduler.spawn(self.process, "drain", self._drain)

    def _start(self) -> None:
        # A receiver and an ack batcher belong to the process that made them.
        source = SourceQueue(self._lane.value, self._url, wait=20, threads=2)
        self.receiver = Receiver(source, self._client, RetryBudget(GIVE_UP), self._call_soon, self._take)
        self._acks = AckBatcher(self._client, RetryBudget(GIVE_UP), lambda _text: None, lambda: self._exit(69))
        self._arrived = self._environment.signal()
        for name in self._children:
            self._start_child(name)
        self._scheduler.spawn(self.process, "keep prefetched", self._keep_prefetched)
        self._pump()

    def _call_soon(self, callback: Callable[[], None]) -> None:
        self._scheduler.spawn(self.process, "loop", callback)

    def _take(self, receiver: Receiver, result: ReceiveResult) -> None:
        self.received_at = self._scheduler.now
        if result.error is not None:
            self._stumble(receiver, result.error)
            return
        receiver.retry_budget.succeeded()
        for message in result.messages:
            self._deliver(receiver, message, result.at)
        self._pump()

    def _stumble(self, receiver: Receiver, error: Exception) -> None:
        if isinstance(error, SetupError):
            self._exit(78)
            return
        pause = receiver.retry_budget.failed()
        if receiver.retry_budget.exhausted:
            self._exit(69)
            return
        self._scheduler.spawn(self.process, "loop", self._pump, pause)

    def _deliver(self, receiver: Receiver, message: Mapping[str, Any], at: float) -> None:
        delivery = {"sqs_queue": self._url, "sqs_received_at": at, "sqs_visibility": receiver.visibility}
        try:
            payload = to_payload(message, self._lane.value, delivery)
        except EnvelopeError:
            return
        self._held[message["ReceiptHandle"]] = payload
        self._waiting.append(payload)
        self._arrived.set()

    def _pump(self) -> None:
        if self.exit_code is not None:
            return
        receiver = self.receiver
        while receiver.in_flight < receiver.source.threads:
            room = self._slots - len(self._held) - receiver.asked
            most = receive_count(room, self._slots - len(self._children), receiver.in_flight, plenty=receiver.plenty)
            if not most:
                return
            # A poll that is under way counts as one that has ended: it may be slow.
            self.received_at = self._scheduler.now
            receiver.ask(most)

    def _settle(self, payload: Payload, hide_for: int | None) -> None:
        handle, info = _handle(payload), payload["properties"]["delivery_info"]
        if self._held.pop(handle, None) is None:
            return
        self._acks.add(Settlement(self._url, handle, hide_for, self._scheduler.now + info["sqs_visibility"]))
        self._pump()

    def _free(self, payload: Payload) -> None:
        self._held.pop(_handle(payload), None)
        self._pump()

    def _keep_prefetched(self) -> None:
        while self.exit_code is None:
            while not self._waiting:
                self._arrived.wait()
            self._scheduler.sleep(10.0)
            for payload in list(self._waiting):
                info = payload["properties"]["delivery_info"]
                begun = max(info["sqs_received_at"], info.get("sqs_extending_at", 0.0))
                if self._scheduler.now >= begun + info["sqs_visibility"] / 3:
                    info["sqs_extending_at"] = self._scheduler.now
                    until = info["sqs_received_at"] + info["sqs_visibility"]
                    then = functools.partial(info.__setitem__, "sqs_received_at")
                    visibility = int(info["sqs_visibility"])
                    self._acks.add(Settlement(self._url, _handle(payload), visibility, until, then))

    def _start_child(self, name: str) -> None:
        if self.exit_code is None and self.process.alive:
            child = Child(self._environment, f"{name}#{next(self._numbers)}", self.process, self._lane, self._release)
            self._scheduler.spawn(child.process, "child", lambda: self._feed(child))
            child.process.on_death.append(lambda: self._child_lost(name, child))

    def _feed(self, child: "Child") -> None:
        """The pool's side of one child: give it a message, settle the message by how the task ended."""
        while True:
            while not self._waiting:
                self._arrived.wait()
            child.payload = payload = self._waiting.popleft()
            limit = self._environment.cloud.settings.lanes[self._lane].time_limit
            self._scheduler.spawn(self.process, "timer", lambda p=payload: child.exceed_limit(p), limit)  # type: ignore[misc]
            self._scheduler.spawn(self.process, "timer", lambda p=payload: child.end(p), limit + GRACE)  # type: ignore[misc]
            try:
                child.carry_out(payload)
            except SystemExit:
                child.payload = None
                child.process.kill()
                raise Death from None
            except Exception as error:
                self._environment.ended_by(error)
                # A failed task is neither deleted nor shown: its visibility was set by the task.
                self._environment.trace.note(f"attempt ends: {type(error).__name__}: {str(error)[:70]}")
                child.payload = None
                self._call_soon(functools.partial(self._free, payload))
                continue
            child.payload = None
            self._call_soon(functools.partial(self._settle, payload, None))

    def _child_lost(self, name: str, child: "Child") -> None:
        if not self.process.alive or self.exit_code is not None:
            return
        payload, child.payload = child.payload, None
        if payload is not None:
            receives = int(
                payload["properties"]["delivery_info"]["sqs_message"]["Attributes"]["ApproximateReceiveCount"]
            )
            seconds = BackOff().whole_seconds(receives)
            self._scheduler.spawn(self.process, "loop", lambda: self._settle(payload, seconds))
        self._scheduler.spawn(self.process, "pool", lambda: self._start_child(name), CHILD_AFTER)

    def _drain(self) -> None:
        self._environment.trace.note("gets SIGTERM")
        self.exit_code = 0
        self.receiver.close()
        while self._waiting:
            self._settle(self._waiting.popleft(), 0)
        deadline = self._scheduler.now + self._environment.cloud.settings.shutdown_seconds
        while self._held and self._scheduler.now < deadline:
            self._scheduler.sleep(1.0)
        for task in [task for child in self.process.children for task in child.tasks if task.name == "child"]:
            task.interrupt = _exit
        self._scheduler.sleep(3.0)
        for payload in list(self._held.values()):
            self._settle(payload, 0)
        self.receiver.join()
        self._acks.close(10.0)
        self.process.kill()

    def _exit(self, code: int) -> None:
        """The worker ends itself, to be replaced."""
        if self.exit_code is None:
            self._environment.trace.note(f"exits with code {code}")
            self.exit_code = code
            self._scheduler.spawn(self.process, "exit", self.process.kill)

    def _ended(self) -> None:
        self._environment.replace_worker(self, REPLACED_AFTER)


class Child:
    """One pool process: what worker/tasks.py keeps for each process, and the task itself."""

    def __init__(self, environment: Environment, name: str, parent: Process, lane: Lane, release: str) -> None:
        self.process = environment.process(name, parent)
        self.payload: Payload | None = None
        self.limit = TimeLimit()
        deployment = environment.deployment(self.process, release=release)
        pixels = Pixels(environment.network, lane, newer=release == NEWER)
        sender = InvalidationSender(lambda: send_invalidations(deployment))

        def turn() -> None:
            """At the end of a slot, and of the next one as long as something is left."""
            sender.turn()
            if sender._asked.is_set():
                environment.scheduler.spawn(self.process, "invalidate", turn, SLOT)

        def send_soon() -> None:
            sender.ask()
            environment.scheduler.spawn(self.process, "invalidate", turn, SLOT)

        environment.scheduler.spawn(self.process, "invalidate", turn, FIRST)

        surroundings = Surroundings(
            InlineEngine(pixels.probe, pixels.render),
            monotonic=lambda: environment.scheduler.now,
            worker=name,
            on_invalidation=send_soon,
        )
        processor = Processor(deployment, self.limit, surroundings)
        self.process.memory |= {
            "processor": processor,
            "leases": environment.deployment(self.process, sqs_attempts=1).sqs,
            "time_limit": self.limit,
        }
        self._environment = environment

    def carry_out(self, payload: Payload) -> None:
        """Run the real task on one message."""
        [[raw], _kwargs, _embed] = json.loads(payload["body"])
        name = raw["key"].rpartition("/")[2]
        info = payload["properties"]["delivery_info"]["sqs_message"]["Attributes"]
        receives = info["ApproximateReceiveCount"]
        self._environment.trace.note(
            f"takes {raw['kind']} {name} {raw.get('version_id', '')} by {raw['origin']}, receive {receives}"
        )
        task = SimpleNamespace(request=SimpleNamespace(properties=payload["properties"]))
        _TASK(task, raw)

    def exceed_limit(self, payload: Payload) -> None:
        """The soft time limit, if the child still works on that message."""
        if self.payload is payload and self.process.alive:
            for task in self.process.tasks:
                if task.name == "child":
                    task.interrupt = self.limit.on_signal
                    task.wake()

    def end(self, payload: Payload) -> None:
        """The hard time limit."""
        if self.payload is payload:
            self.process.kill()


def _handle(payload: Payload) -> str:
    return str(payload["properties"]["delivery_info"]["sqs_message"]["ReceiptHandle"])


def _exit() -> None:
    raise SystemExit
