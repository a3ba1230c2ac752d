"""Text headers without an end are refused at once; text headers with many comments are read."""

from pathlib import Path

import pytest

from pixelfleet.errors import Cause, PermanentError
from pixelfleet.images.limits import Limits
from pixelfleet.images.probe import probe
from pixelfleet.images.text_heads import MAX_CARDS, MAX_COLOURS, MAX_COMMENTS, MAX_HEAD
from tests.unit.images.test_format_table import SAMPLES

LIMITS = Limits(max_bytes=100_000_000, max_pixels=1_000_000, max_frames=20)
_LONG = 2 * MAX_HEAD
_COLOURS = b"/* XPM */\nstatic char *a[] = {\n"

ENDLESS = {
    "a comment": b"P6 #" + b"a" * _LONG,
    "comments": b"P1 " + b"#\n" * _LONG,
    "spaces": b"P5 " + b"\n" * _LONG,
    "a comment behind the width": b"P6 4 # " + b"a" * _LONG,
    "spaces in a PFM": b"Pf 4 4" + b"\n" * _LONG,
    "definitions in an XBM": b"#define a_width 9\n" + b"#define a_x_hot 1\n" * MAX_HEAD,
    "spaces in an XPM": b"/* XPM */" + b"\n" * _LONG,
    "comments between the numbers of a plain PPM": b"P3 4 4 255\n" + b"1 #\n" * (MAX_COMMENTS + 1),
    "comments far behind the head of a plain PBM": b"P1 999 999\n" + b"1 " * MAX_HEAD + b"#\n" * (MAX_COMMENTS + 1),
    "colours of an XPM": _COLOURS + b'"4 4 %d 4",\n' % (MAX_COLOURS + 1) + b'"aaaa c #000000",\n' * 99,
    "cards of a FITS": b"SIMPLE  =                    T".ljust(80) + b"COMMENT x".ljust(80) * (MAX_CARDS + 1),
}


@pytest.mark.parametrize("name", ENDLESS)
def test_a_header_without_an_end_is_refused(name: str, tmp_path: Path) -> None:
    path = tmp_path / "image"
    path.write_bytes(ENDLESS[name])
    with pytest.raises(PermanentError, match="save the") as caught:
        probe(path, LIMITS)
    assert caught.value.cause is Cause.TOO_MUCH_METADATA


def test_twenty_gigabytes_of_cards_are_not_read(tmp_path: Path) -> None:
    """A sparse file: the cost of the check does not grow with the size of the file."""
    path = tmp_path / "image"
    with path.open("wb") as file:
        file.write(b"SIMPLE  =                    T".ljust(80))
        file.truncate(20_000_000_000)
    with pytest.raises(PermanentError, match="cards"):
        probe(path, Limits(max_bytes=30_000_000_000, max_pixels=1, max_frames=1))


@pytest.mark.parametrize("name", ["ppm", "pfm", "xbm", "xpm", "fits"])
def test_a_usual_header_is_read(name: str, tmp_path: Path) -> None:
    path = tmp_path / "image"
    path.write_bytes(SAMPLES[name]())
    assert probe(path, LIMITS).format == name


@pytest.mark.parametrize(
    "head",
    [
        b"P6\n# made by a program\n#\n4 4\n# more\n255\n",
        b"P6 #" + b"a" * (MAX_HEAD - 100) + b"\n4 4 255\n",
        b"P5\r\n4\t4 # width and height\n 255 ",
    ],
    ids=["short comments", "a long comment", "other spaces"],
)
def test_comments_in_a_header_are_read(head: bytes, tmp_path: Path) -> None:
    path = tmp_path / "image"
    path.write_bytes(head + bytes(48))
    assert (probe(path, LIMITS).width, probe(path, LIMITS).height) == (4, 4)


def test_a_fits_with_thousands_of_cards_is_read(tmp_path: Path) -> None:
    content = SAMPLES["fits"]()
    end = content.index(b"END".ljust(80))
    cards = content[:end] + b"HISTORY flat".ljust(80) * 9_000 + b"END".ljust(80)
    path = tmp_path / "image"
    path.write_bytes(cards.ljust(-(-len(cards) // 2_880) * 2_880) + content[2_880:])
    assert probe(path, LIMITS).width == 64


@pytest.mark.parametrize("content", [b"P6 4", b"P6 #", b"/* XPM */", b"#define a_width 9\n"])
def test_a_short_header_that_breaks_off_is_left_to_its_reader(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "image"
    path.write_bytes(content)
    with pytest.raises(PermanentError) as caught:
        probe(path, LIMITS)
    assert caught.value.cause in (Cause.UNREADABLE, Cause.TRUNCATED)
