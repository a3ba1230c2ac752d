"""A deployment on moto in which obstore sends the bytes to moto's server on loopback.

moto in process cannot intercept obstore. The server and the process share moto's state, so boto3 in process and
obstore over the wire use the same buckets.
"""

import functools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property

from moto.core.common_types import TYPE_RESPONSE
from moto.s3.exceptions import MissingKey, PreconditionFailed
from moto.s3.responses import S3Response
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


@functools.cache
def check_copies() -> None:
    """Let CopyObject keep its conditions on the key that it writes: moto checks those of PutObject alone."""
    copy = S3Response.copy_object

    def checked(response: S3Response) -> TYPE_RESPONSE:
        key = response.parse_key_name()
        present = response.backend.get_object(response.bucket_name, key)
        if response.headers.get("If-None-Match") == "*" and present is not None:
            raise PreconditionFailed("If-None-Match")
        if (etag := response.headers.get("If-Match")) is not None:
            if present is None:
                raise MissingKey(key=key)
            if etag.strip('"') != present.etag.strip('"'):
                raise PreconditionFailed("If-Match")
        return copy(response)

    S3Response.copy_object = checked  # type: ignore[method-assign, assignment]


@contextmanager
def moto_s3() -> Iterator[str]:
    """The address of a running server."""
    check_copies()
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()
