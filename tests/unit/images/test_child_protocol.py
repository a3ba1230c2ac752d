"""Messages between the supervisor and its child are decoded as they were encoded."""

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


def test_an_order_with_a_name_that_is_not_unicode_is_decoded_unchanged() -> None:
    order = Order(Path("/in/a\udcff\n.jpg"), 'name = "é"', FOLDER, Limits(1, 2, 3))
    assert decode_order(order.encoded()) == order
    assert order.encoded().count(b"\n") == 1


@pytest.mark.parametrize(
    "answer", [Answer(probe=PROBE), Answer(rendition=Rendition(VARIANTS, "hash", "#ffffff", "00"), cpu_ms=12)]
)
def test_an_answer_is_decoded_unchanged(answer: Answer) -> None:
    assert decode_answer(answer.encoded(), FOLDER) == answer


@pytest.mark.parametrize("kind", [PermanentError, TransientError])
def test_an_error_keeps_its_kind_its_cause_and_its_message(kind: type[PermanentError | TransientError]) -> None:
    error = decode_answer(Answer(error=kind(Cause.CRASHED, "why")).encoded(), FOLDER).error
    assert type(error) is kind
    assert (error.cause, error.message) == (Cause.CRASHED, "why")


def test_decoded_files_lie_in_the_given_folder_even_if_the_child_names_another() -> None:
    stray = RenderedVariant("thumb", Path("/etc/passwd"), "webp", 4, 3, 99, "image/webp")
    answer = decode_answer(Answer(rendition=Rendition((stray,), "", "", "")).encoded(), FOLDER)
    assert answer.rendition is not None
    assert answer.rendition.variants[0].path == FOLDER / "passwd"


@pytest.mark.parametrize("line", [b"", b"[]", b"{", b'{"error": {"kind": "x"}}', b'{"probe": {}}'])
def test_a_line_that_is_not_an_answer_raises_an_error_that_the_supervisor_catches(line: bytes) -> None:
    with pytest.raises((ValueError, KeyError, TypeError)):
        decode_answer(line, FOLDER)
