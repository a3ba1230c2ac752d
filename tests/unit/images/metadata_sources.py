"""The same metadata in every container that the engine reads, written by Pillow, or by hand where Pillow cannot."""

import io
import struct
from pathlib import Path
from typing import Any, Final

from PIL import Image, PngImagePlugin
from PIL.ExifTags import Base

FIXTURES: Final = Path(__file__).parents[2] / "fixtures" / "images"
XMP: Final = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    b'<rdf:Description rdf:about="" xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/"'
    b' xmlns:exif="http://ns.adobe.com/exif/1.0/" xmlns:hdrgm="http://ns.adobe.com/hdr-gain-map/1.0/"'
    b' xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xmp="http://ns.adobe.com/xap/1.0/"'
    b' photoshop:Credit="An Agency" exif:GPSLatitude="53,32.5N" hdrgm:Version="1.0" xmp:CreatorTool="A Tool">'
    b'<dc:rights><rdf:Alt><rdf:li xml:lang="x-default">All rights</rdf:li></rdf:Alt></dc:rights>'
    b"</rdf:Description></rdf:RDF></x:xmpmeta>"
)
#: By-line and headline, with the declaration of UTF-8 (IIM 4.2, 1:90, 2:80, 2:105).
IPTC: Final = b"".join(
    b"\x1c" + bytes((record, number)) + struct.pack(">H", len(value)) + value
    for record, number, value in ((1, 90, b"\x1b%G"), (2, 80, "Zoë".encode()), (2, 105, b"A headline"))
)
SOURCES: Final = ("jpeg", "png", "webp", "avif", "heic", "tiff", "jp2")
WITH_IPTC: Final = ("jpeg", "tiff", "jp2")


def exif() -> bytes:
    return _tags().tobytes()


def _tags() -> Image.Exif:
    tags = Image.Exif()
    # Bytes, because Pillow does not write UTF-8.
    tags[Base.Make] = "Caméra".encode()
    tags[Base.Model] = "One"
    tags[Base.Artist] = "Zoë".encode()
    tags[Base.Copyright] = "(c) Zoë".encode()
    tags.get_ifd(Base.ExifOffset)[Base.DateTimeOriginal] = "2024:05:06 07:08:09"
    tags.get_ifd(Base.GPSInfo).update({1: "N", 2: (53.0, 30.0, 0.0), 3: "E", 4: (9.0, 54.0, 0.0)})
    return tags


def source(name: str, picture: Image.Image, profile: bytes) -> bytes:
    """A file of this container with EXIF, XMP and a profile, and with IPTC where the container has a place for IPTC."""
    if name == "heic":
        return (FIXTURES / "with-metadata.heic").read_bytes()
    if name == "jpeg":
        whole = _saved(picture, "JPEG", exif=exif(), xmp=XMP, icc_profile=profile, quality=95)
        block = b"Photoshop 3.0\0" + b"8BIM\x04\x04\0\0" + struct.pack(">I", len(IPTC)) + IPTC + bytes(len(IPTC) % 2)
        return whole[:2] + b"\xff\xed" + struct.pack(">H", len(block) + 2) + block + whole[2:]
    if name == "png":
        text = PngImagePlugin.PngInfo()
        text.add_itxt("XML:com.adobe.xmp", XMP.decode())
        return _saved(picture, "PNG", exif=exif(), pnginfo=text, icc_profile=profile)
    if name == "tiff":
        return _tiff(picture, profile)
    if name == "jp2":
        return _jp2(picture)
    return _saved(picture, name.upper(), exif=exif(), xmp=XMP, icc_profile=profile, quality=95)


def _tiff(picture: Image.Image, profile: bytes) -> bytes:
    tags = Image.Exif()
    tags.load(exif())
    # Pillow has read these values as Latin-1 and would not write them back.
    tags[Base.Make], tags[Base.Artist], tags[Base.Copyright] = (text.encode() for text in ("Caméra", "Zoë", "(c) Zoë"))
    tags[700] = XMP
    tags[33723] = IPTC
    return _saved(picture, "TIFF", exif=tags, icc_profile=profile)


def _jp2(picture: Image.Image) -> bytes:
    whole = _saved(picture, "JPEG2000")
    uuids = (
        (bytes.fromhex("be7acfcb97a942e89c71999491e3afac"), XMP),
        (b"JpgTiffExif->JP2", exif().removeprefix(b"Exif\0\0")),
        (bytes.fromhex("33c7a4d2b81d4723a0baf1a3e097ad38"), IPTC),
    )
    boxes = b"".join(struct.pack(">I", 24 + len(body)) + b"uuid" + mark + body for mark, body in uuids)
    at = whole.index(b"jp2c") - 4
    return whole[:at] + boxes + whole[at:]


def _saved(picture: Image.Image, code: str, **options: Any) -> bytes:
    file = io.BytesIO()
    picture.save(file, code, **options)
    return file.getvalue()
