"""Templates of readable keys: `{path}/{stem}_{variant}.{ext}`. Pure; a recipe and the settings may have one."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from pixelfleet.errors import SetupError

#: An S3 key has at most 1,024 bytes of UTF-8 (S3 user guide, "Naming Amazon S3 objects").
MAX_KEY_BYTES: Final = 1_024
#: The fields of a template.
FIELDS: Final = ("owner", "batch", "path", "stem", "variant", "ext", "image_id")
#: Without these, two files of one image would have one key.
REQUIRED: Final = ("variant", "ext")
#: The longest template, in characters.
MOST_CHARACTERS: Final = 256
_FIELD: Final = re.compile(r"\{([^{}]*)\}")


class NoAliasError(Exception):
    """The image has no alias by the template; the message says why."""


@dataclass(frozen=True, slots=True)
class AliasTemplate:
    """A template that `alias_template` read: its text, and its segments between slashes."""

    text: str
    segments: tuple[str, ...]

    def fill(self, values: Mapping[str, str]) -> str:
        """The key. A segment is left out if its fields are empty and it has no other text.

        Raises:
            NoAliasError: the key has an empty segment, a segment `.` or `..`, a control character, or is too long.
        """
        filled = []
        for segment in self.segments:
            text = _FIELD.sub(lambda field: values[field[1]], segment)
            if text or _FIELD.sub("", segment):
                filled.append(text)
        key = "/".join(filled)
        check_key(key)
        return key


def alias_template(text: str) -> AliasTemplate:
    """Read a template.

    Raises:
        SetupError: the text is no template; the message says what would be right.
    """
    if not text or len(text) > MOST_CHARACTERS:
        raise SetupError(f"an alias template has 1 to {MOST_CHARACTERS} characters, not {len(text):,}")
    fields = _FIELD.findall(text)
    for name in fields:
        if name not in FIELDS:
            raise SetupError(
                f"alias template {text!r}: there is no field {{{name}}}; the fields are {', '.join(FIELDS)}"
            )
    if set("{}") & set(_FIELD.sub("", text)):
        raise SetupError(f"alias template {text!r}: a {{ or }} that belongs to no field")
    for name in REQUIRED:
        if name not in fields:
            raise SetupError(
                f"alias template {text!r}: {{{name}}} is missing, and two files of one image would have the same key"
            )
    try:
        check_key(_FIELD.sub("x", text))
    except NoAliasError as error:
        raise SetupError(f"alias template {text!r}: {error}") from None
    return AliasTemplate(text, tuple(text.split("/")))


def check_key(key: str) -> None:
    """
    Raises:
        NoAliasError: the key has an empty segment, a segment `.` or `..`, a control character, or is too long.
    """
    if any(unicodedata.category(character) == "Cc" for character in key):
        raise NoAliasError("the key has a control character")
    segments = key.split("/")
    if "" in segments:
        raise NoAliasError("the key has an empty part between slashes, or at an end")
    if {".", ".."} & set(segments):
        raise NoAliasError("the key has a part . or ..")
    check_length(key)


def check_length(key: str) -> None:
    """
    Raises:
        NoAliasError: S3 takes no key of this length.
    """
    try:
        length = len(key.encode())
    except UnicodeEncodeError:
        raise NoAliasError("the key has characters that are no UTF-8") from None
    if length > MAX_KEY_BYTES:
        raise NoAliasError(f"the key has {length:,} bytes; S3 takes {MAX_KEY_BYTES:,}")
