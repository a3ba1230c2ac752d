"""Shared fixtures of the tests of commands."""

from pathlib import Path

import pytest

from pixelfleet.settings import Settings

#: The smallest content that passes as an image by its first bytes.
JPEG = b"\xff\xd8\xff\xe0"


@pytest.fixture
def env(settings: Settings, cloud_environment: dict[str, str], tmp_path: Path) -> dict[str, str]:
    """A user's environment, with the test's own cache folder."""
    return cloud_environment | {"XDG_CACHE_HOME": str(tmp_path / "cache")}
