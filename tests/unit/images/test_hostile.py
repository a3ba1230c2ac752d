"""The engine renders any bytes or refuses the bytes with an error of its own."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fuzz.seeds import seeds
from tests.fuzz.target import check

SEEDS = seeds()
REGRESSIONS = sorted((Path(__file__).parents[2] / "fuzz" / "regressions").glob("*"))


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A seed with bytes overwritten, cut out, doubled, or cut off."""
    content = bytearray(draw(st.sampled_from(SEEDS)))
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, max(len(content) - 1, 0)))
        action = draw(st.sampled_from(("write", "cut", "double", "end")))
        if action == "write":
            new = draw(st.binary(min_size=1, max_size=4))
            content[at : at + len(new)] = new
        elif action == "cut":
            del content[at : at + draw(st.integers(1, 16))]
        elif action == "double":
            content[at:at] = content[at : at + 32]
        else:
            del content[max(at, 16) :]
    return bytes(content)


@pytest.mark.parametrize("number", range(len(SEEDS)))
def test_every_seed_is_an_image(number: int) -> None:
    assert check(SEEDS[number])


@given(mutated())
def test_a_mutated_image_is_rendered_or_refused(content: bytes) -> None:
    check(content)


@given(st.binary(max_size=600))
def test_any_bytes_are_rendered_or_refused(content: bytes) -> None:
    check(content)


@pytest.mark.parametrize("path", REGRESSIONS, ids=lambda path: str(path.name))
def test_a_regression_file_of_a_fuzzer_is_rendered_or_refused(path: Path) -> None:
    check(path.read_bytes())
