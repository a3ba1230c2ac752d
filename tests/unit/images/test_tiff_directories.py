"""The bytes that are read of the directories of a TIFF do not grow with the sizes that the directories declare."""

import struct

import pytest

from pixelfleet.errors import Cause, PermanentError
from pixelfleet.images.containers.tiff_directories import MAX_FIELDS, TiffFile
from pixelfleet.images.containers.tiff_pages import is_camera_raw, pages

_BYTE, _LONG = 1, 4
_VALUES = 4_000_000
_DIRECTORIES = 400


def _tiff_of_long_values() -> bytes:
    """Directories whose fields, such as the width and the SubIFDs, each have a value of 4 MB, the longest allowed."""
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
def test_a_long_value_is_not_read_for_its_first_number(look: object) -> None:
    content, taken = _tiff_of_long_values(), 0

    def read(offset: int, count: int) -> bytes:
        nonlocal taken
        taken += min(count, max(len(content) - offset, 0))
        return content[offset : offset + count]

    assert callable(look)
    look(read)

    assert 0 < taken < 1_000_000


def test_a_directory_returns_the_first_numbers_of_a_value() -> None:
    content = b"II*\0\x08\0\0\0" + struct.pack("<HHHII", 1, 258, 3, 3, 26) + bytes(4) + b"\0\0\0\0"
    content = content[:26] + struct.pack("<3H", 8, 9, 10)
    directory = TiffFile(lambda offset, count: content[offset : offset + count]).directory(8)
    assert directory is not None
    assert (directory.numbers(258), directory.numbers(258, 2)) == ((8, 9, 10), (8, 9))
    assert (directory.number(258, 1), directory.number(259, 1)) == (8, 1)


def _tiff_of_shared_directories(chain: int) -> bytes:
    """Directories of one field each; the field refers to one directory of 1,024 fields, sixteen times."""
    shared = struct.pack("<H", 1024) + struct.pack("<HHII", 300, _LONG, 1, 1) * 1024 + bytes(4)
    offsets = 8 + len(shared)
    first = offsets + 64
    content = b"II*\0" + struct.pack("<I", first) + shared + struct.pack("<16I", *[8] * 16)
    for number in range(chain):
        following = first + 18 * (number + 1) if number + 1 < chain else 0
        content += struct.pack("<HHHIII", 1, 330, _LONG, 16, offsets, following)
    return content


def test_the_total_number_of_fields_of_all_directories_is_bounded() -> None:
    """A file of 160 kB has 130 million fields."""
    content, taken = _tiff_of_shared_directories(8_000), 0

    def read(offset: int, count: int) -> bytes:
        nonlocal taken
        taken += 1
        return content[offset : offset + count]

    with pytest.raises(PermanentError) as refused:
        pages(read)
    assert refused.value.cause is Cause.TOO_MUCH_METADATA
    assert taken < 2 * MAX_FIELDS / 1024 + 1_000


def test_two_thousand_pages_with_reduced_copies_are_within_the_bound() -> None:
    entries, size = 30, 2 + 30 * 12 + 4
    content = b"II*\0" + struct.pack("<I", 8)
    for number in range(4_000):
        following = 8 + size * (number + 1) if number < 3_999 else 0
        fields = b"".join(struct.pack("<HHII", 254 + tag, _LONG, 1, 0) for tag in range(entries))
        content += struct.pack("<H", entries) + fields + struct.pack("<I", following)
    assert len(pages(lambda offset, count: content[offset : offset + count])) == 4_000
