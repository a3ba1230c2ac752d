"""The part of the transport that a channel uses; declared here so that the two modules do not import each other."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from kombu.transport import virtual

from worker.sqs.backoff import BackOff
from worker.sqs.settle import AckBatcher

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient


class Connection(virtual.Transport):
    """One worker's connection to SQS. `worker.sqs.transport.Transport` is the implementation."""

    options: Mapping[str, Any]
    back_off: BackOff

    @property
    def callbacks(self) -> Mapping[str, Callable[[Any], None]]:
        """Who consumes what, by the queue's name."""
        raise NotImplementedError

    @property
    def client_sqs(self) -> "SQSClient":
        raise NotImplementedError

    @property
    def ack_batcher(self) -> AckBatcher:
        raise NotImplementedError
