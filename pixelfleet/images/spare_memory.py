"""Memory for libraries that end the whole process where an allocation fails, instead of reporting the failure."""

import mmap

from pixelfleet.images.vips import Image

#: Bytes beside those for each pixel: buffers and stacks of fixed sizes.
_FIXED = 16_000_000


def check_spare_memory(image: Image, bytes_a_pixel: int, fixed: int = _FIXED) -> None:
    """Check that an encoder can allocate this much. The memory is reserved and released, and never written to.

    Raises:
        MemoryError: it cannot be allocated, within the limit of this process.
    """
    needed = max(image.width * image.height * bytes_a_pixel + fixed, mmap.PAGESIZE)
    try:
        mmap.mmap(-1, needed, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS).close()
    except OSError as error:
        raise MemoryError(f"{needed:,} bytes cannot be allocated") from error
