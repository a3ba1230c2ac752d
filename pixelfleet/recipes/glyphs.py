"""The characters that a text mark may have: those of scripts that are written one letter after the other, left to
right.

Each character has a glyph in the engine's font (pixelfleet/images/fonts). A test compares the two.
"""

import unicodedata
from typing import Final

#: Code points from-to: Latin, Greek, Cyrillic, Armenian, Georgian; punctuation, currencies, arrows, symbols.
RANGES: Final = (
    *((0x20, 0x7E), (0xA0, 0xAC), (0xAE, 0x24F)),
    *((0x370, 0x377), (0x37A, 0x37F), (0x384, 0x38A), (0x38C, 0x38C), (0x38E, 0x3A1)),
    *((0x3A3, 0x482), (0x48A, 0x525)),
    *((0x531, 0x556), (0x559, 0x55F), (0x561, 0x587), (0x589, 0x58A)),
    *((0x10A0, 0x10C5), (0x10D0, 0x10FC)),
    *((0x1E00, 0x1EFB), (0x1F00, 0x1F15), (0x1F18, 0x1F1D), (0x1F20, 0x1F45), (0x1F48, 0x1F4D), (0x1F50, 0x1F57)),
    *((0x1F5F, 0x1F7D), (0x1F80, 0x1FB4), (0x1FB6, 0x1FC4), (0x1FC6, 0x1FD3), (0x1FD6, 0x1FDB), (0x1FDD, 0x1FEF)),
    *((0x2010, 0x2027), (0x202F, 0x205E), (0x20A0, 0x20B5), (0x20B8, 0x20BA), (0x20BD, 0x20BD)),
    *((0x2100, 0x2109), (0x210B, 0x2149), (0x2190, 0x21FF), (0x2600, 0x269C), (0x269E, 0x26B8)),
)


def composed(text: str) -> str:
    """The text with a letter and its accent as one character, as the font has them (Unicode NFC)."""
    return unicodedata.normalize("NFC", text)


def without_glyph(text: str) -> list[str]:
    """The characters of a composed text that have no glyph; each character once."""
    return [
        character
        for character in dict.fromkeys(text)
        if not any(first <= ord(character) <= last for first, last in RANGES)
    ]
