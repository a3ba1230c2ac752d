"""From files to the uploads bucket, many at once, with a journal from which a later run resumes."""

from pixelfleet.domain.keys import as_key, batch_prefix, short_key
from pixelfleet.uploads.uploader import Put, Uploader

__all__ = ["Put", "Uploader", "as_key", "batch_prefix", "short_key"]
