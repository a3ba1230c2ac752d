"""The boto3 clients that every adapter uses."""

from collections.abc import Callable

import pytest

from pixelfleet.aws.clients import Clients, is_open
from pixelfleet.aws.errors import translated
from pixelfleet.errors import Cause, TransientError
from tests.fakes.answers import Answers
from tests.fakes.clients import CREDENTIALS
from tests.fakes.errors import LimitError
from tests.fakes.object_bytes import expired, incomplete, renewed_by, session_with


@pytest.fixture
def clients(server: Answers, monkeypatch: pytest.MonkeyPatch) -> Clients:
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    return Clients("us-east-1", server.url)


@pytest.mark.usefixtures("limit_on_silence")
@pytest.mark.parametrize("service", ["dynamodb", "s3", "sns"])
def test_a_time_limit_during_a_request_is_raised_unchanged_and_ends_the_request(
    server: Answers, clients: Clients, service: str
) -> None:
    client = clients.client(service)
    call = {"dynamodb": "list_tables", "s3": "list_buckets", "sns": "list_topics"}[service]
    with pytest.raises(LimitError):
        getattr(client, call)()
    assert len(server.requests) == 1


@pytest.mark.parametrize(("renewal", "error"), [(expired, "RuntimeError"), (incomplete, "KeyError")])
def test_credentials_that_cannot_be_renewed_are_a_transient_error(
    renewal: Callable[[], dict[str, str]], error: str
) -> None:
    client = session_with(renewed_by(renewal)).client("dynamodb", region_name="us-east-1")
    with pytest.raises(TransientError, match=error) as caught, translated("list"):
        client.list_tables()
    assert caught.value.cause is Cause.UNAVAILABLE


@pytest.mark.parametrize("error", [RuntimeError("ours"), KeyError("ours")])
def test_errors_of_our_own_code_are_not_reported_as_errors_of_aws(error: Exception) -> None:
    with pytest.raises(type(error), match="ours"), translated("fail"):
        raise error


@pytest.mark.parametrize(
    ("address", "open_"),
    [
        ("https://bucket.s3.eu-west-1.amazonaws.com/", False),
        ("http://127.0.0.1:4566/bucket/", False),
        ("http://localhost/bucket/", False),
        ("http://[::1]:80/bucket/", False),
        ("http://10.0.0.7/bucket/", True),
        ("http://minio.example/bucket/", True),
    ],
)
def test_an_address_is_open_if_others_could_change_a_body_in_transit(address: str, *, open_: bool) -> None:
    assert is_open(address) is open_
