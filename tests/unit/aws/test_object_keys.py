"""Every key that is possible in S3 stays the same byte for byte, whichever library transfers the object."""

from collections.abc import Iterator

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pixelfleet.aws.object_bytes import ObjectBytes, PutHeaders, is_plain
from tests.fakes.object_bytes import object_bytes
from tests.fakes.s3_server import S3Server, s3_server

#: Segments that a library may refuse, strip, resolve or encode twice.
ODD = st.sampled_from(["", ".", "..", "...", " ", "%2F", "%", "+", "a b", "?", "#", "\\", "~", "\x00", "\n", "\x7f"])
SEGMENTS = ODD | st.text(st.characters(codec="utf-8"), max_size=20) | st.text("!\"$&'()*,:;<=>@[]^_`{|}", max_size=5)
SHORT = st.lists(SEGMENTS, min_size=1, max_size=12).map("/".join)


@st.composite
def long_keys(draw: st.DrawFn) -> str:
    """Odd segments on both sides of a plain segment that makes the key 1,020 to 1,024 bytes long."""
    before, after = draw(SHORT), draw(SHORT)
    room = draw(st.integers(1020, 1024)) - len(f"{before}/{after}".encode())
    return f"{before}/{'x' * max(room, 0)}{after}"


KEYS = (SHORT | long_keys()).filter(lambda key: 0 < len(key.encode()) <= 1024)


@pytest.fixture(scope="module")
def s3() -> Iterator[tuple[S3Server, ObjectBytes]]:
    with s3_server() as server:
        yield server, object_bytes(server.url)


@given(key=KEYS)
@example(key="a/")
@example(key="/a")
@example(key="/")
@example(key="a//b")
@example(key="../b")
@example(key="a/./b")
@example(key="a\x00b")
@example(key="a\x7fb")
@example(key="\x85")
@example(key="a%2Fb%00")
@example(key="uploads/me/b1/a +%ü\n.jpg")
@example(key="ü" * 512)
@example(key="x" * 1024)
def test_every_key_is_put_and_fetched_byte_for_byte(s3: tuple[S3Server, ObjectBytes], key: str) -> None:
    server, objects = s3
    body = b"the object of " + key.encode()
    server.objects.clear()
    objects.put("bucket", key, body, PutHeaders())
    assert server.objects == {("bucket", key.encode()): body}
    assert b"".join(objects.get("bucket", key).chunks) == body


@given(key=KEYS)
@example(key="a/")
@example(key="uploads/me/b1/naïve +%~ cat.jpg")
def test_obstore_transfers_plain_keys_and_boto3_transfers_odd_keys(s3: tuple[S3Server, ObjectBytes], key: str) -> None:
    server, objects = s3
    objects.put("bucket", key, b"x", PutHeaders())
    by_obstore = server.agents["bucket", key.encode()] == "pixelfleet"
    odd = {"", ".", ".."} & set(key.split("/")) or any(
        ord(character) < 32 or ord(character) == 127 for character in key
    )
    assert by_obstore == is_plain(key) == (not odd)
