"""The time for an XMP packet full of elements grows with their number, not with the square of the number (minutes)."""

import pytest

from pixelfleet.images.metadata import xmp

_NAMESPACES = (
    'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:dc="http://purl.org/dc/elements/1.1/" '
    'xmlns:g="http://ns.adobe.com/xap/1.0/g/img/"'
)
_RIGHTS = "<dc:rights>mine</dc:rights>"
PACKETS = {
    "descriptions": f"<rdf:Description>{_RIGHTS}</rdf:Description>" + "<rdf:Description/>" * 45_000,
    "properties that go, behind others": f"<rdf:Description>{'<dc:a/>' * 60_000}{'<g:a/>' * 60_000}</rdf:Description>",
    "properties that go, before others": f"<rdf:Description>{'<g:a/>' * 99_000}{_RIGHTS}</rdf:Description>",
}


@pytest.mark.timeout(60)
@pytest.mark.parametrize("name", PACKETS)
def test_a_packet_of_many_elements_is_pruned(name: str) -> None:
    packet = f"<rdf:RDF {_NAMESPACES}>{PACKETS[name]}</rdf:RDF>".encode()
    assert len(packet) < 1_000_000
    for result in (xmp.rights(packet, {}), xmp.kept(packet, {}, xmp.Stays())):
        assert b"<g:" not in result
        assert (b"mine" in result) == ("mine" in PACKETS[name])
