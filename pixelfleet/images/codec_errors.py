"""What codecs complain of, told as cause and message. libvips and Pillow know only text, so text is matched."""

import errno
import re
from typing import Final

from pixelfleet.errors import Cause, PermanentError, ProcessingError, TransientError

_TRUNCATED: Final = re.compile(
    r"premature end|truncated|unexpected end|end of (file|data|stream)|not enough (image )?data|"
    r"read error (at|on) (scanline|strip|tile)|broken data stream|fewer bytes than|short read",
    re.IGNORECASE,
)
_MEMORY: Final = re.compile(r"out of memory|cannot allocate|unable to allocate|malloc failed", re.IGNORECASE)
_DISK: Final = re.compile(r"no space left|disk quota", re.IGNORECASE)
_UNSUPPORTED: Final = re.compile(
    r"unsupported|not supported|not implemented|no known (loader|saver)|unknown compression|not configured|"
    r"operation is blocked|bad (bits|photometric)|samples out of range",
    re.IGNORECASE,
)
#: Formats whose decoders show nothing of a picture that breaks off.
_ALL_OR_NOTHING: Final = frozenset({"webp", "avif", "heic", "dds", "ico", "qoi"})


def translate(error: Exception, format_name: str) -> ProcessingError:
    """The error of ours that `error`, raised while a `format_name` was read, stands for."""
    text = str(error)
    if isinstance(error, MemoryError) or _MEMORY.search(text):
        return TransientError(Cause.OUT_OF_MEMORY, f"memory ran out on this {format_name}; it goes to the heavy lane")
    if _DISK.search(text) or (isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)):
        return TransientError(Cause.UNAVAILABLE, "the worker's scratch disk is full; give it more ephemeral storage")
    if _TRUNCATED.search(text):
        return truncated(format_name)
    if _UNSUPPORTED.search(text):
        return PermanentError(
            Cause.UNSUPPORTED_FORMAT,
            f"this kind of {format_name} is not supported ({_gist(text)}); save it as an ordinary JPEG, PNG or TIFF",
        )
    return PermanentError(
        Cause.UNREADABLE,
        f"the {format_name} is damaged and cannot be decoded ({_gist(text)}); upload an intact copy",
    )


def truncated(format_name: str) -> PermanentError:
    accept = ", or accept what there is with accept_truncated = true in the recipe"
    advice = "" if format_name in _ALL_OR_NOTHING else accept
    return PermanentError(Cause.TRUNCATED, f"the {format_name} breaks off before its end; upload it again{advice}")


def _gist(text: str) -> str:
    """The codec's own last word on it, without the wrapping that names our calls and paths."""
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("unable to")]
    return re.sub(r'b?["\'][^"\']*/[^"\']*["\']', "the file", lines[-1] if lines else "no reason given")[:160]
