"""Large files from a browser: uploaded in parts by signed links, joined, resumed, aborted, by the owner alone."""

from typing import Any, cast
from urllib.parse import urlsplit

import httpx2
import pytest
from fastapi.testclient import TestClient

from dashboard.parts import PartSizes
from tests.fakes.moto_s3 import MotoDeployment
from tests.unit.dashboard.conftest import Dashboard

FIRST = 5 * 1024 * 1024
SIZE = FIRST + 10


@pytest.fixture
def program(dashboard: Dashboard, monkeypatch: pytest.MonkeyPatch) -> TestClient:
    program = dashboard.program("ana")
    site = program.app.state.site  # type: ignore[attr-defined]
    monkeypatch.setattr(site, "settings", site.settings.model_copy(update={"parts_from": 1_000, "part_bytes": FIRST}))
    return program


def begin(program: TestClient, name: str) -> dict[str, Any]:
    body = {"batch": "large", "files": [{"name": name, "bytes": SIZE, "type": "image/tiff"}]}
    [answer] = program.post("/api/v1/uploads", json=body).json()["files"]
    assert (answer["url"], answer["parts"]["part_bytes"], answer["parts"]["count"]) == (None, FIRST, 2)
    return {"batch": "large", "name": name, "upload_id": answer["parts"]["upload_id"], "bytes": SIZE}


def put(s3_url: str, program: TestClient, about: dict[str, Any], number: int, body: bytes) -> int:
    answer = program.post("/api/v1/uploads/parts", json=about | {"numbers": [number]}).json()
    parts = urlsplit(answer["urls"][str(number)])
    # The host of the bucket is moto, which reads the bucket from the header.
    address = f"{s3_url}{parts.path}?{parts.query}"
    return httpx2.put(address, content=body, headers={"Host": parts.netloc}).status_code


def test_parts_are_uploaded_by_their_links_and_joined(program: TestClient, dashboard: Dashboard) -> None:
    about = begin(program, "big.tif")
    s3_url = cast("MotoDeployment", dashboard.deployment).s3_url
    assert put(s3_url, program, about, 1, b"a" * FIRST) == 200
    missing = program.post("/api/v1/uploads/complete", json=about)
    assert (missing.status_code, "1 of 2 parts" in missing.json()["detail"]) == (409, True)
    # As after a reload: only the missing part is sent.
    assert program.post("/api/v1/uploads/parts", json=about).json()["stored"] == [1]
    assert put(s3_url, program, about, 2, b"b" * 10) == 200
    assert program.post("/api/v1/uploads/complete", json=about).status_code == 204
    stored = dashboard.deployment.s3.get_object(
        Bucket=dashboard.deployment.settings.uploads_bucket, Key="uploads/ana/large/big.tif"
    )
    assert (stored["ContentLength"], stored["ContentType"]) == (SIZE, "image/tiff")


def test_a_browser_that_did_not_get_the_answer_to_its_completion_sends_no_byte_again(
    program: TestClient, dashboard: Dashboard
) -> None:
    about, uploads = begin(program, "lost.tif"), dashboard.deployment.settings.uploads_bucket
    s3_url = cast("MotoDeployment", dashboard.deployment).s3_url
    for number, body in ((1, b"a" * FIRST), (2, b"b" * 10)):
        assert put(s3_url, program, about, number, body) == 200
    assert program.post("/api/v1/uploads/complete", json=about).status_code == 204
    # The page asks which parts are there, and completes the upload again.
    assert program.post("/api/v1/uploads/parts", json=about).json()["stored"] == [1, 2]
    assert program.post("/api/v1/uploads/complete", json=about).status_code == 204
    # The object of another upload is not taken for that of this upload.
    dashboard.deployment.s3.put_object(Bucket=uploads, Key="uploads/ana/large/lost.tif", Body=b"c" * SIZE)
    assert program.post("/api/v1/uploads/parts", json=about).status_code == 404
    assert program.post("/api/v1/uploads/complete", json=about).status_code == 404


def test_an_upload_that_an_earlier_release_began_is_finished(program: TestClient, dashboard: Dashboard) -> None:
    bucket = dashboard.deployment.settings.uploads_bucket
    key = "uploads/ana/large/old.tif"
    upload_id = dashboard.deployment.s3.create_multipart_upload(Bucket=bucket, Key=key)["UploadId"]
    about = {"batch": "large", "name": "old.tif", "upload_id": upload_id, "bytes": SIZE}
    assert program.post("/api/v1/uploads/parts", json=about).json()["stored"] == []
    assert program.post("/api/v1/uploads/abort", json=about).status_code == 204
    assert program.post("/api/v1/uploads/complete", json=about).status_code == 404


def test_an_aborted_upload_is_gone(program: TestClient) -> None:
    about = begin(program, "gone.tif")
    assert program.post("/api/v1/uploads/abort", json=about).status_code == 204
    assert program.post("/api/v1/uploads/parts", json=about).status_code == 404


def test_a_user_cannot_reach_the_upload_of_another_user_by_its_id(program: TestClient, dashboard: Dashboard) -> None:
    about = begin(program, "mine.tif")
    ben = dashboard.program("ben")
    # In S3 the id is valid for that key alone (moto does not check the key).
    assert "uploads/ben/large/mine.tif" in put_address(ben, about)
    assert "uploads/ana/large/mine.tif" in put_address(program, about)


def put_address(program: TestClient, about: dict[str, Any]) -> str:
    answer = program.post("/api/v1/uploads/parts", json=about | {"numbers": [1]}).json()
    return str(answer["urls"]["1"])


def test_a_link_is_valid_only_for_the_size_of_its_part(program: TestClient) -> None:
    address = put_address(program, begin(program, "sized.tif"))
    assert "X-Amz-SignedHeaders=content-length%3Bhost" in address


@pytest.mark.parametrize("name", ["../x.tif", "a/../../x", "/x", "${filename}", "x" * 1020])
def test_a_name_that_gets_no_form_gets_no_parts(program: TestClient, name: str) -> None:
    body = {"batch": "large", "name": name, "upload_id": "any", "bytes": SIZE, "numbers": [1]}
    assert program.post("/api/v1/uploads/parts", json=body).status_code == 422


@pytest.mark.parametrize("size", [1, 100_000_001, 20_000_000_000, 5_000_000_000_000])
def test_sizes_of_parts_add_up_and_keep_the_limits_of_s3(size: int) -> None:
    sized = PartSizes(size, 16_000_000)
    assert sized.count <= 10_000
    assert sum(sized.of(number) for number in range(1, sized.count + 1)) == size
    assert sized.bytes <= 5_000_000_000
    assert 0 < sized.of(sized.count) <= sized.bytes


def test_a_file_that_is_too_large_for_the_fleet_is_refused_at_once(program: TestClient, dashboard: Dashboard) -> None:
    most = dashboard.deployment.settings.heavy_max_bytes
    body = {"batch": "large", "files": [{"name": "huge.tif", "bytes": most + 1}]}
    [answer] = program.post("/api/v1/uploads", json=body).json()["files"]
    assert f"larger than {most:,} bytes" in answer["refused"]
