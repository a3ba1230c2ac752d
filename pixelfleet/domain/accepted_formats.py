"""The format of a variant that a client gets, by its `Accept` header (RFC 9110, 12.5.1).

JPEG XL, AVIF and WebP are sent only to clients that name them. Browsers that can draw none of them send `image/*` and
`*/*` as well, so a wildcard does not count. Every client draws JPEG, and a header never refuses JPEG.

`infra/modules/cdn/fold_accept.js` has the same rule as `modern_formats`; one table of cases tests both.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Final

#: Characters of a header that is read; a longer header is ignored.
MOST_CHARACTERS: Final = 1_000
_QUALITY: Final = re.compile(r"(?:0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)")
#: The formats for a client that names no modern format, in this order.
_FOR_ALL: Final = ("jpeg", "png", "gif", "webp", "avif", "tiff", "jxl")


def modern_formats(accept: str) -> tuple[str, ...]:
    """Of `jxl`, `avif` and `webp`, those that the client names and does not prefer JPEG to, in the order to try them.

    At equal quality JPEG XL comes first, and then AVIF. A client that prefers another of them to one does not get that.
    """
    qualities = _qualities(accept)
    jpeg = next((qualities[name] for name in ("image/jpeg", "image/*", "*/*") if name in qualities), 0.0)
    avif, webp = qualities.get("image/avif", 0.0), qualities.get("image/webp", 0.0)
    takes_webp = webp > 0 and webp >= jpeg
    takes_avif = avif > 0 and avif >= jpeg and not (takes_webp and webp > avif)
    jxl = qualities.get("image/jxl", 0.0)
    takes_jxl = jxl > 0 and jxl >= jpeg and not (takes_avif and avif > jxl) and not (takes_webp and webp > jxl)
    return ("jxl",) * takes_jxl + ("avif",) * takes_avif + ("webp",) * takes_webp


def chosen_format(formats: Sequence[str], accept: str, *, moves: bool = False) -> str:
    """One of these formats; there is at least one.

    Of a source that `moves`, only the WebP file moves too: a client that draws WebP gets it before AVIF.
    """
    modern = modern_formats(accept)
    wishes = (*(reversed(modern) if moves else modern), *_FOR_ALL)
    return next((name for name in wishes if name in formats), formats[-1])


def _qualities(accept: str) -> Mapping[str, float]:
    """The quality of each media range; the highest of a range that is named twice, and 0 for an invalid quality."""
    qualities: dict[str, float] = {}
    for entry in accept.lower().split(",") if len(accept) <= MOST_CHARACTERS else ():
        name, *parameters = (part.strip() for part in entry.split(";"))
        quality = next((part[2:] for part in parameters if part.startswith("q=")), "1")
        value = float(quality) if _QUALITY.fullmatch(quality) else 0.0
        qualities[name] = max(value, qualities.get(name, 0.0))
    return qualities
