"""ExifTool reads the metadata that the variants keep. The tests are slow and are skipped where ExifTool is missing."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.unit.images.metadata_sources import SOURCES, WITH_IPTC
from tests.unit.images.test_metadata import variants_of


def tags_of(path: Path) -> dict[str, Any]:
    done = subprocess.run(["exiftool", "-j", "-G0", "-n", str(path)], capture_output=True, check=True, timeout=60)
    [tags] = json.loads(done.stdout)
    assert isinstance(tags, dict)
    return tags


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("exiftool") is None, reason="Debian's libimage-exiftool-perl is not installed")
@pytest.mark.parametrize("name", SOURCES)
def test_exiftool_reads_kept_metadata(tmp_path: Path, name: str) -> None:
    for kind, path in variants_of(name, tmp_path, metadata="keep", icc="keep").items():
        tags = tags_of(path)
        assert "Warning" not in str(tags.get("ExifTool:Warning", "")), kind
        assert tags["EXIF:Make"] == "Caméra", kind
        assert tags["EXIF:Copyright"] == "(c) Zoë", kind
        assert tags["EXIF:DateTimeOriginal"] == "2024:05:06 07:08:09", kind
        assert tags["XMP:Credit"] == "An Agency", kind
        assert tags["XMP:Rights"] == "All rights", kind
        assert tags.get("EXIF:Orientation", 1) == 1, kind
        assert not [tag for tag in tags if "GPS" in tag or "Thumbnail" in tag or "HDRGainMap" in tag], kind
        if name in WITH_IPTC:
            group = "IPTC" if kind in ("jpeg", "tiff") else "XMP"
            assert tags[f"{group}:Headline"] == "A headline", kind
            assert tags["IPTC:By-line" if group == "IPTC" else "XMP:Creator"] == "Zoë", kind


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("exiftool") is None, reason="Debian's libimage-exiftool-perl is not installed")
@pytest.mark.parametrize("name", SOURCES)
def test_exiftool_reads_only_rights(tmp_path: Path, name: str) -> None:
    for kind, path in variants_of(name, tmp_path, metadata="copyright").items():
        tags = tags_of(path)
        assert tags["EXIF:Copyright"] == "(c) Zoë", kind
        assert tags["XMP:Credit"] == "An Agency", kind
        assert not {"EXIF:Make", "EXIF:Model", "EXIF:DateTimeOriginal", "XMP:CreatorTool"} & tags.keys(), kind
