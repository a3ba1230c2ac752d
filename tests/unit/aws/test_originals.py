"""Removing originals whose keys XML cannot contain, on moto, which parses the XML as S3 does."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from pixelfleet.aws.objects import Objects
from pixelfleet.aws.originals import OTHER_FILE, NotRemoved, Original, Originals, Removed
from tests.fakes.s3 import FakeS3

ODD = ["ctl\x01x.png", "cr\rx.png", "nl\nx.png", "tab\tx.png", "del\x7f.png", "ufffe\ufffe.png", "c1\x85.png"]


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        client = boto3.client("s3", region_name="us-east-1")
        client.create_bucket(Bucket="uploads")
        yield client


def unconditional(*keys: str) -> list[Original]:
    return [Original(key, None) for key in keys]


class Watched:
    """Records the keys that are sent in XML, and forwards the calls."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self.together: list[str] = []

    def delete_objects(self, **request: Any) -> Any:
        self.together += [entry["Key"] for entry in request["Delete"]["Objects"]]
        return self._client.delete_objects(**request)

    def delete_object(self, **request: Any) -> Any:
        return self._client.delete_object(**request)


def test_a_key_that_xml_cannot_contain_does_not_prevent_the_removal_of_other_keys(s3: Any) -> None:
    plain = [f"{number}.png" for number in range(30)]
    for key in (*plain, *ODD):
        s3.put_object(Bucket="uploads", Key=key, Body=b"x")
    client: Any = Watched(s3)
    results = list(Originals(client).remove("uploads", unconditional(*plain[:15], *ODD, *plain[15:])))
    assert results == [Removed(30 + len(ODD))]
    assert client.together == plain
    assert "Contents" not in s3.list_objects_v2(Bucket="uploads")


def test_an_original_that_s3_refuses_to_remove_is_returned_with_the_reason() -> None:
    class Refusing:
        def delete_objects(self, **_: Any) -> dict[str, Any]:
            return {"Errors": [{"Key": "b", "Message": "Access Denied"}]}

    client: Any = Refusing()
    results = list(Originals(client).remove("uploads", unconditional("a", "b")))
    assert results == [Removed(1, [], [NotRemoved("b", "Access Denied")])]


@pytest.mark.parametrize("odd", ["", "\x01"])
def test_an_object_with_another_etag_stays_and_a_key_without_an_object_is_named(odd: str) -> None:
    client: Any = FakeS3()
    client.create_bucket(Bucket="uploads")
    etags = [client.put_object(Bucket="uploads", Key=f"{name}{odd}", Body=b"x")["ETag"] for name in "ab"]
    client.put_object(Bucket="uploads", Key=f"a{odd}", Body=b"newer")
    originals = [Original(f"{name}{odd}", etags[0].strip('"')) for name in "abc"]
    [result] = Originals(client).remove("uploads", originals)
    assert result == Removed(2, [f"c{odd}"], [NotRemoved(f"a{odd}", OTHER_FILE)])
    assert [entry["Key"] for entry in client.list_objects_v2(Bucket="uploads")["Contents"]] == [f"a{odd}"]


@pytest.mark.parametrize("odd", ["", "\x01"])
def test_a_removal_whose_answer_is_lost_is_no_refusal(odd: str) -> None:
    """The client repeats the call. S3 may answer that the condition does not hold, since the key has no object."""
    fake: Any = FakeS3()
    fake.create_bucket(Bucket="uploads")
    key = f"a{odd}"

    class Repeated:
        def delete_objects(self, **request: Any) -> dict[str, Any]:
            fake.delete_objects(**request)
            return {"Errors": [{"Key": key, "Code": "PreconditionFailed", "Message": "a condition did not hold"}]}

        def delete_object(self, **request: Any) -> None:
            fake.delete_object(**request)
            raise ClientError({"Error": {"Code": "PreconditionFailed"}}, "DeleteObject")

        def head_object(self, **request: Any) -> Any:
            return fake.head_object(**request)

    client: Any = Repeated()
    etag = fake.put_object(Bucket="uploads", Key=key, Body=b"x")["ETag"].strip('"')
    assert list(Originals(client).remove("uploads", [Original(key, etag)])) == [Removed(1, [key])]
    again: Any = fake.put_object(Bucket="uploads", Key=key, Body=b"x")
    unused: Any = None
    assert Objects(client, unused, "results").delete_original("uploads", key, again["ETag"].strip('"'))
    assert "Contents" not in fake.list_objects_v2(Bucket="uploads")


def test_a_thousand_keys_go_in_one_call() -> None:
    class Counting:
        def __init__(self) -> None:
            self.sizes: list[int] = []

        def delete_objects(self, **request: Any) -> dict[str, Any]:
            self.sizes.append(len(request["Delete"]["Objects"]))
            return {}

    client: Any = Counting()
    list(Originals(client).remove("uploads", unconditional(*map(str, range(2_500)))))
    assert client.sizes == [1_000, 1_000, 500]
