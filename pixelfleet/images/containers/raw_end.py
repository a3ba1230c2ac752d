"""Whether a camera raw breaks off before its last sample. LibRaw develops what is missing as black or as stripes.

Lengths that makers write differently are not used: a raw that is whole must not be refused. A Panasonic raw has no
length; its samples have at least eight bits.
"""

from collections.abc import Callable, Iterator
from itertools import chain
from typing import Final

from pixelfleet.images.containers.tiff_directories import Directory, TiffFile
from pixelfleet.images.containers.tiff_pages import below, is_raw

Read = Callable[[int, int], bytes]

_MAX_DIRECTORIES: Final = 16
_MAX_PARTS: Final = 100_000
#: Offsets and lengths of strips and of tiles (TIFF 6.0).
_PARTS: Final = ((273, 279), (324, 325))
_WIDTH, _HEIGHT, _COMPRESSION, _MAKE, _SAMPLES_A_PIXEL = 256, 257, 259, 271, 277
#: The number of the directory of a CR2 that has the samples (there is no public specification; as in LibRaw).
_CR2_SAMPLES: Final = 3
#: Sony's compression of eight bits a sample: other raws of Sony have lengths that are too large (as in RawSpeed). Some
#: of them have the same number, but not a byte for each sample.
_SONY, _SONY_EIGHT = b"SONY", 32767
#: Offsets and lengths of the preview and of the samples in the head of a RAF (ExifTool, FujiFilm.pm).
_RAF: Final = b"FUJIFILMCCD-RAW"
_RAF_PARTS: Final = (84, 100)
#: Canon's CRW (CIFF 1.0), Sigma's X3F with the mark of its directory (ExifTool, SigmaRaw.pm).
_CANON: Final = b"HEAPCCDR"
_SIGMA, _SIGMA_DIRECTORY = b"FOVb", b"SECd"
#: Tags of a Panasonic raw: the sensor's width and height, the kind and the offset of the samples (ExifTool,
#: PanasonicRaw.pm).
_PANASONIC: Final = b"IIU\0"
_SENSOR_WIDTH, _SENSOR_HEIGHT, _RAW_FORMAT, _RAW_OFFSET = 2, 3, 0x2D, 0x118
#: From this kind on, samples are compressed to any length.
_ENTROPY_CODED: Final = 8


def ends_before_its_samples(read: Read, size: int) -> bool:
    """Whether a camera raw of `size` bytes breaks off; False also where its lengths are unknown."""
    head = read(0, 16)
    if head.startswith(_RAF):
        return any(start + length > size for start, length in _raf_parts(read))
    if head[:4] == _PANASONIC:
        return _panasonic_ends(TiffFile(read), size)
    if head[6:14] == _CANON:
        return not int.from_bytes(read(2, 4), "little") <= _last_number(read, size) < size - 4
    if head.startswith(_SIGMA):
        return read(_last_number(read, size), 4) != _SIGMA_DIRECTORY
    if head[:2] not in (b"II", b"MM"):
        return False
    return any(_ends(directory, size) for directory in _sampled(TiffFile(read)))


def _last_number(read: Read, size: int) -> int:
    """CRW and X3F end with the offset of their directory; in a CRW it counts from the end of the head (CIFF 1.0)."""
    after_head = int.from_bytes(read(2, 4), "little") if read(6, 8) == _CANON else 0
    return after_head + int.from_bytes(read(size - 4, 4), "little")


def _raf_parts(read: Read) -> Iterator[tuple[int, int]]:
    for at in _RAF_PARTS:
        part = read(at, 8)
        start, length = int.from_bytes(part[:4], "big"), int.from_bytes(part[4:], "big")
        # No specification says that the length is exact.
        yield start, length - length // 100


def _panasonic_ends(file: TiffFile, size: int) -> bool:
    first = file.directory(file.first)
    if first is None or first.number(_RAW_FORMAT, 0) >= _ENTROPY_CODED:
        return False
    samples = first.number(_SENSOR_WIDTH, 0) * first.number(_SENSOR_HEIGHT, 0)
    start = first.number(_RAW_OFFSET, 0)
    return start > 0 and start + samples > size


def _sampled(file: TiffFile) -> Iterator[Directory]:
    """The directories with the sensor's samples."""
    cr2 = file.read(8, 2) == b"CR"
    for number, directory in enumerate(file.chain(_MAX_DIRECTORIES)):
        if cr2 and number == _CR2_SAMPLES:
            yield directory
        sony = directory.data(_MAKE)[:4].upper() == _SONY
        for one in chain((directory,), below(file, directory)):
            if is_raw(one) and (_has_a_byte_each(one) if sony else not _has_two_bytes_each(one)):
                yield one


def _has_a_byte_each(directory: Directory) -> bool:
    return directory.number(_COMPRESSION, 1) == _SONY_EIGHT and _length(directory) == _samples(directory)


def _has_two_bytes_each(directory: Directory) -> bool:
    """Whether compressed samples have the length that they had before, as in Hasselblad's 3FR (ExifTool, issue 476)."""
    return directory.number(_COMPRESSION, 1) != 1 and 0 < 2 * _samples(directory) <= _length(directory)


def _samples(directory: Directory) -> int:
    return directory.number(_WIDTH, 0) * directory.number(_HEIGHT, 0) * directory.number(_SAMPLES_A_PIXEL, 1)


def _length(directory: Directory) -> int:
    return sum(sum(directory.numbers(lengths, _MAX_PARTS)) for _, lengths in _PARTS)


def _ends(directory: Directory, size: int) -> bool:
    for starts, lengths in _PARTS:
        parts = zip(directory.numbers(starts, _MAX_PARTS), directory.numbers(lengths, _MAX_PARTS), strict=False)
        if any(start + length > size for start, length in parts):
            return True
    return False
