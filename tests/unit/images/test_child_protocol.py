"""What a supervisor and its child say to each other survives the way."""

from pathlib import Path

import pytest

from pixelfleet.errors import Cause, PermanentError, TransientError
from pixelfleet.images.child_protocol import Answer, Order, decode_answer, decode_order
from pixelfleet.images.limits import Limits
from pixelfleet.images.pipeline import RenderedVariant, Rendition
from pixelfleet.images.probe import Probe

PROBE = Probe("jpeg", 40, 30, 1, False, 6, "srgb", False, 999, "Pixelfleet", None, (53.5, 10.0))
FOLDER = Path("/out")
VARIANTS = (
    RenderedVariant("thumb", FOLDER / "thumb.webp", "webp", 4, 3, 99, "image/webp"),
    RenderedVariant(
        "tiles",
        FOLDER / "tiles.dzi",
        "dzi",
        40,
        30,
        500,
        "application/xml",
        files=9,
        tiles=FOLDER / "tiles_files",
        manifest="00",
    ),
)


def test_an_order_survives_also_with_a_name_that_is_no_unicode() -> None:
    order = Order(Path("/in/a\udcff\n.jpg"), 'name = "é"', FOLDER, Limits(1, 2, 3))
    assert decode_order(order.encoded()) == order
    assert order.encoded().count(b"\n") == 1


@pytest.mark.parametrize(
    "answer", [Answer(probe=PROBE), Answer(rendition=Rendition(VARIANTS, "hash", "#ffffff", "00"))]
)
def test_an_answer_survives(answer: Answer) -> None:
    assert decode_answer(answer.encoded(), FOLDER) == answer


@pytest.mark.parametrize("kind", [PermanentError, TransientError])
def test_an_error_keeps_its_kind_its_cause_and_its_message(kind: type[PermanentError | TransientError]) -> None:
    error = decode_answer(Answer(error=kind(Cause.CRASHED, "why")).encoded(), FOLDER).error
    assert type(error) is kind
    assert (error.cause, error.message) == (Cause.CRASHED, "why")


def test_files_lie_in_the_folder_that_was_given_whatever_the_child_says() -> None:
    stray = RenderedVariant("thumb", Path("/etc/passwd"), "webp", 4, 3, 99, "image/webp")
    answer = decode_answer(Answer(rendition=Rendition((stray,), "", "", "")).encoded(), FOLDER)
    assert answer.rendition is not None
    assert answer.rendition.variants[0].path == FOLDER / "passwd"


@pytest.mark.parametrize("line", [b"", b"[]", b"{", b'{"error": {"kind": "x"}}', b'{"probe": {}}'])
def test_what_is_no_answer_raises_what_the_supervisor_expects(line: bytes) -> None:
    with pytest.raises((ValueError, KeyError, TypeError)):
        decode_answer(line, FOLDER)
