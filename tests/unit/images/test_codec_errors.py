"""Error messages of libvips, of the libraries below libvips and of Pillow, and the cause that each message means."""

import errno
import os

import pytest
import pyvips

from pixelfleet.errors import Cause, PermanentError, TransientError
from pixelfleet.images.codec_errors import DamagedError, translate

MACHINE = [
    # libvips 8.18: memory.c, tracked allocation; region.c; thread.c; error.c (vips_error_system); target.c.
    ("out of memory --- size == 48MB", Cause.OUT_OF_MEMORY),
    ("unable to call resize\n  vips_tracked: out of memory --- size == 1200000000 bytes", Cause.OUT_OF_MEMORY),
    ("VipsJpeg: Insufficient memory (case 4)", Cause.OUT_OF_MEMORY),
    ("vipspng: png_malloc: out of memory", Cause.OUT_OF_MEMORY),
    ("heif: Memory allocation error: Cannot allocate pixel buffer (6.0)", Cause.OUT_OF_MEMORY),
    ("webpload: VP8_STATUS_OUT_OF_MEMORY", Cause.OUT_OF_MEMORY),
    # The message when an AVIF of 81 megapixels is written within 900 MB.
    (
        (
            "heif: Encoder plugin generated an error: Initialization problem: av1_create_context_and_bufferpool() "
            "failed (8.5001)\nwbuffer_write: write failed\nsystem error: Unknown error -1\n"
        ),
        Cause.OUT_OF_MEMORY,
    ),
    # librsvg 2.6x gives no reason when cairo cannot allocate memory for a mask or a filter.
    ("unable to call avg\n  svgload_buffer: SVG rendering failed\nglib: rendering error: \n\n", Cause.OUT_OF_MEMORY),
    ('TIFFReadDirectory: No space for "TileOffsets" array', Cause.OUT_OF_MEMORY),
    ("unable to create thread\nsystem error: Resource temporarily unavailable", Cause.UNAVAILABLE),
    ("vips__open_read: unable to open for read\nunix error: Too many open files", Cause.UNAVAILABLE),
    ("wbuffer_write: write failed\nunix error: No space left on device", Cause.UNAVAILABLE),
    ("target: write error\nsystem error: Disk quota exceeded", Cause.UNAVAILABLE),
    ("vips2tiff: File too large", Cause.UNAVAILABLE),
    ("VipsSource: read error\nsystem error: Input/output error", Cause.UNAVAILABLE),
    ("vips_mapfile: unable to mmap\nsystem error: Cannot allocate memory", Cause.OUT_OF_MEMORY),
    ("VipsSource: unable to open\nsystem error: Stale file handle", Cause.UNAVAILABLE),
    ("unable to open for write\nsystem error: Permission denied", Cause.UNAVAILABLE),
]
IMAGE = [
    ("svgload_buffer: SVG rendering failed\nglib: rendering error: element could not be drawn", Cause.UNREADABLE),
    ("VipsJpeg: Premature end of JPEG file\nVipsJpeg: out of order read at line 3", Cause.TRUNCATED),
    ("VipsJpeg: Bogus Huffman table definition", Cause.UNREADABLE),
    ("VipsJpeg: Unsupported JPEG process: SOF type 0xc9", Cause.UNSUPPORTED_FORMAT),
    ("pngload: libspng read error\nvips_png: bad CRC", Cause.UNREADABLE),
    ("gifload_base: Invalid frame data", Cause.UNREADABLE),
    ("webp: unable to parse image", Cause.UNREADABLE),
    ("tiff2vips: unsupported tiff image type", Cause.UNSUPPORTED_FORMAT),
    ("tiff2vips: samples_per_pixel not a whole number of bytes", Cause.UNSUPPORTED_FORMAT),
    ("TIFFFillStrip: Read error on strip 2; got 100 bytes, expected 900", Cause.TRUNCATED),
    ("ZIPDecode: Decoding error at scanline 0, unknown compression method", Cause.UNREADABLE),
    ("heif: Invalid input: Unspecified: Bitstream not supported by this decoder (2.0)", Cause.UNREADABLE),
    ("LZWDecode: Corrupted LZW table at scanline 0", Cause.UNREADABLE),
    ("heif: Invalid input: No 'meta' box (2.100)", Cause.UNREADABLE),
    (
        "heif: Error while loading plugin: Support for this compression format has not been built in",
        Cause.UNSUPPORTED_FORMAT,
    ),
    # Limits of a decoder against invalid files; the messages read like faults of the machine.
    ("heif: Memory allocation error: Security limit exceeded: Box size 1234567 (6.1000)", Cause.UNREADABLE),
    ('tiff2vips: Out of memory reading of "Compression"', Cause.UNREADABLE),
]
PILLOW = [
    ("cannot identify image file '/tmp/scratch-1/source'", Cause.UNREADABLE),
    ("image file is truncated (12 bytes not processed)", Cause.TRUNCATED),
    ("broken data stream when reading image file", Cause.UNREADABLE),
    ("decoder error -2 when reading image file", Cause.UNREADABLE),
    ("unknown PCX mode", Cause.UNSUPPORTED_FORMAT),
    ("not supported: Unimplemented DXGI format 99", Cause.UNSUPPORTED_FORMAT),
    ("Unsupported BMP pixel depth (5)", Cause.UNSUPPORTED_FORMAT),
]
NUMBERS = [errno.EMFILE, errno.ENFILE, errno.EIO, errno.EAGAIN, errno.ENOENT, errno.EACCES, errno.ESTALE, errno.EROFS]


