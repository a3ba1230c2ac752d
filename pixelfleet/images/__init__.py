"""The engine: image files in, variant files out. No AWS, no Celery, no settings.

Importing this package runs no libvips operation: the parent of a pre-forking worker may import it, but only a
child may probe or render, because libvips' threads do not survive a fork.
"""

from typing import Final

#: Part of every image's revision. Raise this number when the same source and recipe would give different bytes.
ENGINE_VERSION: Final = "2"
