"""Icons, BMP, TGA, DDS, Sun raster, XBM and PFM of kinds that Pillow does not write."""

import struct

from PIL import Image

from tests.colour.psd_files import planes
from tests.colour.quarters import GREYS, QUARTERS, SIZE, picture


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
