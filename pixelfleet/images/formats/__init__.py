"""The formats: one row for each format, and the rule that selects the row of a file by the file's bytes.

`upload` skips a file by the same rule by which the engine rejects a file. Nothing here imports a codec.
"""

from pixelfleet.images.formats.identify import HEAD_BYTES, Read, content_type_of, extension_of, identify, sniff
from pixelfleet.images.formats.table import FORMATS, REFUSED, Format, RefusedFormat

__all__ = [
    "FORMATS",
    "HEAD_BYTES",
    "REFUSED",
    "Format",
    "Read",
    "RefusedFormat",
    "content_type_of",
    "extension_of",
    "identify",
    "sniff",
]
