"""kombu's SQS transport, written anew where the stock one loses messages or stands still.

`broker_transport="worker.transport:Transport"` selects it. It receives (worker/receive.py), reads envelopes
(worker/envelope.py) and settles (worker/settle.py); this module ties those to kombu's virtual channel. It differs
from the stock transport in that

- a receive that fails, whatever with, is tried again with back-off, and a run of failures that lasts too long ends
  the worker with an exit code that makes ECS replace it;
- a message that cannot be read is left to the redrive policy and holds no prefetch slot;
- nothing is deleted but what was acknowledged: a reject leaves the message in the queue;
- no call to SQS is made on the event loop;
- what is not done at shutdown is shown again at once;
- it sends nothing: jobs are sent by `pixelfleet.queues`.
"""

import functools
import logging
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

import boto3
from botocore.config import Config
from kombu.asynchronous import get_event_loop
from kombu.transport import virtual

from pixelfleet.errors import SetupError
from worker.envelope import EnvelopeError, to_payload
from worker.lifecycle import EX_CONFIG, EX_UNAVAILABLE, shutdown
from worker.patience import BackOff, Patience
from worker.receive import Feed, Outcome, Source, appetite
from worker.settle import Settlement, Settler
from worker.versions import check_versions

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

log = logging.getLogger(__name__)

#: Acknowledged messages whose delete may be waiting before no more are received.
MAX_BACKLOG: Final = 500
#: Seconds that shutdown gives to the last deletes.
SETTLE_AT_CLOSE: Final = 10.0
DEFAULTS: Final[Mapping[str, Any]] = {
    "wait_time_seconds": 5,
    "receives_in_flight": 4,
    "give_up_after_seconds": 900.0,
    "back_off_seconds": 5.0,
}


class QoS(virtual.QoS):
    """Which messages are held; at the end they are shown again instead of kombu's one call each."""

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
    connection: "Transport"

    def __init__(self, connection: "Transport", **kwargs: Any) -> None:
        super().__init__(connection, **kwargs)
        # None outside a worker, where nothing consumes.
        self._hub: Any = get_event_loop()
        self._feeds: dict[str, Feed] = {}
        #: Prefetch slots beyond one for each child; the consumer tells it.
        self.spare = 0

    def basic_consume(self, queue: str, no_ack: bool, callback: Any, consumer_tag: Any, **kwargs: Any) -> Any:
        super().basic_consume(queue, no_ack, callback, consumer_tag, **kwargs)
        options = self.connection.options
        source = Source(queue, self._url(queue), int(options["wait_time_seconds"]), int(options["receives_in_flight"]))
        patience = Patience(float(options["give_up_after_seconds"]))
        feed = Feed(source, self.connection.client_sqs, patience, self._soon, self._take)
        self._feeds[queue] = feed
        self._soon(functools.partial(self._pump, feed))

    def basic_cancel(self, consumer_tag: str) -> None:
        queue = self._tag_to_queue.get(consumer_tag)
        super().basic_cancel(consumer_tag)
        if queue in self._feeds:
            self._feeds[queue].close()

    def basic_ack(self, delivery_tag: str, multiple: bool = False) -> None:  # noqa: ARG002 - kombu's signature
        """Delete the message, soon; its prefetch slot is free at once."""
        self._settle(delivery_tag, None)

    def basic_reject(self, delivery_tag: str, requeue: bool = False) -> None:
        """Without `requeue`, leave the message as it is: its visibility runs out, or the task has set it.

        With it (a lost child, the hard time limit) the message comes back after a back-off by its receive count.
        """
        if requeue:
            self._settle(delivery_tag, self.connection.back_off.whole_seconds(self._receives(delivery_tag)))
        else:
            self._free(delivery_tag)

    def hand_back(self, delivery_tag: str) -> None:
        """Show an unfinished message to other workers at once."""
        self._settle(delivery_tag, 0)

    def close(self) -> None:
        if self.closed:
            return
        super().close()
        for feed in self._feeds.values():
            feed.close()
            feed.join()

    def _take(self, feed: Feed, outcome: Outcome) -> None:
        if outcome.error is not None:
            self._stumble(feed, outcome.error)
            return
        feed.patience.succeeded()
        for message in outcome.messages:
            self._deliver(feed, message, outcome.at)
        self._pump(feed)

    def _stumble(self, feed: Feed, error: Exception) -> None:
        if isinstance(error, SetupError):
            shutdown.ask(EX_CONFIG, str(error))
            return
        pause = feed.patience.failed()
        log.warning("could not receive from %s: %s; trying again in %.1f s", feed.source.name, error, pause)
        if feed.patience.exhausted:
            shutdown.ask(EX_UNAVAILABLE, f"no receive from {feed.source.url} has succeeded for too long")
            return
        self._later(pause, feed)

    def _deliver(self, feed: Feed, message: Mapping[str, Any], at: float) -> None:
        queue = feed.source.name
        callback = self.connection.callbacks.get(queue)
        if callback is None:
            return
        delivery = {"sqs_queue": feed.source.url, "sqs_received_at": at, "sqs_visibility": feed.visibility}
        try:
            callback(to_payload(message, queue, delivery))
        except MemoryError:
            raise
        except EnvelopeError as error:
            # No traceback: it would tell of this code, not of the message.
            log.warning("left to the redrive policy: message %s of %s: %s", message.get("MessageId"), queue, error)
        except Exception:  # whatever a message makes Celery raise must not end the worker
            log.exception("left to the redrive policy: message %s of %s", message.get("MessageId"), queue)
            self._free(message["ReceiptHandle"])

    def _pump(self, feed: Feed) -> None:
        """Ask for as many messages as there is room for."""
        if feed.source.name not in self.connection.callbacks:
            return
        if self.connection.settler.backlog > MAX_BACKLOG:
            self._later(0.1, feed)
            return
        qos: Any = self.qos
        while feed.in_flight < feed.source.threads:
            room = qos.room - sum(each.asked for each in self._feeds.values())
            most = appetite(room, self.spare, feed.in_flight, plenty=feed.plenty)
            if not most:
                return
            feed.ask(most)

    def _settle(self, delivery_tag: str, hide_for: int | None) -> None:
        info = self._info(delivery_tag)
        if info is not None:
            until = time.monotonic() + info["sqs_visibility"]
            self.connection.settler.add(Settlement(info["sqs_queue"], delivery_tag, hide_for, until))
        self._free(delivery_tag)

    def _free(self, delivery_tag: str) -> None:
        if self._info(delivery_tag) is None:
            return
        self.qos.ack(delivery_tag)
        for feed in self._feeds.values():
            self._pump(feed)

    def _info(self, delivery_tag: str) -> Mapping[str, Any] | None:
        try:
            info: Mapping[str, Any] = self.qos.get(delivery_tag).delivery_info
        except KeyError:
            return None
        return info

    def _receives(self, delivery_tag: str) -> int:
        info = self._info(delivery_tag) or {}
        attributes = info.get("sqs_message", {}).get("Attributes") or {}
        return int(attributes.get("ApproximateReceiveCount", 1))

    def _soon(self, callback: Callable[[], None]) -> None:
        self._hub.call_soon(callback)

    def _later(self, seconds: float, feed: Feed) -> None:
        self._hub.call_later(seconds, self._pump, feed)

    def _url(self, queue: str) -> str:
        queues = self.connection.options["predefined_queues"]
        if queue not in queues:
            raise SetupError(f"no queue {queue!r}: a worker consumes from one of {', '.join(sorted(queues))}")
        return str(queues[queue]["url"])

    def _put(self, queue: str, message: Any, **kwargs: Any) -> None:
        raise NotImplementedError("jobs are sent by pixelfleet.queues; a task here neither retries nor calls another")


