"""Metadata that `keep` must not keep under any name: the place, and previews of the whole picture."""

import io
import struct
from pathlib import Path
from typing import Final

from PIL import Image

from tests.unit.images.test_metadata import one_variant, see

DRONE: Final = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    b'<rdf:Description rdf:about="" xmlns:drone-dji="http://www.dji.com/drone-dji/1.0/"'
    b' xmlns:geo="http://www.w3.org/2003/01/geo/wgs84_pos#" xmlns:Camera="http://pix4d.com/camera/1.0/"'
    b' drone-dji:GpsLatitude="+53.54321" drone-dji:GpsLongtitude="+9.98765" drone-dji:AbsoluteAltitude="+123.45"'
    b' drone-dji:CamReverse="0" Camera:GPSXYAccuracy="1.11">'
    b"<geo:lat>53.54321</geo:lat></rdf:Description></rdf:RDF></x:xmpmeta>"
)


def test_the_place_that_a_drone_writes_is_removed(tmp_path: Path) -> None:
    """DJI, pix4d and W3C's Basic Geo write the place under other names."""
    path = tmp_path / "a.jpg"
    Image.new("RGB", (64, 48)).save(path, "JPEG", xmp=DRONE)
    seen = see(one_variant(tmp_path, path, "jpeg"))
    assert "CamReverse" in seen.xmp
    assert not [number for number in ("53.54", "9.98", "123.45", "1.11") if number in seen.xmp]
    assert "53.54321" in see(one_variant(tmp_path, path, "webp", keep_gps=True)).xmp


def test_the_preview_in_iptc_is_removed(tmp_path: Path) -> None:
    """IIM 4.2, 2:200 to 2:202; a length over 32,767 is written in four bytes after 0x8004."""
    preview = b"\x1c\x02\xca\x80\x04" + struct.pack(">I", 40_000) + b"P" * 40_000
    headline = b"\x1c\x02\x69\x00\x0aA headline"
    datasets = preview + headline + b"\x1c\x08\x0a\x00\x03raw"
    block = b"Photoshop 3.0\0" + b"8BIM\x04\x04\0\0" + struct.pack(">I", len(datasets)) + datasets
    whole = io.BytesIO()
    Image.new("RGB", (64, 48)).save(whole, "JPEG")
    path = tmp_path / "a.jpg"
    segment = b"\xff\xed" + struct.pack(">H", len(block) + 2) + block
    path.write_bytes(whole.getvalue()[:2] + segment + whole.getvalue()[2:])
    seen = see(one_variant(tmp_path, path, "jpeg"))
    assert seen.iptc == {(2, 105): b"A headline"}
    assert "A headline" in see(one_variant(tmp_path, path, "png")).xmp
