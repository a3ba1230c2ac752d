"""Translate the texts of codecs into cause and message. libvips and Pillow give only text, so text is matched.

A fault of the machine is never reported as a fault of the image. A text of the operating system is transient. An error
of an encoder is never a fault of the source. A text that no rule covers is `crashed`, which is tried again.
`unreadable` is the cause where a decoder reports an error in the file's bytes. The word "damaged" is used only after a
second decoder refuses the file (`second_decoder.py`).
"""

import errno
import re
from typing import Final

from pixelfleet.errors import Cause, PermanentError, ProcessingError, TransientError

#: Characters of a codec's line that are read: some codecs quote the file in their text.
_LONGEST_LINE: Final = 2_000


class DamagedError(Exception):
    """A parser in Python read bytes that do not fit the format."""


_MEMORY: Final = re.compile(
    r"out of memory|(cannot|unable to|failed to|could not) allocate|malloc failed|memory allocation|"
    r"insufficient memory|not enough memory|no space for|bad_alloc|png_malloc|out_of_memory|memory limit|"
    # libaom's encoder, when memory for its frames cannot be allocated.
    r"error allocating|av1_create_context_and_bufferpool\(\) failed|"
    # librsvg gives no reason when cairo cannot allocate the picture of a mask or a filter.
    r"glib: rendering error:\s*\Z",
    re.IGNORECASE,
)
_DISK: Final = re.compile(r"no space left|disk quota|file too large", re.IGNORECASE)
_MACHINE: Final = re.compile(
    r"too many open files|input/output error|resource temporarily unavailable|unable to create thread|"
    r"error creating thread|thread.*(failed|create)|permission denied|no such file|stale file handle|system error|"
    r"unix error|device or resource busy|connection timed out|transport endpoint|interrupted system call|"
    r"operation not permitted|read-only file system|windows error",
    re.IGNORECASE,
)
_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
#: Encoders and targets of libvips, by the word before the colon.
_WRITING: Final = re.compile(
    r"^\s*(?:\w*save\w*|vips2\w+|wbuffer\w*|target\w*|VipsTarget\w*|heifsave\w*|dzsave|write_\w+|vips__jpeg_write\w*|"
    r"unable to write\b.*|cgifsave|gsf\w*|unable to call (?:Vips)?(?:ForeignSave|\w*save)\w*)(?=:|\s|$)",
    re.MULTILINE,
)
#: Decoders. A decoder may also fail while a variant of a streamed source is written.
_READING: Final = re.compile(
    r"^\s*(?:VipsJpeg|jpegload|pngload|spngload|webpload|gifload\w*|tiff2vips|tiffload|heifload\w*|svgload\w*|TIFF\w*|\w*Decode\w*)"
    r"(?=:)",
    re.MULTILINE,
)
_LIMIT_OF_FORMAT: Final = re.compile(
    r"too (large|big|wide|high)|exceeds|maximum (image )?(size|dimension)", re.IGNORECASE
)
_TRUNCATED: Final = re.compile(
    r"premature end|truncated|unexpected end|end of (file|data|stream)|not enough (image )?data|"
    r"read error (at|on) (scanline|strip|tile)|fewer bytes than|short read|end-of-file",
    re.IGNORECASE,
)
#: Texts for invalid bytes that a codec reports as an unsupported method or stream.
_SENSELESS: Final = re.compile(r"decoding error|bitstream not supported by this decoder", re.IGNORECASE)
_UNSUPPORTED: Final = re.compile(
    r"unsupported|not supported|not implemented|no known (loader|saver)|unknown compression|not configured|"
    r"operation is blocked|bad (bits|photometric)|samples out of range|has not been built in|"
    r"not a whole number of bytes|unknown (\w+ mode|file type)|compression.*not|"
    r"cannot handle|can not handle|too many (samples|bands)|unable to determine \w+ image mode|"
    r"unrecogni[sz]ed (?:image )?mode|more samples per pixel",
    re.IGNORECASE,
)
#: Decoders that report errors in the file's bytes: libvips' loaders, the libraries below them, Pillow's decoders.
_DECODERS: Final = re.compile(
    r"^\s*(?:VipsJpeg|jpeg\w*|JPEG\w*|png\w*|libpng\w*|spng\w*|vipspng|webp\w*|gif\w*|nsgif\w*|tiff\w*|TIFF\w*|_TIFF\w+|"
    r"\w*Decode\w*|heif\w*|svg\w*|rsvg\w*|Fax\w*|LZW\w*|ZIP\w*|PixarLog\w*|OJPEG\w*|LogL\w*|ZSTD\w*|PackBits\w*|"
    r"read error|image|cannot identify image file|decoder error|buffer (?:overrun|is not)|bad |broken |invalid |"
    r"corrupt|wrong |unable to parse|not a |incorrect |missing |illegal |no (?:header|image)|overrun|"
    r"XML parse|XML error|error parsing|malformed|expected|tile|image data|encoding error|unexpected|"
    r"unable to call \w*load\w*|source input|image file|Invalid|unrecognized data|[A-Z]{3,4} (?:file|header))\b",
    re.MULTILINE | re.IGNORECASE,
)
#: Formats whose decoders return no part of a truncated picture.
_ALL_OR_NOTHING: Final = frozenset({"webp", "avif", "heic", "jxl", "pdf", "raw", "dds", "ico", "qoi"})


