"""Metadata that `keep` must not keep under any name: the place, and previews of the whole picture."""

import base64
import io
import struct
from pathlib import Path
from typing import Final

import pytest
from PIL import Image
from PIL.ExifTags import IFD, Base

from pixelfleet.images.metadata.iptc import photoshop_block
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


def test_a_preview_under_an_unknown_name_is_removed(tmp_path: Path) -> None:
    """Makers keep previews in fields of their own: a JPEG in EXIF, and a JPEG in base64 in XMP."""
    preview = io.BytesIO()
    Image.new("RGB", (16, 16)).save(preview, "JPEG")
    exif = Image.Exif()
    exif[0xC7D5], exif[0xC7D6] = preview.getvalue(), b"a maker's number"
    exif.get_ifd(IFD.Exif).update({Base.UserComment: preview.getvalue(), Base.BodySerialNumber: "12"})
    packet = (
        b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        b'<rdf:Description rdf:about="" xmlns:m="http://maker.example/" m:small="%b" m:mode="night">'
        b"<m:large>%b</m:large></rdf:Description></rdf:RDF></x:xmpmeta>"
    ) % ((base64.b64encode(preview.getvalue()),) * 2)
    path = tmp_path / "a.jpg"
    Image.new("RGB", (64, 48)).save(path, "JPEG", exif=exif, xmp=packet)
    seen = see(one_variant(tmp_path, path, "tiff"))
    assert "night" in seen.xmp
    assert "/9j/" not in seen.xmp
    assert seen.exif[0xC7D6] == b"a maker's number"
    assert seen.exif.get_ifd(IFD.Exif)[Base.BodySerialNumber] == "12"
    assert 0xC7D5 not in seen.exif
    assert Base.UserComment not in seen.exif.get_ifd(IFD.Exif)


PERSONS: Final = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    b'<rdf:Description rdf:about="" xmlns:mwg-rs="http://www.metadataworkinggroup.com/schemas/regions/"'
    b' xmlns:MP="http://ns.microsoft.com/photo/1.2/" xmlns:MPReg="http://ns.microsoft.com/photo/1.2/t/Region#"'
    b' xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" xmlns:dc="http://purl.org/dc/elements/1.1/">'
    b'<mwg-rs:Regions><rdf:Bag><rdf:li mwg-rs:Name="Grace"/></rdf:Bag></mwg-rs:Regions>'
    b'<MP:RegionInfo><rdf:Bag><rdf:li MPReg:PersonDisplayName="Grace"/></rdf:Bag></MP:RegionInfo>'
    b"<Iptc4xmpExt:PersonInImage><rdf:Bag><rdf:li>Grace</rdf:li></rdf:Bag></Iptc4xmpExt:PersonInImage>"
    b"<dc:source>the archive</dc:source></rdf:Description></rdf:RDF></x:xmpmeta>"
)


KEYWORDS: Final = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    b'<rdf:Description rdf:about="" xmlns:lr="http://ns.adobe.com/lightroom/1.0/" xmlns:pdf="http://ns.adobe.com/pdf/1.3/"'
    b' xmlns:digiKam="http://www.digikam.org/ns/1.0/" xmlns:MicrosoftPhoto="http://ns.microsoft.com/photo/1.0/"'
    b' xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:expressionmedia="http://ns.microsoft.com/expressionmedia/1.0/"'
    b' xmlns:mwg-kw="http://www.metadataworkinggroup.com/schemas/keywords/" xmlns:ics="http://ns.idimager.com/ics/1.0/"'
    b' xmlns:prism="http://prismstandard.org/namespaces/basic/3.0/" xmlns:DICOM="http://ns.adobe.com/DICOM/"'
    b' xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/" pdf:Keywords="Grace" photoshop:Category="Grace"'
    b' xmlns:ext="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" prism:person="Grace" DICOM:PatientName="Grace">'
    b"<ext:PersonHeard><rdf:Bag><rdf:li ext:Name='Grace'/></rdf:Bag></ext:PersonHeard>"
    b"<expressionmedia:People><rdf:Bag><rdf:li>Grace</rdf:li></rdf:Bag></expressionmedia:People>"
    b"<mwg-kw:Keywords><mwg-kw:Hierarchy><rdf:Bag><rdf:li mwg-kw:Keyword='Grace'/></rdf:Bag></mwg-kw:Hierarchy>"
    b"</mwg-kw:Keywords><ics:SubjectInfo><rdf:Bag><rdf:li ics:LabelName1='Grace'/></rdf:Bag></ics:SubjectInfo>"
    b"<dc:subject><rdf:Bag><rdf:li>Grace</rdf:li></rdf:Bag></dc:subject>"
    b"<lr:hierarchicalSubject><rdf:Bag><rdf:li>People|Grace</rdf:li></rdf:Bag></lr:hierarchicalSubject>"
    b"<digiKam:TagsList><rdf:Seq><rdf:li>People/Grace</rdf:li></rdf:Seq></digiKam:TagsList>"
    b"<MicrosoftPhoto:LastKeywordXMP><rdf:Bag><rdf:li>Grace</rdf:li></rdf:Bag></MicrosoftPhoto:LastKeywordXMP>"
    b"<dc:source>the archive</dc:source></rdf:Description></rdf:RDF></x:xmpmeta>"
)


@pytest.mark.parametrize("kind", ["jpeg", "webp", "tiff"])
def test_a_redacted_variant_has_no_keywords(tmp_path: Path, kind: str) -> None:
    """Keywords often are names of persons: XMP, IPTC 2:15, 2:20 and 2:25, and XPKeywords. A headline stays."""
    path = tmp_path / "a.jpg"
    exif = Image.Exif()
    exif[40094], exif[0x010F] = "Grace".encode("utf-16-le"), "Maker"
    Image.new("RGB", (64, 48)).save(path, "JPEG", xmp=KEYWORDS, exif=exif)
    datasets = b"".join(
        bytes((0x1C, 2, number)) + len(value).to_bytes(2, "big") + value
        for number, value in ((15, b"Grace"), (20, b"Grace"), (25, b"Grace"), (105, b"A headline"))
    )
    block = photoshop_block(datasets)
    content = path.read_bytes()
    path.write_bytes(content[:2] + b"\xff\xed" + (len(block) + 2).to_bytes(2, "big") + block + content[2:])
    plain = one_variant(tmp_path, path, kind)
    assert plain.read_bytes().count(b"Grace") >= 12
    redacted = one_variant(tmp_path / "redacted", path, kind, redact="face")
    assert b"Grace" not in redacted.read_bytes()
    assert "Grace".encode("utf-16-le") not in redacted.read_bytes()
    assert "the archive" in see(redacted).xmp
    assert b"A headline" in redacted.read_bytes()


@pytest.mark.parametrize("kind", ["jpeg", "webp"])
def test_a_redacted_variant_does_not_name_the_persons(tmp_path: Path, kind: str) -> None:
    """Regions of the Metadata Working Group and of Microsoft, and the persons of IPTC."""
    path = tmp_path / "a.jpg"
    Image.new("RGB", (64, 48)).save(path, "JPEG", xmp=PERSONS)
    plain = one_variant(tmp_path, path, kind)
    assert see(plain).xmp.count("Grace") == 3
    redacted = see(one_variant(tmp_path / "redacted", path, kind, redact="face")).xmp
    assert "the archive" in redacted
    assert "Grace" not in redacted
