"""Tags: words that people give to images, and look for them by."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from pixelfleet.errors import SetupError

MOST_TAGS: Final = 20
LONGEST_TAG: Final = 50
#: Letters and digits of any script, with spaces and a few signs between them.
_TAG: Final = re.compile(r"\w(?:[\w .+&/'-]*[\w+])?")


@dataclass(frozen=True, slots=True)
class Tags:
    """A change: tags to be added, and tags to be removed."""

    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()

    def applied(self, tags: Iterable[str]) -> tuple[str, ...]:
        """The tags afterwards, in order of name. Beyond `MOST_TAGS` no new one is added."""
        kept = [tag for tag in tags if tag not in self.remove]
        new = [tag for tag in self.add if tag not in kept]
        return tuple(sorted((*kept, *new[: max(0, MOST_TAGS - len(kept))])))


def parse_tag(text: str) -> str:
    """A tag as it is stored: lower case, in normal form C, with single spaces.

    Raises:
        SetupError: the text is no tag.
    """
    tag = unicodedata.normalize("NFC", " ".join(text.split())).casefold()
    if len(tag) > LONGEST_TAG or not _TAG.fullmatch(tag):
        raise SetupError(
            f"{text[:60]!r} is no tag: a tag has 1 to {LONGEST_TAG} letters, digits and spaces, and . + & / ' - in it"
        )
    return tag


def parse_tags(text: str) -> Tags:
    """The change that a text asks for: tags with commas between them; `-` before a tag removes it.

    Raises:
        SetupError: a part is no tag, or there is none.
    """
    parts = [part.strip() for part in text.split(",") if part.strip()]
    removed = tuple(parse_tag(part[1:]) for part in parts if part.startswith("-"))
    added = tuple(dict.fromkeys(parse_tag(part) for part in parts if not part.startswith("-")))
    if not parts or len(parts) > MOST_TAGS:
        raise SetupError(f"name 1 to {MOST_TAGS} tags, with commas between them")
    return Tags(added, removed)
