"""The equations of `hdr.py` beside zimg, the library in ffmpeg's filter `zscale`: a slow test."""

import shutil
import subprocess
from pathlib import Path

import pytest
from PIL import Image

from tests.colour.hdr import DARK_GREYS, SHADOWS, of_hlg, of_pq
from tests.colour.quarters import Rgba, differences, middles, picture

#: Both round.
_TOLERANCE = 1


@pytest.mark.slow
@pytest.mark.parametrize(
    ("transfer", "pixels", "expected"),
    [
        ("smpte2084", SHADOWS, of_pq(SHADOWS)),
        ("smpte2084", DARK_GREYS, of_pq(DARK_GREYS)),
        # zimg gives each colour HLG's system gamma by itself, BT.2100 all three by their luma: greys agree.
        ("arib-std-b67", DARK_GREYS, of_hlg(DARK_GREYS)),
    ],
)
def test_zimg_says_the_same_of_what_is_not_compressed(
    tmp_path: Path, transfer: str, pixels: tuple[tuple[int, ...], ...], expected: list[Rgba]
) -> None:
    """zimg has no rule for highlights; white is 203 cd/m²."""
    if not shutil.which("ffmpeg"):
        pytest.skip("ffmpeg is not installed: Debian's ffmpeg has it")
    source, target = tmp_path / "source.png", tmp_path / "target.png"
    picture(pixels).save(source)
    filters = f"format=gbrp,zscale=tin={transfer}:pin=bt2020:min=gbr:rin=full"
    filters += ":t=iec61966-2-1:p=bt709:m=gbr:r=full:npl=203"
    command = ["ffmpeg", "-v", "error", "-y", "-i", str(source), "-vf", filters, str(target)]
    subprocess.run(command, check=True, timeout=60)
    with Image.open(target) as opened:
        seen = middles(opened)
    assert not differences(seen, expected, _TOLERANCE)
