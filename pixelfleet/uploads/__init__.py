"""From files to the uploads bucket: keys, sending, many at once, and a journal that makes it resumable."""

from pixelfleet.domain.keys import as_key, batch_prefix, short_key
from pixelfleet.uploads.sender import Sender
from pixelfleet.uploads.uploader import Put, Uploader

__all__ = ["Put", "Sender", "Uploader", "as_key", "batch_prefix", "short_key"]
