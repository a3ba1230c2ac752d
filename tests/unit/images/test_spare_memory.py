"""Encoders that end the process where memory is missing are not started without it."""

import resource
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pixelfleet.images import jpegli, jpegxl_output
from pixelfleet.images.metadata.choice import Blocks
from pixelfleet.images.spare_memory import check_spare_memory
from pixelfleet.images.vips import Image, pyvips, ready
from pixelfleet.recipes import Variant


def by_jpegli(image: Image) -> bytes:
    return jpegli.encoded(image, 95, progressive=True)


def as_jxl(effort: int) -> Callable[[Image], bytes]:
    variant = Variant.model_validate({"name": "a", "format": "jxl", "effort": effort})
    return lambda image: jpegxl_output.file_of(image, variant, 80, Blocks())


def black(width: int, height: int) -> Image:
    ready()
    return pyvips.Image.black(width, height, bands=3).copy(interpretation="srgb").copy_memory()


@contextmanager
def at_most(more: int) -> Iterator[None]:
    """The process may allocate `more` bytes beside those that it has, as the child that decodes is limited."""
    data = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmData"))
    before = resource.getrlimit(resource.RLIMIT_DATA)
    resource.setrlimit(resource.RLIMIT_DATA, (int(data.split()[1]) * 1024 + more, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, before)


@pytest.mark.parametrize("encode", [by_jpegli, as_jxl(3), as_jxl(7), as_jxl(9)])
@pytest.mark.parametrize("more", [12_000_000, 30_000_000])
def test_too_little_memory_is_an_error_of_memory_and_not_the_end_of_the_process(
    encode: Callable[[Image], bytes], more: int
) -> None:
    encode(black(8, 8))
    image = black(1500, 1000)
    with at_most(more), pytest.raises(MemoryError):
        encode(image)


def test_the_smallest_picture_needs_some_memory() -> None:
    check_spare_memory(black(1, 1), 1, 0)
    with pytest.raises(MemoryError, match="bytes cannot be allocated"):
        check_spare_memory(black(1000, 1000), 2**40)
