"""A deployment on moto in which obstore sends the bytes to moto's server on loopback.

moto in process cannot intercept obstore. The server and the process share moto's state, so boto3 in process and
obstore over the wire use the same buckets.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property

from moto.server import ThreadedMotoServer

from pixelfleet.aws.object_bytes import ObjectBytes
from pixelfleet.deployment import Deployment
from tests.fakes.object_bytes import object_bytes


@dataclass(frozen=True)
class MotoDeployment(Deployment):
    """`s3_url` is the server's address."""

    s3_url: str = ""

    @cached_property
    def object_bytes(self) -> ObjectBytes:
        return object_bytes(self.s3_url)


@contextmanager
def moto_s3() -> Iterator[str]:
    """The address of a running server."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()
