"""PNG, AVIF, HEIC, JPEG 2000, PSD, GIF and icons with what their libraries do not write, added by hand."""

import io
import struct
import zlib
from pathlib import Path
from typing import Any, Final

from PIL import Image

from tests.colour.quarters import GREYS, QUARTERS, SIZE, picture

_FIXTURES: Final = Path(__file__).parents[1] / "fixtures" / "images"


def saved(made: Image.Image, code: str, **options: Any) -> bytes:
    file = io.BytesIO()
    made.save(file, code, **options)
    return file.getvalue()


def png(*chunks: tuple[bytes, bytes], made: Image.Image | None = None, **options: Any) -> bytes:
    """A PNG with these chunks behind its header."""
    whole = saved(made or picture(), "PNG", **options)
    return whole[:33] + b"".join(_chunk(kind, content) for kind, content in chunks) + whole[33:]


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def gama(value: float) -> tuple[bytes, bytes]:
    return b"gAMA", struct.pack(">I", round(value * 100_000))


def chrm(*numbers: float) -> tuple[bytes, bytes]:
    """White, red, green, blue as x and y."""
    return b"cHRM", struct.pack(">8I", *(round(number * 100_000) for number in numbers))


def cicp(primaries: int, transfer: int) -> tuple[bytes, bytes]:
    return b"cICP", bytes((primaries, transfer, 0, 1))


def with_cicp_tag(profile: bytes, primaries: int, transfer: int) -> bytes:
    """The profile with one more tag (ICC.1:2022, 9.2.17)."""
    count = int.from_bytes(profile[128:132], "big")
    entries = [struct.unpack_from(">4sII", profile, 132 + 12 * number) for number in range(count)]
    table = b"".join(struct.pack(">4sII", name, start + 12, size) for name, start, size in entries)
    table += struct.pack(">4sII", b"cicp", len(profile) + 12, 12)
    tag = b"cicp" + bytes(4) + bytes((primaries, transfer, 0, 1))
    whole = profile[4:128] + struct.pack(">I", count + 1) + table + profile[132 + 12 * count :] + tag
    return struct.pack(">I", len(whole) + 4) + whole


def avif(primaries: int, transfer: int, made: Image.Image | None = None) -> bytes:
    """An AVIF whose `nclx` says these primaries and this transfer, in place of what the encoder wrote."""
    whole = saved(made or picture(), "AVIF", quality=100, subsampling="4:4:4", speed=8)
    return with_nclx(whole, primaries, transfer)


def avif_of_limited_samples(matrix: int) -> bytes:
    """Samples from 16 to 235 whose `nclx` says full range, and neither primaries nor transfer."""
    whole = saved(picture(), "AVIF", quality=100, subsampling="4:4:4", speed=8, range="limited")
    at = whole.index(b"colrnclx") + 8
    return whole[:at] + struct.pack(">HHHB", 2, 2, matrix, 0x80) + whole[at + 7 :]


def with_nclx(whole: bytes, primaries: int, transfer: int) -> bytes:
    at = whole.index(b"colrnclx") + 8
    return whole[:at] + struct.pack(">HH", primaries, transfer) + whole[at + 4 :]


def grey_avif(name: str, *, nclx: bool = True, full: bool = False) -> bytes:
    """An AVIF of one channel of the fixtures (see there), with another range in its `nclx`, or without that box."""
    whole = (_FIXTURES / f"{name}.avif").read_bytes()
    at = whole.index(b"colrnclx")
    if not nclx:
        return whole[:at] + b"free" + whole[at + 4 :]
    return whole[: at + 14] + (b"\x80" if full else b"\0") + whole[at + 15 :]


def heic(primaries: int, transfer: int) -> bytes:
    """The HEIC of the fixtures (see there) with these code points."""
    return with_nclx((_FIXTURES / "four-quarters.heic").read_bytes(), primaries, transfer)


def mif1_with_av1() -> bytes:
    """An AVIF whose brands do not say so."""
    whole = saved(picture(), "AVIF", quality=100, subsampling="4:4:4", speed=8)
    size = int.from_bytes(whole[:4], "big")
    head = whole[:size].replace(b"avif", b"mif1").replace(b"avis", b"mif1")
    return head + whole[size:]