@pytest.mark.parametrize(("text", "cause"), MACHINE)
def test_the_machines_faults_are_tried_again(text: str, cause: Cause) -> None:
    error = translate(pyvips.Error("unable to call x", text), "jpeg")
    assert isinstance(error, TransientError)
    assert error.cause is cause


@pytest.mark.parametrize("number", NUMBERS)
def test_an_error_of_the_operating_system_is_a_fault_of_the_machine(number: int) -> None:
    error = translate(OSError(number, os.strerror(number)), "psd")
    assert isinstance(error, TransientError)
    assert error.cause is Cause.UNAVAILABLE


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
def test_the_message_names_a_full_disk(number: int) -> None:
    error = translate(OSError(number, os.strerror(number)), "psd")
    assert isinstance(error, TransientError)
    assert "disk" in error.message


def test_a_memory_error_by_errno_or_by_python_is_out_of_memory() -> None:
    for raised in (MemoryError(), OSError(errno.ENOMEM, "Cannot allocate memory")):
        error = translate(raised, "psd")
        assert isinstance(error, TransientError)
        assert error.cause is Cause.OUT_OF_MEMORY


@pytest.mark.parametrize(("text", "cause"), IMAGE)
def test_an_error_of_a_decoder_about_the_bytes_is_a_fault_of_the_image(text: str, cause: Cause) -> None:
    error = translate(pyvips.Error("unable to call x", text), "tiff")
    assert isinstance(error, PermanentError)
    assert error.cause is cause


@pytest.mark.parametrize(("text", "cause"), PILLOW)
def test_each_message_of_pillow_has_its_cause(text: str, cause: Cause) -> None:
    error = translate(OSError(text), "bmp")
    assert isinstance(error, PermanentError)
    assert error.cause is cause


@pytest.mark.parametrize(
    "text",
    [
        "vips2png: unable to write to target",
        "webpsave: picture encode error",
        "heifsave: encoder error",
        "VipsForeignSave: ?",
    ],
)
def test_an_error_of_an_encoder_is_never_a_fault_of_the_source(text: str) -> None:
    error = translate(pyvips.Error("unable to call x", text), "jpeg")
    assert isinstance(error, TransientError)
    assert error.cause is Cause.CRASHED


def test_a_picture_that_is_too_large_for_a_format_is_the_recipes_fault() -> None:
    error = translate(pyvips.Error("unable to call VipsForeignSaveWebp", "webpsave: image too large"), "jpeg")
    assert isinstance(error, PermanentError)
    assert error.cause is Cause.RECIPE_UNFIT


def test_an_error_of_a_decoder_during_writing_is_a_fault_of_the_image() -> None:
    text = "VipsJpeg: Corrupt JPEG data: bad Huffman code\nwebpsave: unable to write"
    error = translate(pyvips.Error("unable to call x", text), "jpeg")
    assert isinstance(error, PermanentError)
    assert error.cause is Cause.UNREADABLE


@pytest.mark.parametrize("text", ["", "something new", "sharpen: no such property"])
def test_an_unknown_message_has_the_cause_crashed_and_is_tried_again(text: str) -> None:
    error = translate(OSError(text), "jpeg")
    assert isinstance(error, TransientError)
    assert error.cause is Cause.CRASHED


def test_a_parsing_error_is_a_fault_of_the_image() -> None:
    error = translate(DamagedError("unpack requires a buffer of 4 bytes"), "sgi")
    assert isinstance(error, PermanentError)
    assert error.cause is Cause.UNREADABLE


def test_no_message_contains_a_path() -> None:
    for text in (
        "cannot identify image file '/tmp/scratch/a b'",
        "vips2png: unable to write to target /tmp/x/y.png",
        "x /var/t/q: bad",
    ):
        assert "/" not in translate(OSError(text), "jpeg").message.replace("ICC/", "")