#: A decoder's own limits on invalid values in the file. The texts look like errors of the machine.
_NONSENSE: Final = re.compile(
    r"security limit exceeded|out of memory reading of \"|maximum number of .* exceeded|bogus|absurd", re.IGNORECASE
)


def translate(error: Exception, format_name: str) -> ProcessingError:
    """The error of this project for an error that a codec raised while it read a `format_name` or wrote its variant."""
    text = str(error)
    if _NONSENSE.search(text):
        return unreadable(text, format_name)
    return _of_machine(error, text, format_name) or _of_file(error, text, format_name)


def _of_file(error: Exception, text: str, format_name: str) -> ProcessingError:
    if _WRITING.search(text) and not _READING.search(text):
        return _of_encoder(text, format_name)
    if _TRUNCATED.search(text):
        return truncated(format_name)
    if _SENSELESS.search(text):
        return unreadable(text, format_name)
    if _UNSUPPORTED.search(text):
        return PermanentError(
            Cause.UNSUPPORTED_FORMAT,
            f"this kind of {format_name} is not supported ({gist(text)}); save it as an ordinary JPEG, PNG or TIFF",
        )
    blames = isinstance(error, DamagedError) or _DECODERS.search(text)
    return unreadable(text, format_name) if blames else crashed(text, format_name)


def truncated(format_name: str) -> PermanentError:
    """The error `truncated`, with advice for the format."""
    accept = ", or accept what there is with accept_truncated = true in the recipe"
    advice = "" if format_name in _ALL_OR_NOTHING else accept
    return PermanentError(Cause.TRUNCATED, f"the {format_name} breaks off before its end; upload it again{advice}")


def crashed(text: str, format_name: str) -> TransientError:
    """For a text that no rule covers."""
    return TransientError(
        Cause.CRASHED,
        f"an unexpected error on this {format_name} ({gist(text)}); it is tried again",
    )


def _of_machine(error: Exception, text: str, format_name: str) -> ProcessingError | None:
    number = error.errno if isinstance(error, OSError) else None
    if isinstance(error, MemoryError) or number == errno.ENOMEM or _MEMORY.search(text):
        return TransientError(Cause.OUT_OF_MEMORY, f"memory ran out on this {format_name}; it goes to the heavy lane")
    if number in _FULL or _DISK.search(text):
        return TransientError(Cause.UNAVAILABLE, "the worker's scratch disk is full; give it more ephemeral storage")
    if number is not None or _MACHINE.search(text):
        return TransientError(Cause.UNAVAILABLE, f"the worker's machine failed ({gist(text)}); it is tried again")
    return None


def lacks_memory_or_disk(error: BaseException) -> bool:
    """Whether the text or the number of an error says that the machine's memory or disk ran out."""
    number = error.errno if isinstance(error, OSError) else None
    if isinstance(error, MemoryError) or number == errno.ENOMEM or number in _FULL:
        return True
    return bool(_MEMORY.search(str(error)) or _DISK.search(str(error)))


def _of_encoder(text: str, format_name: str) -> ProcessingError:
    if _LIMIT_OF_FORMAT.search(text):
        return PermanentError(
            Cause.RECIPE_UNFIT,
            f"a variant is more than its format can hold ({gist(text)}); give it a box, tiles or another format",
        )
    return crashed(text, format_name)


def unreadable(text: str, format_name: str) -> PermanentError:
    """For an error in the file's bytes that one decoder reports."""
    return PermanentError(
        Cause.UNREADABLE,
        f"the {format_name} cannot be decoded ({gist(text)}); upload an intact copy, or save it anew as PNG or TIFF",
    )


def damaged(text: str, format_name: str) -> PermanentError:
    """For a file that two independent decoders refuse."""
    return PermanentError(
        Cause.UNREADABLE,
        f"the {format_name} is damaged and cannot be decoded ({gist(text)}); upload an intact copy",
    )


def unusual(text: str, format_name: str) -> PermanentError:
    """For a file that another decoder reads."""
    return PermanentError(
        Cause.UNSUPPORTED_FORMAT,
        f"this kind of {format_name} is not supported ({gist(text)}), although other programs show it; "
        "open it in one of them and save it anew",
    )


def is_silent(error: BaseException) -> bool:
    """Whether a codec gave no reason: the text only names our calls."""
    return not _reasons(str(error))


def gist(text: str) -> str:
    """The codec's own last line. Lines that only name our calls ("unable to ...") and paths are left out."""
    lines = _reasons(text)
    last = re.sub(r'b?["\'][^"\']*/[^"\']*["\']', "the file", lines[-1][:_LONGEST_LINE] if lines else "no reason given")
    return re.sub(r"(?:/[^\s/:'\"()]+){2,}", "the file", last)[:160]


def _reasons(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("unable to")]
