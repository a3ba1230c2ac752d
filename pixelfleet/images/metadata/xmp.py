"""XMP packets (ISO 16684-1): the part of a packet that stays in a variant, or a new packet with only the rights."""

import re
from dataclasses import dataclass
from typing import Final
from xml.etree import ElementTree as ET

_MAX_PACKET: Final = 1_000_000
#: The most bytes that one APP1 segment of JPEG holds beside the name of XMP (XMP specification, part 3, 1.1.3).
_MAX_OUT: Final = 65_502

_RDF: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_X: Final = "adobe:ns:meta/"
_LANG: Final = "{http://www.w3.org/XML/1998/namespace}lang"
_NAMES: Final = {
    "dc": "http://purl.org/dc/elements/1.1/",
    "photoshop": "http://ns.adobe.com/photoshop/1.0/",
    "xmpRights": "http://ns.adobe.com/xap/1.0/rights/",
    "plus": "http://ns.useplus.org/ldf/xmp/1.0/",
    "cc": "http://creativecommons.org/ns#",
    "Iptc4xmpCore": "http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/",
    "Iptc4xmpExt": "http://iptc.org/std/Iptc4xmpExt/2008-02-29/",
    "xmp": "http://ns.adobe.com/xap/1.0/",
    "xmpMM": "http://ns.adobe.com/xap/1.0/mm/",
    "exif": "http://ns.adobe.com/exif/1.0/",
    "exifEX": "http://cipa.jp/exif/1.0/",
    "tiff": "http://ns.adobe.com/tiff/1.0/",
    "aux": "http://ns.adobe.com/exif/1.0/aux/",
    "lr": "http://ns.adobe.com/lightroom/1.0/",
    "crs": "http://ns.adobe.com/camera-raw-settings/1.0/",
}
_RIGHTS: Final = frozenset(
    {
        *((_NAMES["dc"], name) for name in ("creator", "rights", "publisher")),
        *((_NAMES["photoshop"], name) for name in ("Credit", "Source", "AuthorsPosition")),
        (_NAMES["Iptc4xmpCore"], "CreatorContactInfo"),
        *((_NAMES["Iptc4xmpExt"], name) for name in ("DigitalSourceType", "ModelAge", "AOCopyrightNotice")),
    }
)
#: Namespaces in which every property is about rights.
_RIGHTS_SPACES: Final = frozenset({_NAMES["xmpRights"], _NAMES["plus"], _NAMES["cc"]})
#: Namespaces about parts that a variant does not have: gain maps (ISO 21496-1's and Adobe's, Apple's), containers of
#: several pictures, depth, sound and motion (Google's), extended packets, and the camera's own geometry of the file.
_GONE_SPACES: Final = frozenset(
    {
        "http://ns.adobe.com/hdr-gain-map/1.0/",
        "http://ns.apple.com/HDRGainMap/1.0/",
        "http://ns.apple.com/pixeldatainfo/1.0/",
        "http://ns.google.com/photos/1.0/container/",
        "http://ns.google.com/photos/1.0/container/item/",
        "http://ns.google.com/photos/1.0/camera/",
        "http://ns.google.com/photos/1.0/depthmap/",
        "http://ns.google.com/photos/1.0/image/",
        "http://ns.google.com/photos/1.0/audio/",
        "http://ns.google.com/photos/dd/1.0/container/",
        "http://ns.google.com/photos/dd/1.0/device/",
        "http://ns.adobe.com/xmp/note/",
        "http://ns.adobe.com/xap/1.0/g/img/",
    }
)
_GONE: Final = frozenset(
    {
        (_NAMES["xmp"], "Thumbnails"),
        *(
            (_NAMES["tiff"], name)
            for name in ("Orientation", "ImageWidth", "ImageLength", "XResolution", "YResolution")
        ),
        *((_NAMES["exif"], name) for name in ("PixelXDimension", "PixelYDimension", "ColorSpace")),
        (_NAMES["photoshop"], "ICCProfile"),
        (_NAMES["photoshop"], "DocumentAncestors"),
    }
)
#: Namespaces about the persons in a picture: who is where (Metadata Working Group, Microsoft, Apple, ACDSee).
_PERSON_SPACES: Final = frozenset(
    {
        "http://www.metadataworkinggroup.com/schemas/regions/",
        "http://ns.microsoft.com/photo/1.2/",
        "http://ns.microsoft.com/photo/1.2/t/RegionInfo#",
        "http://ns.microsoft.com/photo/1.2/t/Region#",
        "http://ns.apple.com/faceinfo/1.0/",
        "http://ns.acdsee.com/regions/",
        # Keywords, which often are names: Metadata Working Group, digiKam, Microsoft, ACDSee, MediaPro (before, iView;
        # for a time, Microsoft's Expression Media), IDimager; and the patient's name.
        "http://www.metadataworkinggroup.com/schemas/keywords/",
        "http://www.digikam.org/ns/1.0/",
        "http://ns.microsoft.com/photo/1.0/",
        "http://ns.microsoft.com/photo/1.0",
        "http://ns.acdsee.com/iptc/1.0/",
        "http://ns.iview-multimedia.com/mediapro/1.0/",
        "http://ns.microsoft.com/expressionmedia/1.0/",
        "http://ns.idimager.com/ics/1.0/",
        "http://ns.adobe.com/DICOM/",
    }
)
_IPTC_PERSONS: Final = ("PersonInImage", "PersonInImageWDetails", "PersonHeard", "ImageRegion")
_PERSONS: Final = frozenset(
    {
        *((_NAMES["Iptc4xmpExt"], name) for name in _IPTC_PERSONS),
        (_NAMES["dc"], "subject"),
        *((_NAMES["lr"], name) for name in ("hierarchicalSubject", "weightedFlatSubject")),
        *((_NAMES["photoshop"], name) for name in ("Category", "SupplementalCategories")),
        ("http://ns.adobe.com/pdf/1.3/", "Keywords"),
        ("http://xmp.gettyimages.com/gift/1.0/", "Personality"),
        *(
            (f"http://prismstandard.org/namespaces/basic/{version}/", name)
            for version in ("1.2", "2.0", "2.1", "2.2", "3.0")
            for name in ("person", "keyword")
        ),
    }
)
#: The beginnings of JPEG, PNG and WebP in base64: previews of the whole picture.
_PREVIEWS: Final = ("/9j/", "iVBORw0KGgo", "UklGR")
#: Names of location properties: EXIF's `GPSLatitude`, and the names that makers of drones and map programs use
#: (`drone-dji:GpsLatitude`, `GpsLongtitude`, `Camera:GPSXYAccuracy`). `FlightXSpeed` does not reveal the location.
_PLACE: Final = re.compile("gps|latitude|longi?t+itude|altitude", re.IGNORECASE)
#: W3C's Basic Geo: `lat`, `long`, `alt`.
_PLACE_SPACES: Final = frozenset({"http://www.w3.org/2003/01/geo/wgs84_pos#"})
#: The container of a property that comes from IPTC: by language, an ordered list or an unordered list.
_CONTAINERS: Final = {"title": "Alt", "rights": "Alt", "description": "Alt", "creator": "Seq", "subject": "Bag"}

