"""Every call from a process to a service goes through here: it takes time, and faults hit it."""

import random
from collections.abc import Callable
from typing import Any, Final

from botocore.exceptions import EndpointConnectionError, ReadTimeoutError

from tests.fakes.errors import aws_error
from tests.fakes.s3_paginator import PageReader
from tests.simulation.faults import Fault, Weather
from tests.simulation.scheduler import Death, Process, Scheduler
from tests.simulation.trace import Trace

#: Attempts at one call, as boto3's and our own clients make them.
ATTEMPTS: Final = 4
#: Seconds between two attempts.
PAUSE: Final = 0.5
#: Most transaction conflicts in a row of one process: the transaction that is in the way ends.
MOST_CONFLICTS: Final = 7


class Network:
    """Calls of all processes of one simulation."""

    def __init__(self, scheduler: Scheduler, weather: Weather, trace: Trace) -> None:
        self._scheduler = scheduler
        self._weather = weather
        self._trace = trace
        self.calls = 0
        #: When the last process goes on that was frozen.
        self.thawed_at = 0.0

    @property
    def process(self) -> Process:
        """The process that runs."""
        return self._scheduler.process

    def call(self, service: str, operation: str, effect: Callable[[], Any], attempts: int = ATTEMPTS) -> Any:
        """Carry out one call of the running process.

        Raises:
            ClientError, BotoCoreError: the service refused, or did not answer, `attempts` times.
            RuntimeError, KeyError: the process has no valid credentials now.
            Death: the process ended.
        """
        process = self._scheduler.process
        left = attempts
        while True:
            left -= 1
            name, rng = process.next_call(operation)
            error, answer = self._attempt(process, (name, rng), (service, operation), effect)
            if error is None:
                return answer
            if left <= 0 or rng.random() < 0.3:
                raise error
            self._scheduler.sleep(PAUSE * rng.random())

    def work(self, seconds: float) -> None:
        """Compute without a call, for about so many seconds.

        Raises:
            MemoryError, RuntimeError: the computation failed.
            Death: the process ended.
        """
        process = self._scheduler.process
        name, rng = process.next_call("render")
        self._scheduler.sleep(seconds * rng.uniform(0.5, 1.5))
        fault = self._weather.draw(rng, name, "render")
        if fault is not None:
            self._trace.fault(fault, "pixels", "render")
        match fault:
            case Fault.BEFORE:
                raise MemoryError("no memory")
            case Fault.AFTER:
                raise RuntimeError("the codec failed")
            case Fault.DEATH:
                process.kill()
                raise Death
            case Fault.FREEZE | Fault.SLOW:
                self._scheduler.sleep(rng.choice((10.0, 200.0, 400.0)))

    def _attempt(
        self, process: Process, call: tuple[str, random.Random], where: tuple[str, str], effect: Callable[[], Any]
    ) -> tuple[Exception | None, Any]:
        self.calls += 1
        (name, rng), (service, operation) = call, where
        self._scheduler.sleep(rng.expovariate(1 / process.latency))
        self._check_credentials(process, rng)
        fault = None if process.spared else self._weather.draw(rng, name, operation)
        process.conflicts = process.conflicts + 1 if fault is Fault.CONFLICT else 0
        if fault is None or process.conflicts > MOST_CONFLICTS:
            return None, effect()
        self._trace.fault(fault, service, operation)
        return self._with_fault(fault, (process, rng), where, effect)

    def _with_fault(
        self, fault: Fault, whose: tuple[Process, random.Random], where: tuple[str, str], effect: Callable[[], Any]
    ) -> tuple[Exception | None, Any]:
        (process, rng), (service, operation) = whose, where
        match fault:
            case Fault.BEFORE:
                return _no_answer(rng, service, operation), None
            case Fault.AFTER:
                effect()
                return _no_answer(rng, service, operation), None
            case Fault.THROTTLE:
                if operation == "transact_write_items" and rng.random() < 0.5:
                    raise _cancelled("ThrottlingError")
                return aws_error("ThrottlingException", 400, operation), None
            case Fault.CONFLICT:
                # Clients do not repeat what a condition or a conflict refused.
                raise _conflict(operation)
            case Fault.DEATH:
                if rng.random() < 0.5:
                    effect()
                process.kill()
                raise Death
        return None, self._late(fault, (process, rng), effect)

    def _late(self, fault: Fault, whose: tuple[Process, random.Random], effect: Callable[[], Any]) -> Any:
        """A call that succeeds, at an odd time."""
        process, rng = whose
        if fault is Fault.ODD:
            process.credentials_fail_until = self._scheduler.now + rng.choice((5.0, 60.0))
            self._check_credentials(process, rng)
            return effect()
        if fault is Fault.SLOW:
            self._scheduler.sleep(rng.choice((0.5, 3.0, 20.0, 100.0)) * rng.random())
            answer = effect()
            self._scheduler.sleep(rng.expovariate(1.0))
            return answer
        seconds, early = rng.choice((30.0, 150.0, 400.0, 4_000.0)), rng.random() < 0.5
        answer = effect() if early else None
        process.frozen_until = self._scheduler.now + seconds
        self.thawed_at = max(self.thawed_at, process.frozen_until)
        # The process takes no step until it thaws, whatever its tasks wait for.
        self._scheduler.sleep(0.0)
        return answer if early else effect()

    def _check_credentials(self, process: Process, rng: random.Random) -> None:
        """As botocore/credentials.py fails: a refresh that returns expired keys, or a document without keys."""
        if self._weather.over or self._scheduler.now >= process.credentials_fail_until:
            return
        if rng.random() < 0.5:
            raise RuntimeError("Credentials were refreshed, but the refreshed credentials are still expired.")
        raise KeyError("AccessKeyId")


class RemoteClient:
    """A boto3 client of the running process: each method is a call over the network to the model of a service."""

    def __init__(self, network: Network, service: str, model: Any, attempts: int = ATTEMPTS) -> None:
        self._network = network
        self._service = service
        self._model = model
        self._attempts = attempts

    def __getattr__(self, operation: str) -> Any:
        method = getattr(self._model, operation)

        def call(**request: Any) -> Any:
            return self._network.call(self._service, operation, lambda: method(**request), self._attempts)

        self.__dict__[operation] = call
        return call

    def get_paginator(self, operation: str) -> PageReader:
        return PageReader(getattr(self, operation))


def _no_answer(rng: random.Random, service: str, operation: str) -> Exception:
    kind = rng.random()
    if kind < 0.5:
        return aws_error("InternalServerError", 500, operation)
    url = f"https://{service}.us-east-1.amazonaws.com"
    if kind < 0.75:
        return ReadTimeoutError(endpoint_url=url)
    return EndpointConnectionError(endpoint_url=url)


def _conflict(operation: str) -> Exception:
    if operation == "transact_write_items":
        return _cancelled("TransactionConflict")
    return aws_error("TransactionConflictException", 400, operation)


def _cancelled(reason: str) -> Exception:
    """A transaction that one of its actions ended. Clients do not repeat it."""
    reasons = [{"Code": reason}, {"Code": "None"}]
    message = f"Transaction cancelled, please refer cancellation reasons for specific reasons [{reason}, None]"
    return aws_error("TransactionCanceledException", 400, "TransactWriteItems", message, CancellationReasons=reasons)
