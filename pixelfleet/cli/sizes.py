"""Sizes as people write them."""

import re
from typing import Final

from pixelfleet.errors import SetupError

_UNITS: Final = {"": 1, "k": 1_000, "m": 1_000_000, "g": 1_000_000_000}
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([kmg]?)b?(?:/s)?", re.IGNORECASE)
_RATE = re.compile(r"(\d+(?:\.\d+)?)\s*(?:/s)?")


def bandwidth(text: str | None) -> float | None:
    """Bytes a second, of `500k`, `10MB/s` or `1.5G`.

    Raises:
        SetupError: the text has another form, or the rate is zero.
    """
    if text is None:
        return None
    match = _SIZE.fullmatch(text.strip())
    if match is None or not float(match[1]):
        raise SetupError(f"--max-bandwidth {text}: write bytes a second as 500k, 10M or 1.5G")
    return float(match[1]) * _UNITS[match[2].lower()]


def per_second(text: str | None) -> float | None:
    """Items a second, of `50` or `50/s`.

    Raises:
        SetupError: the text has another form, or the rate is zero.
    """
    if text is None:
        return None
    match = _RATE.fullmatch(text.strip())
    if match is None or not float(match[1]):
        raise SetupError(f"--max-rate {text}: write jobs a second as 50/s or 0.5/s")
    return float(match[1])
