"""kombu's SQS transport, written anew where the stock transport loses messages or hangs.

`broker_transport="worker.sqs.transport:Transport"` selects it. It receives (worker/sqs/receive.py), reads envelopes
(worker/sqs/envelope.py) and settles (worker/sqs/settle.py); worker/sqs/channel.py connects these with kombu's virtual
channel. The differences from the stock transport are:

- a receive that fails, whatever with, is tried again with back-off, and a run of failures that lasts too long ends
  the worker with an exit code that makes ECS replace it;
- a message that cannot be read is left to the redrive policy and holds no prefetch slot;
- nothing is deleted but what was acknowledged: a reject leaves the message in the queue;
- no call to SQS is made on the event loop;
- messages that are not done at shutdown are shown again at once;
- it sends nothing: `pixelfleet.aws.queues` sends jobs.
"""

import functools
import logging
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

import boto3
from botocore.config import Config
from kombu.asynchronous import get_event_loop
from kombu.transport import virtual

from worker.sqs.backoff import BackOff, RetryBudget
from worker.sqs.channel import Channel
from worker.sqs.connection import Connection
from worker.sqs.settle import AckBatcher
from worker.sqs.shutdown import EX_UNAVAILABLE, shutdown
from worker.sqs.versions import check_versions

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

log = logging.getLogger(__name__)

#: Seconds that shutdown gives to the last deletes.
SETTLE_AT_CLOSE: Final = 10.0
DEFAULTS: Final[Mapping[str, Any]] = {
    "wait_time_seconds": 5,
    "receives_in_flight": 4,
    "give_up_after_seconds": 900.0,
    "back_off_seconds": 5.0,
}


class Transport(Connection):
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
        """The consumers by queue; a queue's entry is removed when its consumer is cancelled."""
        return self._callbacks

    @functools.cached_property
    def client_sqs(self) -> "SQSClient":
        wait = int(self.options["wait_time_seconds"])
        config = Config(
            connect_timeout=5,
            # Longer than the long poll's own wait; otherwise every poll of an empty queue would be a failure.
            read_timeout=wait + 10,
            # The receivers and the ack batcher have a back-off of their own, with a log line for every failure.
            retries={"total_max_attempts": 1},
            max_pool_connections=int(self.options["receives_in_flight"]) + 4,
            tcp_keepalive=True,
        )
        session = boto3.session.Session(region_name=self.options.get("region"))
        return session.client("sqs", config=config)

    @functools.cached_property
    def ack_batcher(self) -> AckBatcher:
        hub = get_event_loop()
        warn: Callable[[str], object] = log.warning if hub is None else functools.partial(hub.call_soon, log.warning)
        retry_budget = RetryBudget(float(self.options["give_up_after_seconds"]))
        return AckBatcher(
            self.client_sqs,
            retry_budget,
            warn,
            lambda: shutdown.ask(EX_UNAVAILABLE, "no message could be deleted for too long"),
        )

    def close_connection(self, connection: Any) -> None:
        super().close_connection(connection)
        if "ack_batcher" in self.__dict__:
            self.ack_batcher.close(SETTLE_AT_CLOSE)
            del self.ack_batcher
