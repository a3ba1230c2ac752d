"""Large files with a killed upload. The next run sends the missing parts, and no part is left behind."""

import asyncio
import base64
import hashlib
import json
import os
import random
import signal
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from pixelfleet.deployment import Deployment
from pixelfleet.settings import Settings
from pixelfleet.uploads.body import PART
from tests.chaos.proxy import FaultProxy
from tests.fakes.http import Dropped, Request, Response
from tests.integration.cli.command import run, start
from tests.waiting import PATIENCE, eventually

SIZE = 10 * PART + 12_345
KEY = "uploads/default/b1/big.tif"


class Counting(FaultProxy):
    """Records the number of every complete part. Holds the parts beyond `most`, and drops them when `most` grows."""

    def __init__(self, upstream: str) -> None:
        super().__init__(upstream)
        self.parts: list[int] = []
        self.most = 1_000

    async def _handle(self, request: Request) -> Response:
        asked = parse_qs(urlsplit(request.target).query)
        if request.method == "PUT" and "partNumber" in asked:
            if len(self.parts) >= self.most:
                while len(self.parts) >= self.most:
                    await asyncio.sleep(0.02)
                raise Dropped
            self.parts.append(int(asked["partNumber"][0]))
        return await super()._handle(request)


@pytest.fixture
def proxy(env: dict[str, str]) -> Iterator[Counting]:
    """A proxy between the command and the cloud."""
    with Counting(env["AWS_ENDPOINT_URL"]) as actual:
        env["AWS_ENDPOINT_URL"] = actual.url
        yield actual


@pytest.fixture
def big(tmp_path: Path) -> Path:
    path = tmp_path / "in/big.tif"
    path.parent.mkdir()
    path.write_bytes(b"II*\x00" + random.Random(1).randbytes(SIZE - 4))
    return path


def uploads(settings: Settings) -> list[Any]:
    """Uploads in parts that are neither completed nor aborted."""
    return list(Deployment(settings).s3.list_multipart_uploads(Bucket=settings.uploads_bucket).get("Uploads", []))


def kill_in_the_middle(settings: Settings, env: dict[str, str], proxy: Counting, *sources: Path) -> None:
    proxy.most = 3
    with start("upload", *map(str, sources), "--batch", "b1", "--jobs", "2", env=env) as process:
        eventually(lambda: len(proxy.parts) >= 3)
        process.send_signal(signal.SIGKILL)
    proxy.most = 1_000
    assert len(proxy.parts) == 3
    assert len(uploads(settings)) == 1


def again(env: dict[str, str], *sources: Path) -> dict[str, Any]:
    finished = run("upload", *map(str, sources), "--batch", "b1", "--json", env=env)
    assert finished.returncode == 0, finished.stderr
    document: dict[str, Any] = json.loads(finished.stdout)
    return document


def stored(settings: Settings) -> Any:
    return Deployment(settings).s3.get_object(Bucket=settings.uploads_bucket, Key=KEY, ChecksumMode="ENABLED")


def composite(content: bytes) -> str:
    """The checksum that S3 reports for an object in parts, computed independently."""
    parts = [content[start : start + PART] for start in range(0, len(content), PART)]
    joined = b"".join(zlib.crc32(part).to_bytes(4, "big") for part in parts)
    return f"{base64.b64encode(zlib.crc32(joined).to_bytes(4, 'big')).decode()}-{len(parts)}"


def test_a_killed_file_is_gone_on_with_and_only_its_missing_parts_are_sent(
    settings: Settings, env: dict[str, str], proxy: Counting, big: Path
) -> None:
    kill_in_the_middle(settings, env, proxy, big)
    document = again(env, big)
    assert (document["uploaded"], document["unfinished"]) == (1, [])
    assert sorted(proxy.parts) == list(range(1, 12))
    actual = stored(settings)
    assert actual["ChecksumCRC32"] == composite(big.read_bytes())
    assert actual["ContentType"] == "image/tiff"
    assert hashlib.sha256(actual["Body"].read()).digest() == hashlib.sha256(big.read_bytes()).digest()
    assert uploads(settings) == []
    assert again(env, big)["there_before"] == 1