Properties = dict[tuple[str, str], list[str]]

for _prefix, _uri in {**_NAMES, "rdf": _RDF, "x": _X}.items():
    ET.register_namespace(_prefix, _uri)


@dataclass(frozen=True, slots=True)
class Stays:
    """Whether the location stays, and the names and places of the persons in the picture, with
    keywords, which often are names."""

    location: bool = False
    persons: bool = True


def kept(packet: bytes, added: Properties, stays: Stays) -> bytes:
    """The packet without claims that are not true of a variant, without previews, and without what does not stay.

    Properties of `added` are written if the packet lacks them. A packet that cannot be read is dropped.
    """
    root = _parsed(packet)
    if root is not None:
        _prune(root, stays)
    return _written(root, added)


def rights(packet: bytes, added: Properties) -> bytes:
    """A packet with only the creator, the owner and the permitted uses of the picture."""
    root = _parsed(packet)
    if root is not None:
        for description in _descriptions(root):
            _only_rights(description)
    uris = {key: values for key, values in added.items() if (_NAMES[key[0]], key[1]) in _RIGHTS}
    return _written(root, uris)


def _parsed(packet: bytes) -> ET.Element | None:
    """The `rdf:RDF` element. A packet with a document type is rejected, because only a document type can declare
    entities."""
    text = packet.strip(b"\0 \r\n\t")
    if not text or len(text) > _MAX_PACKET or b"<!DOCTYPE" in text or b"<!ENTITY" in text or b"\0" in text:
        return None
    try:
        root = ET.fromstring(text)  # noqa: S314 - no document type, so no entities
    except (ET.ParseError, ValueError, LookupError, RecursionError):
        return None
    return root if root.tag == f"{{{_RDF}}}RDF" else root.find(f"{{{_RDF}}}RDF")


