"""IPTC's Information Interchange Model (IIM 4.2): datasets, alone or in Photoshop's resources, and their XMP form."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

_PHOTOSHOP: Final = b"Photoshop 3.0\0"
_RESOURCE: Final = 0x0404
_MAX_DATASETS: Final = 2000
_UTF8: Final = b"\x1b%G"
#: ObjectData preview: its format, the version of the format, its data.
_PREVIEW: Final = (200, 201, 202)
#: Category, supplemental categories and keywords.
_KEYWORDS: Final = ((2, 15), (2, 20), (2, 25))
#: Pre-object data, object data, post-object data.
_DATA_RECORDS: Final = (7, 8, 9)
_EXTENDED: Final = 0x8000

#: Record 2 datasets and the XMP properties of the same meaning (IPTC Photo Metadata Standard 2023.2, "IIM mapping").
PROPERTIES: Final[dict[int, tuple[str, str]]] = {
    5: ("dc", "title"),
    25: ("dc", "subject"),
    40: ("photoshop", "Instructions"),
    80: ("dc", "creator"),
    85: ("photoshop", "AuthorsPosition"),
    90: ("photoshop", "City"),
    92: ("Iptc4xmpCore", "Location"),
    95: ("photoshop", "State"),
    100: ("Iptc4xmpCore", "CountryCode"),
    101: ("photoshop", "Country"),
    103: ("photoshop", "TransmissionReference"),
    105: ("photoshop", "Headline"),
    110: ("photoshop", "Credit"),
    115: ("photoshop", "Source"),
    116: ("dc", "rights"),
    120: ("dc", "description"),
    122: ("photoshop", "CaptionWriter"),
}


@dataclass(frozen=True, slots=True)
class _Dataset:
    record: int
    number: int
    value: bytes
    #: The header and the value.
    whole: bytes

    @property
    def is_preview(self) -> bool:
        return self.record == 2 and self.number in _PREVIEW


def datasets_block(content: bytes) -> bytes:
    """The IIM datasets of a block. The block is the datasets alone, or Photoshop's resources with the datasets."""
    if content[:1] == b"\x1c":
        return content
    content = content.removeprefix(_PHOTOSHOP)
    at = 0
    while content[at : at + 4] == b"8BIM" and at + 12 <= len(content):
        number = int.from_bytes(content[at + 4 : at + 6], "big")
        name = content[at + 6]
        start = at + 6 + (name + 2 & ~1)
        size = int.from_bytes(content[start : start + 4], "big")
        if number == _RESOURCE:
            return content[start + 4 : start + 4 + size]
        at = start + 4 + size + (size & 1)
    return b""


def kept(datasets: bytes, *, keywords: bool) -> bytes:
    """The datasets without a preview of the source, without the records of the picture's own data (IIM 4.2: 2:200 to
    2:202, records 7 to 9), and without bytes after the last dataset; without `keywords`, also without 2:15, 2:20
    and 2:25."""
    parts = [part for part in _datasets(datasets) if part.record not in _DATA_RECORDS and not part.is_preview]
    return b"".join(part.whole for part in parts if keywords or (part.record, part.number) not in _KEYWORDS)


def photoshop_block(datasets: bytes) -> bytes:
    """The datasets in the form of the APP13 segment of JPEG."""
    size = len(datasets).to_bytes(4, "big")
    return _PHOTOSHOP + b"8BIM" + _RESOURCE.to_bytes(2, "big") + b"\0\0" + size + datasets + bytes(len(datasets) % 2)


def as_properties(datasets: bytes) -> dict[tuple[str, str], list[str]]:
    """The XMP properties of the datasets: prefix and name, and the values in order."""
    properties: dict[tuple[str, str], list[str]] = {}
    parts = list(_datasets(datasets))
    utf8 = any((part.record, part.number, part.value) == (1, 90, _UTF8) for part in parts)
    for part in parts:
        if part.record == 2 and part.number in PROPERTIES and (text := _text(part.value, utf8=utf8)):
            properties.setdefault(PROPERTIES[part.number], []).append(text)
    return properties


def _datasets(content: bytes) -> Iterator[_Dataset]:
    """The datasets up to the first byte that does not begin a dataset."""
    at = 0
    for _ in range(_MAX_DATASETS):
        if content[at : at + 1] != b"\x1c" or at + 5 > len(content):
            return
        start, size = at + 5, int.from_bytes(content[at + 3 : at + 5], "big")
        if size & _EXTENDED:
            # The number of bytes of the length, and then the length (IIM 4.2, 1.6.2).
            width = size & ~_EXTENDED
            start, size = start + width, int.from_bytes(content[start : start + min(width, 8)], "big")
        yield _Dataset(content[at + 1], content[at + 2], content[start : start + size], content[at : start + size])
        at = start + size


def _text(value: bytes, *, utf8: bool) -> str:
    """UTF-8 if it is declared or the value is valid UTF-8, else Latin-1, which most writers without a declaration
    use."""
    try:
        text = value.decode()
    except UnicodeDecodeError:
        text = value.decode("utf-8" if utf8 else "latin-1", "replace")
    return "".join(character for character in text if character.isprintable() or character in "\n\t").strip()
