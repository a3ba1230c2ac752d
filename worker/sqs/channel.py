"""The consumers of one connection on kombu's virtual channel: which messages are held, how many to ask for, how
messages are settled.

Everything here runs on the event loop's thread and makes no call to SQS. The `Receiver`s receive, and the `AckBatcher`
deletes messages and changes their visibility.
"""

import functools
import logging
import time
from collections.abc import Callable, Mapping
from typing import Any, Final

from kombu.asynchronous import get_event_loop
from kombu.transport import virtual

from pixelfleet.errors import SetupError
from worker.sqs.backoff import RetryBudget
from worker.sqs.connection import Connection
from worker.sqs.envelope import EnvelopeError, to_payload
from worker.sqs.receive import Receiver, ReceiveResult, SourceQueue, receive_count
from worker.sqs.settle import Settlement
from worker.sqs.shutdown import EX_CONFIG, EX_UNAVAILABLE, shutdown

log = logging.getLogger(__name__)

#: The most acknowledged messages with a waiting delete; with more, no message is received.
MAX_BACKLOG: Final = 500


class QoS(virtual.QoS):
    """The messages that are held. At the end they are shown again by tens; kombu would make one call for each."""

    channel: "Channel"

    @property
    def room(self) -> int:
        """Free prefetch slots; without a limit, one receive's worth."""
        free = self.can_consume_max_estimate()
        return 10 if free is None else free  # type: ignore[redundant-expr]  # kombu returns None without a limit

    def restore_unacked_once(self, stderr: Any | None = None) -> None:  # noqa: ARG002 - kombu's signature
        self._on_collect.cancel()  # type: ignore[attr-defined]
        self._flush()  # type: ignore[attr-defined]
        for tag in list(self._delivered or ()):
            self.channel.hand_back(tag)