@pytest.mark.slow
def test_a_file_that_changed_meanwhile_is_sent_anew_and_its_old_parts_are_given_up(
    settings: Settings, env: dict[str, str], proxy: Counting, big: Path
) -> None:
    kill_in_the_middle(settings, env, proxy, big)
    sent = len(proxy.parts)
    big.write_bytes(b"II*\x00" + random.Random(2).randbytes(SIZE - 4))
    again(env, big)
    assert sorted(proxy.parts[sent:]) == list(range(1, 12))
    assert stored(settings)["Body"].read() == big.read_bytes()
    assert uploads(settings) == []


@pytest.mark.slow
def test_a_part_that_changed_under_the_same_time_is_sent_again(
    settings: Settings, env: dict[str, str], proxy: Counting, big: Path
) -> None:
    kill_in_the_middle(settings, env, proxy, big)
    before = big.stat()
    with big.open("r+b") as file:
        file.seek(100)
        file.write(b"another")
    os.utime(big, ns=(before.st_atime_ns, before.st_mtime_ns))
    again(env, big)
    assert sorted(proxy.parts) == [1, *range(1, 12)]
    assert stored(settings)["Body"].read() == big.read_bytes()


@pytest.mark.slow
def test_a_file_that_grows_while_it_is_sent_arrives_as_it_is_in_the_end(
    settings: Settings, env: dict[str, str], proxy: Counting, big: Path
) -> None:
    proxy.most = 3
    with start("upload", str(big), "--batch", "b1", "--jobs", "2", "--json", env=env) as process:
        eventually(lambda: len(proxy.parts) >= 3)
        with big.open("ab") as file:
            file.write(b"more")
        proxy.most = 1_000
        assert process.wait(PATIENCE) == 0
    assert stored(settings)["Body"].read() == big.read_bytes()
    assert uploads(settings) == []


@pytest.mark.slow
def test_an_upload_that_the_bucket_no_longer_has_is_restarted_silently(
    settings: Settings, env: dict[str, str], proxy: Counting, big: Path
) -> None:
    kill_in_the_middle(settings, env, proxy, big)
    sent = len(proxy.parts)
    [lost] = uploads(settings)
    Deployment(settings).s3.abort_multipart_upload(Bucket=settings.uploads_bucket, Key=KEY, UploadId=lost["UploadId"])
    document = again(env, big)
    assert (document["uploaded"], document["failed"], document["unfinished"]) == (1, [], [])
    assert sorted(proxy.parts[sent:]) == list(range(1, 12))


@pytest.mark.slow
def test_parts_of_a_file_that_vanished_are_given_up_and_named(
    settings: Settings, env: dict[str, str], proxy: Counting, big: Path
) -> None:
    kill_in_the_middle(settings, env, proxy, big.parent)
    big.unlink()
    (big.parent / "small.tif").write_bytes(b"II*\x00")
    [left] = again(env, big.parent)["unfinished"]
    assert left["source"] == str(big)
    assert "were deleted" in left["message"]
    assert uploads(settings) == []


@pytest.mark.slow
def test_parts_of_a_file_that_is_not_among_the_sources_are_kept_and_named(
    settings: Settings, env: dict[str, str], proxy: Counting, big: Path, tmp_path: Path
) -> None:
    kill_in_the_middle(settings, env, proxy, big)
    (tmp_path / "small.tif").write_bytes(b"II*\x00")
    [left] = again(env, tmp_path / "small.tif")["unfinished"]
    assert "upload it again to finish it" in left["message"]
    again(env, big)
    assert sorted(proxy.parts) == list(range(1, 12))
    assert uploads(settings) == []


@pytest.mark.slow
def test_ctrl_c_keeps_the_parts_that_have_arrived_for_the_next_run(
    settings: Settings, env: dict[str, str], proxy: Counting, big: Path
) -> None:
    proxy.most = 3
    with start("upload", str(big), "--batch", "b1", "--jobs", "2", env=env) as process:
        eventually(lambda: len(proxy.parts) >= 3)
        process.send_signal(signal.SIGINT)
        proxy.most = 1_000
        assert process.wait(PATIENCE) == 130
    assert len(uploads(settings)) == 1
    again(env, big)
    assert sorted(proxy.parts) == list(range(1, 12))