class Transport(virtual.Transport):
    """Takes these transport options, with these defaults, besides `predefined_queues` and `region`.

    wait_time_seconds 5: of a long poll, and so at most what shutdown waits for one; receives_in_flight 4: polls at
    once while the queue has plenty; give_up_after_seconds 900: of nothing but failures, then the worker exits;
    back_off_seconds 5: of a message whose child was lost, doubled with every receive.
    """

    Channel = Channel
    driver_type = "sqs"
    driver_name = "sqs"
    implements = virtual.Transport.implements.extend(asynchronous=True, exchange_type=frozenset(["direct"]))
    _callbacks: dict[str, Callable[[Any], None]]

    def __init__(self, client: Any, **kwargs: Any) -> None:
        check_versions()
        super().__init__(client, **kwargs)
        self.options: Mapping[str, Any] = {**DEFAULTS, **client.transport_options}
        self.back_off = BackOff(first=float(self.options["back_off_seconds"]))

    @property
    def callbacks(self) -> Mapping[str, Callable[[Any], None]]:
        """Who consumes what; a queue's entry goes when its consumer is cancelled."""
        return self._callbacks

    @functools.cached_property
    def client_sqs(self) -> "SQSClient":
        wait = int(self.options["wait_time_seconds"])
        config = Config(
            connect_timeout=5,
            # Above the long poll's own wait, or every poll of an empty queue would be a failure.
            read_timeout=wait + 10,
            # Receive and Settler have a back-off of their own, with a log line for every failure.
            retries={"total_max_attempts": 1},
            max_pool_connections=int(self.options["receives_in_flight"]) + 4,
            tcp_keepalive=True,
        )
        session = boto3.session.Session(region_name=self.options.get("region"))
        return session.client("sqs", config=config)

    @functools.cached_property
    def settler(self) -> Settler:
        hub = get_event_loop()
        tell: Callable[[str], object] = log.warning if hub is None else functools.partial(hub.call_soon, log.warning)
        patience = Patience(float(self.options["give_up_after_seconds"]))
        return Settler(
            self.client_sqs,
            patience,
            tell,
            lambda: shutdown.ask(EX_UNAVAILABLE, "no message could be deleted for too long"),
        )

    def close_connection(self, connection: Any) -> None:
        super().close_connection(connection)
        if "settler" in self.__dict__:
            self.settler.close(SETTLE_AT_CLOSE)
            del self.settler
