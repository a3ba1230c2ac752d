"""An answer of the embedded cloud whose body is part of a file, sent piece by piece."""

import os
from pathlib import Path
from typing import Final

from ministack.core.responses import StreamingResponse

from pixelfleet.localcloud.request_head import Receive, Send

#: Bytes that are read and sent at a time.
_PIECE: Final = 1 << 18


class FilePiece(StreamingResponse):  # type: ignore[misc]
    """Some bytes of a file, sent piece by piece. The file is opened at the start, so a replacement has no effect."""

    __slots__ = ("_file", "_length", "_start")

    def __init__(self, path: str, start: int = 0, length: int | None = None) -> None:
        super().__init__(self._run)
        self._file = Path(path).open("rb")  # noqa: SIM115 - closed when it is sent, or with the object
        self._start = start
        self._length = os.fstat(self._file.fileno()).st_size - start if length is None else length

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, part: slice) -> "FilePiece":
        start, stop, _ = part.indices(self._length)
        self._start, self._length = self._start + start, max(0, stop - start)
        return self

    async def _run(self, send: Send, _receive: Receive) -> None:
        with self._file as file:
            file.seek(self._start)
            left = self._length
            while left > 0 and (piece := file.read(min(left, _PIECE))):
                left -= len(piece)
                await send({"type": "http.response.body", "body": piece, "more_body": True})
        if left == 0:
            await send({"type": "http.response.body", "body": b"", "more_body": False})