def jp2(profile: bytes) -> bytes:
    """A JPEG 2000 whose colour box holds a profile (T.800, I.5.3.3)."""
    whole = saved(picture(), "JPEG2000", irreversible=False)
    start = whole.index(b"jp2h") - 4
    size = int.from_bytes(whole[start : start + 4], "big")
    at = whole.index(b"colr", start) - 4
    old = int.from_bytes(whole[at : at + 4], "big")
    box = struct.pack(">I", 11 + len(profile)) + b"colr" + b"\x02\0\0" + profile
    grown = struct.pack(">I", size - old + len(box))
    return whole[:start] + grown + whole[start + 4 : at] + box + whole[at + old :]


def jp2_of_other_order() -> bytes:
    """Channels of green, blue and red, as `cdef` says (T.800, I.5.3.6)."""
    red, green, blue = picture().split()
    whole = saved(Image.merge("RGB", (green, blue, red)), "JPEG2000", irreversible=False)
    cdef = struct.pack(">H9H", 3, 0, 0, 2, 1, 0, 3, 2, 0, 1)
    return _in_jp2_header(whole, _box(b"cdef", cdef))


def _in_jp2_header(whole: bytes, more: bytes) -> bytes:
    start = whole.index(b"jp2h") - 4
    size = int.from_bytes(whole[start : start + 4], "big")
    grown = struct.pack(">I", size + len(more)) + whole[start + 4 : start + size] + more
    return whole[:start] + grown + whole[start + size :]


def jp2_with_palette(*order: int) -> bytes:
    """Indices 8 to 11 behind eight entries that are alike; `order`: the columns of red, green and blue."""
    whole = saved(picture(((8,), (9,), (10,), (11,)), "L"), "JPEG2000", irreversible=False)
    entries = [(0, 0, 0)] * 8 + [tuple(colour[order.index(column)] for column in range(3)) for colour in QUARTERS]
    pclr = struct.pack(">HB", len(entries), 3) + b"\7\7\7" + b"".join(map(bytes, entries))
    cmap = b"".join(struct.pack(">HBB", 0, 1, column) for column in order)
    more = _box(b"pclr", pclr) + _box(b"cmap", cmap)
    grey = whole.index(b"colr") + 7
    return _in_jp2_header(whole[:grey] + struct.pack(">I", 16) + whole[grey + 4 :], more)


def avif_with_a_second_item_as_primary() -> bytes:
    """Two pictures: the first is black, the second, which `pitm` names, has the quarters (ISO/IEC 23008-12, 6.4.2)."""
    parts = [
        saved(made, "AVIF", quality=100, subsampling="4:4:4", speed=8) for made in (Image.new("RGB", SIZE), picture())
    ]
    payloads = [part[part.index(b"mdat") + 4 :] for part in parts]
    configurations = [_box_around(part, b"av1C") for part in parts]
    properties = [
        *configurations,
        _box(b"ispe", struct.pack(">III", 0, *SIZE)),
        _box(b"pixi", b"\0\0\0\0\3\b\b\b"),
        _box_around(parts[1], b"colr"),
    ]
    items = [_box(b"infe", struct.pack(">IHH4s", 2 << 24, number, 0, b"av01") + b"\0") for number in (1, 2)]
    links = b"".join(struct.pack(">HB4B", number, 4, 0x80 | number, 3, 4, 5) for number in (1, 2))

    def meta(first: int) -> bytes:
        places = struct.pack(">IBBH", 0, 0x44, 0, 2)
        for number, payload in enumerate(payloads):
            places += struct.pack(">HHHII", number + 1, 0, 1, first + number * len(payloads[0]), len(payload))
        return _box(
            b"meta",
            bytes(4)
            + _box(b"hdlr", bytes(8) + b"pict" + bytes(13))
            + _box(b"pitm", struct.pack(">IH", 0, 2))
            + _box(b"iloc", places)
            + _box(b"iinf", struct.pack(">IH", 0, 2) + b"".join(items))
            + _box(b"iprp", _box(b"ipco", b"".join(properties)) + _box(b"ipma", struct.pack(">II", 0, 2) + links)),
        )

    kind = _box(b"ftyp", b"avif\0\0\0\0avifmif1miaf")
    return kind + meta(len(kind) + len(meta(0)) + 8) + _box(b"mdat", b"".join(payloads))


def _box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", 8 + len(content)) + kind + content


def _box_around(whole: bytes, kind: bytes) -> bytes:
    at = whole.index(kind) - 4
    return whole[at : at + int.from_bytes(whole[at : at + 4], "big")]


