"""All tiles of a batch are verified and downloaded. Every missing or different tile is reported."""

import json
import os
from pathlib import Path

import pytest

from pixelfleet.operations.tile_sets import tiles_folder
from tests.e2e.conftest import LiveFleet
from tests.integration.cli.command import run

pytestmark = pytest.mark.slow


@pytest.fixture
def env(live: LiveFleet, tmp_path: Path) -> dict[str, str]:
    return os.environ | {"XDG_CACHE_HOME": str(tmp_path / "cache")}


@pytest.fixture
def batch(live: LiveFleet, env: dict[str, str], samples: Path) -> str:
    """A batch of one image, made into tiles."""
    options = ("--owner", live.owner, "--batch", "b1", "--recipe", "zoom", "--watch", "--json")
    finished = run("upload", str(samples / "photos/greyscale.jpg"), *options, env=env)
    assert finished.returncode == 0, finished.stderr
    assert json.loads(finished.stdout)["watched"]["ready"] == 1
    return f"{live.owner}/b1"


def tiles_of(live: LiveFleet) -> list[str]:
    """The keys of the image's tiles."""
    image = live.image(live.id_of(live.key("greyscale.jpg")))
    [variant] = [variant for variant in image.variants if variant.files > 1]
    return sorted(key for key in live.results(image.image_id) if key.startswith(tiles_folder(variant.key)))


def test_a_whole_set_is_verified(env: dict[str, str], batch: str) -> None:
    finished = run("batch", "manifest", batch, "--verify", env=env)
    assert finished.returncode == 0, finished.stderr
    assert "0 differences" in finished.stderr


def test_a_missing_tile_is_reported(live: LiveFleet, env: dict[str, str], batch: str) -> None:
    [*_, last] = whole = tiles_of(live)
    live.deployment.s3.delete_object(Bucket=live.settings.results_bucket, Key=last)
    finished = run("batch", "manifest", batch, "--verify", env=env)
    assert finished.returncode == 1
    assert f"has {len(whole) - 1} tiles, not {len(whole)}" in finished.stderr


def test_a_changed_tile_is_reported_with_and_without_s3s_own_checksum(
    live: LiveFleet, env: dict[str, str], batch: str
) -> None:
    [first, *_] = tiles_of(live)
    for more in ({"ChecksumAlgorithm": "SHA256"}, {"ChecksumAlgorithm": "CRC32"}):
        live.deployment.s3.put_object(
            Bucket=live.settings.results_bucket,
            Key=first,
            Body=b"another",
            **more,  # type: ignore[arg-type]
        )
        finished = run("batch", "manifest", batch, "--verify", env=env)
        assert finished.returncode == 1
        assert "over its tiles, not" in finished.stderr


def test_a_download_fetches_the_tiles_that_are_missing_or_another_and_no_others(
    env: dict[str, str], batch: str, tmp_path: Path
) -> None:
    dest = tmp_path / "out"
    first = run("batch", "download", batch, str(dest), env=env)
    assert first.returncode == 0, first.stderr
    tiles = sorted(path for path in dest.rglob("*_files/*/*"))
    content = [path.read_bytes() for path in tiles]
    assert len(tiles) > 3
    assert "0 were there" in first.stderr
    tiles[0].unlink()
    tiles[1].write_bytes(b"x" * len(content[1]))
    kept = tiles[2].stat().st_mtime_ns
    second = run("batch", "download", batch, str(dest), env=env)
    assert second.returncode == 0, second.stderr
    assert "fetched  1 variant;" in second.stderr
    assert [path.read_bytes() for path in tiles] == content
    assert tiles[2].stat().st_mtime_ns == kept
    assert "fetched  0 variants;" in run("batch", "download", batch, str(dest), env=env).stderr


def test_a_download_of_tiles_that_differ_from_the_record_is_a_reported_failure(
    live: LiveFleet, env: dict[str, str], batch: str, tmp_path: Path
) -> None:
    [first, *_] = tiles_of(live)
    live.deployment.s3.put_object(Bucket=live.settings.results_bucket, Key=first, Body=b"another")
    finished = run("batch", "download", batch, str(tmp_path / "out"), "--json", env=env)
    assert finished.returncode == 1
    [image] = json.loads(finished.stdout)["images"]
    assert "do not have the SHA-256 of their record" in image["message"]
