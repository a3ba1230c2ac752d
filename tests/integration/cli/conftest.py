"""What tests of commands share."""

from pathlib import Path

import pytest

from pixelfleet.settings import Settings

#: The least that passes for an image by its first bytes.
JPEG = b"\xff\xd8\xff\xe0"


@pytest.fixture
def env(settings: Settings, cloud_environment: dict[str, str], tmp_path: Path) -> dict[str, str]:
    """A user's, with a cache folder of the test's own."""
    return cloud_environment | {"XDG_CACHE_HOME": str(tmp_path / "cache")}