def psd(
    mode: int,
    depth: int,
    planes: list[bytes],
    layers: int = 0,
    version: int = 1,
    *,
    resources: bytes = b"",
    deep_layers: int = 0,
) -> bytes:
    """Header, no palette, a layer count, and the planes uncompressed. `deep_layers`: the count where files of 16 bits
    have it, in the block `Lr16`."""
    head = b"8BPS" + struct.pack(">H6xHIIHH", version, len(planes), SIZE[1], SIZE[0], depth, mode)
    wide = ">Q" if version == 2 else ">I"
    section = struct.pack(wide, 4) + struct.pack(">hxx", layers) if layers else b""
    if deep_layers:
        block = b"8BIMLr16" + struct.pack(wide, 4) + struct.pack(">hxx", deep_layers)
        section = struct.pack(wide, 0) + bytes(4) + block
    before = head + bytes(4) + struct.pack(">I", len(resources)) + resources
    return before + struct.pack(wide, len(section)) + section + b"\0\0" + b"".join(planes)


def psd_in_runs(version: int = 1) -> bytes:
    """The quarters in PackBits, by runs of half a row."""
    whole = psd(3, 8, planes(QUARTERS), version=version)
    body = whole.index(b"\0\0" + planes(QUARTERS)[0])
    half = SIZE[0] // 2
    rows = []
    for band in range(3):
        for left, right in ((0, 1), (2, 3)):
            row = bytes((257 - half, QUARTERS[left][band], 257 - half, QUARTERS[right][band]))
            rows += [row] * (SIZE[1] // 2)
    lengths = b"".join(struct.pack(">I" if version == 2 else ">H", len(row)) for row in rows)
    return whole[:body] + b"\0\1" + lengths + b"".join(rows)


def psd_resource(number: int, content: bytes) -> bytes:
    return b"8BIM" + struct.pack(">HHI", number, 0, len(content)) + content + bytes(len(content) % 2)


def on_white(values: tuple[tuple[int, ...], ...], alpha: int) -> tuple[tuple[int, ...], ...]:
    """As Photoshop merges: laid on white, with the alpha beside."""
    return tuple((*(round(255 - (255 - value) * alpha / 255) for value in colour), alpha) for colour in values)


def planes(values: tuple[tuple[int, ...], ...], depth: int = 8) -> list[bytes]:
    """The quarters as planes of 8 or 16 bits."""
    actual = []
    for band in range(len(values[0])):
        plane = picture(tuple((value[band],) for value in values), "L").tobytes()
        actual.append(plane if depth == 8 else b"".join(bytes((value, value)) for value in plane))
    return actual


def bitmap_plane() -> bytes:
    """Black top left and bottom right; a set bit is black."""
    width, height = SIZE
    upper = b"\xff" * (width // 16) + b"\0" * (width // 16)
    return upper * (height // 2) + bytes(reversed(upper)) * (height // 2)


def gif(frames: list[tuple[tuple[int, int, int, int], int, int]], codes: int = 2, *, end: bool = True) -> bytes:
    """Frames of one colour: box (left, top, width, height), colour 0 to 3, disposal; no transparent colour. `end`: the
    codes of a frame have an end code."""
    palette = b"".join(bytes(colour) for colour in QUARTERS)
    content = b"GIF89a" + struct.pack("<HHBBB", *SIZE, 0x81, 0, 0) + palette
    for (left, top, width, height), colour, disposal in frames:
        content += b"\x21\xf9\x04" + struct.pack("<BHBB", disposal << 2, 10, 0, 0)
        content += b"\x2c" + struct.pack("<HHHHB", left, top, width, height, 0)
        content += bytes((codes,)) + _lzw([colour] * (width * height), codes, end=end) + b"\0"
    return content + b";"


def gif_of_rows(height: int, *, interlaced: bool) -> bytes:
    """A frame of one colour, and then one of this height on the right half, whose rows change from colour 1 to 3. An
    interlaced frame has every eighth row, those in the middle of them, every second of what is left, and then the rest
    (GIF89a, appendix E)."""
    half, codes = SIZE[0] // 2, 2
    order = [*range(0, height, 8), *range(4, height, 8), *range(2, height, 4), *range(1, height, 2)]
    pixels = [1 + row % 3 for row in (order if interlaced else range(height)) for _ in range(half)]
    content = gif([((0, 0, *SIZE), 0, 1)], codes).removesuffix(b";")
    content += b"\x2c" + struct.pack("<HHHHB", half, 0, half, height, 0x40 * interlaced)
    return content + bytes((codes,)) + _lzw(pixels, codes) + b"\0;"


def _lzw(pixels: list[int], codes: int, *, end: bool = True) -> bytes:
    """Uncompressed LZW: a clear code before each pixel keeps the codes at their first width (GIF89a, appendix F)."""
    clear, width = 1 << codes, codes + 1
    bits, length = 0, 0
    for code in [item for colour in pixels for item in (clear, colour)] + [clear + 1] * end:
        bits |= code << length
        length += width
    raw = bits.to_bytes((length + 7) // 8, "little")
    return b"".join(bytes((len(part),)) + part for part in (raw[at : at + 255] for at in range(0, len(raw), 255)))


def icon(*alphas: int, mask: bool = False, kind: int = 1) -> bytes:
    """An ICO (CUR: `kind` 2, with a hot spot) of 32-bit bitmaps, each with one alpha throughout; `mask` hides
    the lower half. A second bitmap has 24 bits and is red (BITMAPINFOHEADER, twice the height)."""
    small = picture().resize((32, 32), Image.Resampling.NEAREST).transpose(Image.Transpose.FLIP_TOP_BOTTOM)
    hidden = b"\xff" * 64 + bytes(64) if mask else bytes(128)
    bodies = []
    for alpha in alphas:
        small.putalpha(alpha)
        bodies.append(_bitmap_of_icon(small.tobytes("raw", "BGRA"), 32) + hidden)
    red = Image.new("RGB", (32, 32), "red").tobytes("raw", "BGR")
    bodies.append(_bitmap_of_icon(red, 24) + bytes(128))
    content = struct.pack("<HHH", 0, kind, len(bodies))
    at = 6 + 16 * len(bodies)
    for body in bodies:
        planes, bits = (1, int.from_bytes(body[14:16], "little")) if kind == 1 else (7, 3)
        content += struct.pack("<BBBBHHII", 32, 32, 0, 0, planes, bits, len(body), at)
        at += len(body)
    return content + b"".join(bodies)


def _bitmap_of_icon(pixels: bytes, bits: int) -> bytes:
    return struct.pack("<IiiHHIIiiII", 40, 32, 64, 1, bits, 0, len(pixels), 0, 0, 0, 0) + pixels


def fits() -> bytes:
    """The greys from -3 to 5, as floats; the lowest row first (FITS 4.0, 4.4.1)."""
    cards: tuple[str, ...] = (
        "SIMPLE  =                    T",
        "BITPIX  =                  -32",
        "NAXIS   =                    2",
    )
    cards = (*cards, "NAXIS1  =                   64", "NAXIS2  =                   48", "END")
    head = "".join(card.ljust(80) for card in cards).ljust(2880).encode()
    values = [(grey - 60) / 180 * 8 - 3 for grey in GREYS]
    rows = [struct.pack(">64f", *([left] * 32 + [right] * 32)) for left, right in (values[2:], values[:2])]
    return head + (rows[0] * 24 + rows[1] * 24).ljust(14400, b"\0")


def fits_of_integers(code: str, bits: int) -> bytes:
    """The greys from -3,000 to 5,000; the lowest row first (FITS 4.0, 4.4.1)."""
    cards = (("SIMPLE", "T"), ("BITPIX", bits), ("NAXIS", 2), ("NAXIS1", 64), ("NAXIS2", 48))
    head = "".join(f"{name:8}= {value:>20}".ljust(80) for name, value in cards) + "END"
    values = [round((grey - 60) / 180 * 8_000 - 3_000) for grey in GREYS]
    rows = [
        struct.pack(f"{code[0]}64{code[1]}", *([left] * 32 + [right] * 32)) for left, right in (values[2:], values[:2])
    ]
    return head.ljust(2880).encode() + (rows[0] * 24 + rows[1] * 24).ljust(14400, b"\0")


def jp2_of_bits(bits: int) -> bytes:
    """Greys of 0, 1, the highest number and one less, of so few bits.

    A codestream of 8 bits whose head says fewer (T.800, A.5.1): without loss, bits move the middle alone.
    """
    most = (1 << bits) - 1
    values = [0, 1, most, most - 1]
    moved = picture(tuple((value - (1 << bits - 1) + 128,) for value in values), "L")
    whole = saved(moved, "JPEG2000", no_jp2=True, irreversible=False)
    return whole[:42] + bytes((bits - 1,)) + whole[43:]


def sun(bits: int) -> bytes:
    """Sun, rasterfile(5): rows of blue, green and red, of 32 bits behind an unused byte."""
    pixels = picture().tobytes()
    unused = b"\x09" if bits == 32 else b""
    body = b"".join(unused + pixels[at : at + 3][::-1] for at in range(0, len(pixels), 3))
    return struct.pack(">8I", 0x59A66A95, *SIZE, bits, len(body), 1, 0, 0) + body


def bmp(
    masks: tuple[int, int, int, int], bits: int, header: int = 40, compression: int = 3, *, file: bool = True
) -> bytes:
    """The quarters, each channel in the bits of its mask, the lowest row first (Microsoft, BITMAPV5HEADER); alpha 128
    where there is a mask for the alpha. `file` False leaves out the head of the file, as a DIB does."""
    with_alpha = header >= 56 or compression == 6
    mask_bytes = struct.pack("<4I", *masks)[: 16 if with_alpha else 12]
    info = struct.pack("<IiiHHIIiiII", header, *SIZE, 1, bits, compression, 0, 0, 0, 0, 0)
    head = info + (mask_bytes if header == 40 else mask_bytes.ljust(header - 40, b"\0"))
    words = [_word((*colour, 128), masks) for colour in QUARTERS]
    rows = [
        struct.pack(f"<{SIZE[0]}{'H' if bits == 16 else 'I'}", *([left] * 32 + [right] * 32))
        for left, right in (words[2:], words[:2])
    ]
    body = rows[0] * 24 + rows[1] * 24
    start = struct.pack("<HIHHI", 0x4D42, 14 + len(head) + len(body), 0, 0, 14 + len(head)) if file else b""
    return start + head + body


def bmp_with_profile(profile: bytes) -> bytes:
    """A BITMAPV5HEADER, which counts the place of the profile from its own start."""
    body = picture().transpose(Image.Transpose.FLIP_TOP_BOTTOM).tobytes("raw", "BGR")
    head = struct.pack("<IiiHHIIiiII", 124, *SIZE, 1, 24, 0, 0, 0, 0, 0, 0) + bytes(16) + b"DEBM" + bytes(48) + bytes(4)
    head += struct.pack("<III", 124 + len(body), len(profile), 0)
    return struct.pack("<HIHHI", 0x4D42, 14 + 124 + len(body) + len(profile), 0, 0, 138) + head + body + profile


def _word(values: tuple[int, ...], masks: tuple[int, ...]) -> int:
    word = 0
    for value, mask in zip(values, masks, strict=True):
        if mask:
            shift = (mask & -mask).bit_length() - 1
            word |= round(value * (mask >> shift) / 255) << shift
    return word


def jpeg_with_a_gap() -> bytes:
    whole = saved(picture(), "JPEG", quality=95, subsampling=0)
    return whole[:2] + b"\0\0gap" + whole[2:]


def tga_of_long_runs() -> bytes:
    """Two runs, of 128 pixels and their rest, over the ends of rows; the highest row first; the footer of version 2."""
    cells = picture().tobytes("raw", "BGR")
    pixels = [cells[at : at + 3] for at in range(0, len(cells), 3)]
    content = bytearray(struct.pack("<BBBHHBHHHHBB", 0, 0, 10, 0, 0, 0, 0, 0, *SIZE, 24, 0x20))
    at = 0
    while at < len(pixels):
        count = next((step for step in range(1, 128) if pixels[at + step : at + step + 1] != [pixels[at]]), 128)
        literal = pixels[at : at + 100] if count < 33 else []
        content += bytes((len(literal) - 1,)) + b"".join(literal) if literal else bytes((127 + count,)) + pixels[at]
        at += len(literal) or count
    return bytes(content) + bytes(8) + b"TRUEVISION-XFILE.\0"


def tga_of_15_bits(kind: int) -> bytes:
    """Pixels (`kind` 2), or a palette (`kind` 1), of 15 bits; the highest row first."""
    words = [(red >> 3) << 10 | (green >> 3) << 5 | blue >> 3 for red, green, blue in QUARTERS]
    places = picture(((0,), (1,), (2,), (3,)), "L").tobytes()
    if kind == 1:
        head = struct.pack("<BBBHHBHHHHBB", 0, 1, 1, 0, 4, 15, 0, 0, *SIZE, 8, 0x20)
        return head + struct.pack("<4H", *words) + places
    head = struct.pack("<BBBHHBHHHHBB", 0, 0, 2, 0, 0, 0, 0, 0, *SIZE, 15, 0x20)
    return head + struct.pack(f"<{len(places)}H", *(words[place] for place in places))


def tga_with_alpha_in_its_palette() -> bytes:
    """A palette of 32 bits from index 2 on."""
    colours = zip(QUARTERS, (255, 128, 64, 0), strict=True)
    palette = b"".join(bytes((blue, green, red, alpha)) for (red, green, blue), alpha in colours)
    head = struct.pack("<BBBHHBHHHHBB", 0, 1, 1, 2, 4, 32, 0, 0, *SIZE, 8, 0x20)
    return head + palette + picture(((2,), (3,), (4,), (5,)), "L").tobytes()


def dds_of_grey() -> bytes:
    """8 bits whose flags are those of RGB and of luminance, with a mask for red alone, as ImageMagick and Qt write."""
    head = struct.pack("<4s7I44x", b"DDS ", 124, 0x100F, SIZE[1], SIZE[0], SIZE[0], 0, 0)
    pixels = struct.pack("<8I", 32, 0x20040, 0, 8, 0xFF, 0, 0, 0)
    return head + pixels + struct.pack("<5I", 0x1000, 0, 0, 0, 0) + planes(tuple((grey,) for grey in GREYS))[0]


def jp2_of_space(space: int, values: tuple[tuple[int, ...], ...], mode: str = "RGB") -> bytes:
    """A JPEG 2000 with this enumerated colour space (T.801, M.11.7.3)."""
    whole = saved(picture(values, mode), "JPEG2000", irreversible=False, mct=0)
    at = whole.index(b"colr") + 4
    return whole[: at + 3] + struct.pack(">I", space) + whole[at + 7 :]


def indexed_psd(transparent: int) -> bytes:
    """A palette, and the resource that names its transparent index."""
    whole = psd(2, 8, planes(((0,), (1,), (2,), (3,))), resources=psd_resource(1047, struct.pack(">H", transparent)))
    palette = b"".join(bytes(colour[band] for colour in QUARTERS).ljust(256, b"\0") for band in range(3))
    return whole[:26] + struct.pack(">I", 768) + palette + whole[30:]


def turned_psd() -> bytes:
    """The quarters, which EXIF in the resource 1058 turns by 180 degrees."""
    exif = b"MM\0*\0\0\0\x08\0\x01" + struct.pack(">HHIHHI", 274, 3, 1, 3, 0, 0)
    return psd(3, 8, planes(QUARTERS[::-1]), resources=psd_resource(1058, exif))


def tga_with_a_spare_palette() -> bytes:
    head = struct.pack("<BBBHHBHHHHBB", 0, 1, 2, 0, 4, 24, 0, 0, *SIZE, 24, 0x20)
    return head + bytes(12) + picture().tobytes("raw", "BGR")


def xbm() -> bytes:
    """Two quarters are set; the lowest bit is the leftmost pixel (X11, XWriteBitmapFile)."""
    width, height = SIZE
    upper = [0xFF] * (width // 16) + [0] * (width // 16)
    cells = upper * (height // 2) + upper[::-1] * (height // 2)
    text = ", ".join(f"0x{cell:02x}" for cell in cells)
    head = f"#define q_width {width}\n#define q_height {height}\nstatic char q_bits[] = {{\n"
    return f"{head}{text} }};\n".encode()


def pfm(scale: float) -> bytes:
    """The greys, of which white is `scale`; the lowest row first."""
    cells = [[grey / 255 * scale for grey in half for _ in range(32)] for half in (GREYS[2:], GREYS[:2])]
    body = b"".join(struct.pack("<64f", *row) * 24 for row in cells)
    return b"Pf\n64 48\n-1.0\n" + body


def greys() -> Image.Image:
    return picture(tuple((grey,) * 3 for grey in GREYS))


def pq_heic() -> bytes:
    """The greys in the samples of PQ, 10 bits (see the fixtures)."""
    return with_nclx((_FIXTURES / "four-greys-10bit.heic").read_bytes(), 9, 16)