def _descriptions(root: ET.Element) -> list[ET.Element]:
    return root.findall(f"{{{_RDF}}}Description")


def _only_rights(description: ET.Element) -> None:
    for name in list(description.attrib):
        if not _is_rights(name) and name != f"{{{_RDF}}}about":
            del description.attrib[name]
    # Not with `remove`, whose time grows with the square of the number of children.
    description[:] = [child for child in description if _is_rights(child.tag)]


def _is_rights(tag: str) -> bool:
    space, name = _split(tag)
    return space in _RIGHTS_SPACES or (space, name) in _RIGHTS


def _prune(root: ET.Element, stays: Stays) -> None:
    for element in list(root.iter()):
        for name, value in list(element.attrib.items()):
            if _is_gone(name, stays) or _is_preview(value):
                del element.attrib[name]
        element[:] = [child for child in element if not (_is_gone(child.tag, stays) or _is_preview(child.text))]


def _is_gone(tag: str, stays: Stays) -> bool:
    space, name = _split(tag)
    if space in _GONE_SPACES or (space, name) in _GONE:
        return True
    if not stays.persons and (space in _PERSON_SPACES or (space, name) in _PERSONS):
        return True
    return not stays.location and (space in _PLACE_SPACES or bool(_PLACE.search(name)))


def _is_preview(value: str | None) -> bool:
    return value is not None and value.lstrip().startswith(_PREVIEWS)


def _split(tag: str) -> tuple[str, str]:
    space, _, name = tag.removeprefix("{").rpartition("}")
    return space, name


def _written(root: ET.Element | None, added: Properties) -> bytes:
    descriptions = _descriptions(root) if root is not None else []
    present = {name for one in descriptions for name in (*one.attrib, *(child.tag for child in one))}
    extra = ET.Element(f"{{{_RDF}}}Description", {f"{{{_RDF}}}about": ""})
    for (prefix, name), values in added.items():
        if f"{{{_NAMES[prefix]}}}{name}" not in present:
            _add(extra, prefix, name, values)
    full = [one for one in descriptions if len(one) or set(one.attrib) - {f"{{{_RDF}}}about"}]
    full += [extra] if len(extra) else []
    if not full:
        return b""
    whole = ET.Element(f"{{{_X}}}xmpmeta")
    rdf = ET.SubElement(whole, f"{{{_RDF}}}RDF")
    rdf.extend(full)
    try:
        # Non-ASCII letters become references: libvips writes the packet to a PNG chunk that readers decode as Latin-1.
        body = ET.tostring(whole, encoding="us-ascii", xml_declaration=False)
    except (RecursionError, ValueError):
        return b""
    packet = b'<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?>' + body + b'<?xpacket end="r"?>'
    return packet if len(packet) <= _MAX_OUT else b""


def _add(description: ET.Element, prefix: str, name: str, values: list[str]) -> None:
    element = ET.SubElement(description, f"{{{_NAMES[prefix]}}}{name}")
    container = _CONTAINERS.get(name) if prefix == "dc" else None
    if container is None:
        element.text = values[0]
        return
    holder = ET.SubElement(element, f"{{{_RDF}}}{container}")
    for value in values[:1] if container == "Alt" else values:
        item = ET.SubElement(holder, f"{{{_RDF}}}li")
        item.text = value
        if container == "Alt":
            item.set(_LANG, "x-default")