class Channel(virtual.Channel):
    """One connection's consumers. All methods run on the event loop's thread."""

    QoS = QoS
    connection: Connection

    def __init__(self, connection: Connection, **kwargs: Any) -> None:
        super().__init__(connection, **kwargs)
        # None outside a worker, where nothing consumes.
        self._hub: Any = get_event_loop()
        self._receivers: dict[str, Receiver] = {}
        #: Prefetch slots beyond one for each child; the consumer sets it.
        self.spare = 0

    def basic_consume(self, queue: str, no_ack: bool, callback: Any, consumer_tag: Any, **kwargs: Any) -> Any:
        super().basic_consume(queue, no_ack, callback, consumer_tag, **kwargs)
        options = self.connection.options
        source = SourceQueue(
            queue, self._url(queue), int(options["wait_time_seconds"]), int(options["receives_in_flight"])
        )
        retry_budget = RetryBudget(float(options["give_up_after_seconds"]))
        receiver = Receiver(source, self.connection.client_sqs, retry_budget, self._soon, self._take)
        self._receivers[queue] = receiver
        self._soon(functools.partial(self._pump, receiver))

    def basic_cancel(self, consumer_tag: str) -> None:
        queue = self._tag_to_queue.get(consumer_tag)
        super().basic_cancel(consumer_tag)
        if queue in self._receivers:
            self._receivers[queue].close()

    def basic_ack(self, delivery_tag: str, multiple: bool = False) -> None:  # noqa: ARG002 - kombu's signature
        """Delete the message, soon; its prefetch slot is free at once."""
        self._settle(delivery_tag, None)

    def basic_reject(self, delivery_tag: str, requeue: bool = False) -> None:
        """Without `requeue`, leave the message as it is: its visibility runs out, or the task has set it.

        With `requeue` (a lost child, the hard time limit) the message is visible after a back-off by its receive count.
        """
        if requeue:
            self._settle(delivery_tag, self.connection.back_off.whole_seconds(self._receives(delivery_tag)))
        else:
            self._free(delivery_tag)

    def hand_back(self, delivery_tag: str) -> None:
        """Show an unfinished message to other workers at once."""
        self._settle(delivery_tag, 0)

    def extend(self, delivery_tag: str) -> None:
        """Hide a waiting message for its whole visibility again; after SQS's answer, the receipt has the time."""
        info = self._info(delivery_tag)
        if info is None:
            return
        visibility = info["sqs_visibility"]
        then = functools.partial(info.__setitem__, "sqs_received_at")
        until = info["sqs_received_at"] + visibility
        self.connection.ack_batcher.add(Settlement(info["sqs_queue"], delivery_tag, int(visibility), until, then))

    def close(self) -> None:
        if self.closed:
            return
        super().close()
        for receiver in self._receivers.values():
            receiver.close()
            receiver.join()

    def _take(self, receiver: Receiver, result: ReceiveResult) -> None:
        if result.error is not None:
            self._stumble(receiver, result.error)
            return
        receiver.retry_budget.succeeded()
        for message in result.messages:
            self._deliver(receiver, message, result.at)
        self._pump_all(last=receiver)

    def _stumble(self, receiver: Receiver, error: Exception) -> None:
        if isinstance(error, SetupError):
            shutdown.ask(EX_CONFIG, str(error))
            return
        pause = receiver.retry_budget.failed()
        log.warning("could not receive from %s: %s; trying again in %.1f s", receiver.source.name, error, pause)
        if receiver.retry_budget.exhausted:
            shutdown.ask(EX_UNAVAILABLE, f"no receive from {receiver.source.url} has succeeded for too long")
            return
        self._later(pause, receiver)

    def _deliver(self, receiver: Receiver, message: Mapping[str, Any], at: float) -> None:
        queue = receiver.source.name
        callback = self.connection.callbacks.get(queue)
        if callback is None:
            return
        delivery = {"sqs_queue": receiver.source.url, "sqs_received_at": at, "sqs_visibility": receiver.visibility}
        try:
            callback(to_payload(message, queue, delivery))
        except MemoryError:
            raise
        except EnvelopeError as error:
            # No traceback: it would show this code, not the message.
            log.warning("left to the redrive policy: message %s of %s: %s", message.get("MessageId"), queue, error)
        except Exception:  # whatever a message makes Celery raise must not end the worker
            log.exception("left to the redrive policy: message %s of %s", message.get("MessageId"), queue)
            self._free(message["ReceiptHandle"])

    def _pump_all(self, last: Receiver | None = None) -> None:
        """Let every queue ask for its share of the room; the queue that asked last comes last.

        A poll of an empty queue holds its slots during the wait, so this order is fair to both queues.
        """
        receivers = sorted(self._receivers.values(), key=lambda receiver: receiver is last)
        for number, receiver in enumerate(receivers):
            self._pump(receiver, sharers=len(receivers) - number)

    def _pump(self, receiver: Receiver, sharers: int = 1) -> None:
        """Ask for messages until the room is full."""
        # The hub may still hold calls to this when the channel is closed, and then has no connection.
        if self.closed or receiver.source.name not in self.connection.callbacks:
            return
        if self.connection.ack_batcher.backlog > MAX_BACKLOG:
            self._later(0.1, receiver)
            return
        qos: Any = self.qos
        while receiver.in_flight < receiver.source.threads:
            room = qos.room - sum(each.asked for each in self._receivers.values())
            most = receive_count(-(-room // sharers), self.spare, receiver.in_flight, plenty=receiver.plenty)
            if not most:
                return
            receiver.ask(most)

    def _settle(self, delivery_tag: str, hide_for: int | None) -> None:
        info = self._info(delivery_tag)
        if info is not None and self.connection is not None:
            until = time.monotonic() + info["sqs_visibility"]
            self.connection.ack_batcher.add(Settlement(info["sqs_queue"], delivery_tag, hide_for, until))
        self._free(delivery_tag)

    def _free(self, delivery_tag: str) -> None:
        if self._info(delivery_tag) is None:
            return
        self.qos.ack(delivery_tag)
        self._pump_all()

    def _info(self, delivery_tag: str) -> dict[str, Any] | None:
        try:
            info: dict[str, Any] = self.qos.get(delivery_tag).delivery_info
        except KeyError:
            return None
        return info

    def _receives(self, delivery_tag: str) -> int:
        info = self._info(delivery_tag) or {}
        attributes = info.get("sqs_message", {}).get("Attributes") or {}
        return int(attributes.get("ApproximateReceiveCount", 1))

    def _soon(self, callback: Callable[[], None]) -> None:
        self._hub.call_soon(callback)

    def _later(self, seconds: float, receiver: Receiver) -> None:
        self._hub.call_later(seconds, self._pump, receiver)

    def _url(self, queue: str) -> str:
        queues = self.connection.options["predefined_queues"]
        if queue not in queues:
            raise SetupError(f"no queue {queue!r}: a worker consumes from one of {', '.join(sorted(queues))}")
        return str(queues[queue]["url"])

    def _put(self, queue: str, message: Any, **kwargs: Any) -> None:
        raise NotImplementedError(
            "jobs are sent by pixelfleet.aws.queues; a task here neither retries nor calls another"
        )
