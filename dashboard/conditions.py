"""Conditional requests and ranges (RFC 9110, 13 and 14), as pure functions over a request's headers."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from typing import Final

_TAG: Final = re.compile(r'(?P<weak>W/)?(?P<tag>"[\x21\x23-\x7e\x80-\xff]*")')
_RANGE: Final = re.compile(r"bytes=[ \t]*(?P<first>[0-9]*)-(?P<last>[0-9]*)[ \t]*", re.IGNORECASE)
#: The most characters of a Range header that is read.
_MOST_CHARACTERS: Final = 100

Headers = Mapping[str, str]


class UnsatisfiableRangeError(Exception):
    """No byte of the range is inside the content: 416."""


def http_date(moment: datetime) -> str:
    """The time in the form of HTTP's dates (RFC 9110, 5.6.7)."""
    return format_datetime(moment.astimezone(UTC), usegmt=True)


def precondition(headers: Headers, tag: str, modified: datetime | None) -> int | None:
    """412 or 304 if a GET is not carried out because of its headers, else None; in the order of RFC 9110, 13.2.2.

    `tag` is the strong entity tag of the content, in quotes. `modified` is None if the time of the last change is not
    known: then dates are ignored. A date that cannot be read is ignored too.
    """
    if "if-match" in headers:
        if not _matches(headers["if-match"], tag, weakly=False):
            return 412
    elif (until := _date(headers.get("if-unmodified-since"))) and modified and _seconds(modified) > until:
        return 412
    if "if-none-match" in headers:
        return 304 if _matches(headers["if-none-match"], tag, weakly=True) else None
    since = _date(headers.get("if-modified-since"))
    return 304 if since and modified and _seconds(modified) <= since else None


def requested_range(headers: Headers, tag: str, modified: datetime | None, size: int) -> range | None:
    """The requested bytes; None for all bytes.

    Several ranges, another unit, and a range that cannot be read are answered with all bytes, which a server may do at
    any time (14.2). So is a range whose If-Range is not of the present bytes (13.1.5).

    Raises:
        UnsatisfiableRangeError: no byte of the range is inside the content.
    """
    asked = headers.get("range", "")
    match = _RANGE.fullmatch(asked) if len(asked) <= _MOST_CHARACTERS else None
    if match is None or not (match["first"] or match["last"]) or not _is_present(headers, tag, modified):
        return None
    if not match["first"]:
        length = int(match["last"])
        start, stop = max(0, size - length), size
        if length == 0:
            raise UnsatisfiableRangeError
    else:
        start = int(match["first"])
        stop = int(match["last"]) + 1 if match["last"] else size
        if stop <= start:
            # The last byte is before the first: the header is invalid. But `5-` of three bytes is not satisfiable.
            if match["last"]:
                return None
            raise UnsatisfiableRangeError
    if start >= size:
        raise UnsatisfiableRangeError
    return range(start, min(stop, size))


def _is_present(headers: Headers, tag: str, modified: datetime | None) -> bool:
    """Whether If-Range is missing or of the present bytes: by a strong comparison, or the exact date."""
    condition = headers.get("if-range")
    if condition is None or condition.strip() == tag:
        return True
    return modified is not None and _date(condition) == _seconds(modified)


def _matches(listed: str, tag: str, *, weakly: bool) -> bool:
    if listed.strip() == "*":
        return True
    return any(entry["tag"] == tag and (weakly or not entry["weak"]) for entry in _TAG.finditer(listed))


def _date(text: str | None) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text) if text else None
    except (ValueError, OverflowError):
        return None
    if moment is None:
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


def _seconds(moment: datetime) -> datetime:
    """Dates of HTTP have whole seconds."""
    return moment.replace(microsecond=0)
