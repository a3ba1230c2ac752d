"""Files of many images as one ZIP, written while it is sent: nothing is held but one chunk."""

import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

#: What is compressed already is stored as it is.
_METHOD: Final = zipfile.ZIP_STORED


@dataclass(frozen=True, slots=True)
class Member:
    """One file of a ZIP: its name, and its bytes; None for a file that is gone."""

    name: str
    chunks: Iterable[bytes] | None


class _Sink:
    """Takes what a ZIP file writes; it cannot seek, so that sizes stand behind each file."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def write(self, data: bytes) -> int:
        self._parts.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """Nothing is held back."""

    def take(self) -> bytes:
        taken = b"".join(self._parts)
        self._parts.clear()
        return taken


def zip_of(members: Iterable[Member], now: datetime | None = None) -> Iterator[bytes]:
    """The bytes of a ZIP (APPNOTE 6.3.10), with 64-bit sizes. Names that occur twice get a number."""
    at = (now or datetime.now(UTC)).timetuple()[:6]
    sink, taken = _Sink(), set[str]()
    with zipfile.ZipFile(sink, "w", _METHOD, allowZip64=True) as file:  # type: ignore[call-overload]
        for member in members:
            if member.chunks is None:
                continue
            entry = zipfile.ZipInfo(_unused(member.name, taken), at)
            with file.open(entry, "w", force_zip64=True) as writer:
                for chunk in member.chunks:
                    writer.write(chunk)
                    yield sink.take()
            yield sink.take()
    yield sink.take()


def _unused(name: str, taken: set[str]) -> str:
    """A relative name that no other member has."""
    plain = "/".join(part for part in name.replace("\\", "_").split("/") if part not in ("", ".", ".."))
    stem, dot, suffix = plain.rpartition(".")
    candidate, number = plain, 1
    while candidate in taken:
        number += 1
        candidate = f"{stem} ({number}).{suffix}" if dot else f"{plain} ({number})"
    taken.add(candidate)
    return candidate
