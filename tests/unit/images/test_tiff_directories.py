"""What is read of a TIFF's directories does not grow with what they say of themselves."""

import struct

import pytest

from pixelfleet.images.containers.tiff_directories import TiffFile
from pixelfleet.images.containers.tiff_pages import is_camera_raw, pages

_BYTE, _LONG = 1, 4
_VALUES = 4_000_000
_DIRECTORIES = 400


def _tiff_of_long_values() -> bytes:
    """Directories whose widths and directories below have as many numbers as a value may have bytes."""
    table = 2 + 4 * 12 + 4
    end = 8 + _DIRECTORIES * table
    content = b"II*\0" + struct.pack("<I", 8)
    for number in range(_DIRECTORIES):
        fields = [(254, _BYTE, _VALUES, end), (256, _BYTE, _VALUES, end), (257, _BYTE, _VALUES, end)]
        fields += [(330, _LONG, _VALUES // 4, end)]
        following = 8 + (number + 1) * table if number + 1 < _DIRECTORIES else 0
        content += struct.pack("<H", 4) + b"".join(struct.pack("<HHII", *field) for field in fields)
        content += struct.pack("<I", following)
    return content + bytes(_VALUES)


@pytest.mark.parametrize("look", [pages, is_camera_raw])
def test_long_values_are_not_read_for_their_first_number(look: object) -> None:
    content, taken = _tiff_of_long_values(), 0

    def read(offset: int, count: int) -> bytes:
        nonlocal taken
        taken += min(count, max(len(content) - offset, 0))
        return content[offset : offset + count]

    assert callable(look)
    look(read)

    assert 0 < taken < 1_000_000


def test_the_first_numbers_of_a_value_are_its_first_numbers() -> None:
    content = b"II*\0\x08\0\0\0" + struct.pack("<HHHII", 1, 258, 3, 3, 26) + bytes(4) + b"\0\0\0\0"
    content = content[:26] + struct.pack("<3H", 8, 9, 10)
    directory = TiffFile(lambda offset, count: content[offset : offset + count]).directory(8)
    assert directory is not None
    assert (directory.numbers(258), directory.numbers(258, 2)) == ((8, 9, 10), (8, 9))
    assert (directory.number(258, 1), directory.number(259, 1)) == (8, 1)
