"""Names and numbers as text of a page. File names may hold markup, control characters and invalid Unicode."""

import html
import os
import unicodedata
from pathlib import Path
from urllib.parse import quote

MINUS = "\u2212"


def escaped(text: str) -> str:
    """Safe as HTML text and inside a quoted attribute; controls and text-direction marks show as a box."""
    shown = "".join(
        "\ufffd" if unicodedata.category(character) in ("Cc", "Cf", "Cs") else character for character in text
    )
    return html.escape(shown, quote=True)


def link(target: Path, folder: Path) -> str:
    """A relative address of `target` for a page in `folder`, safe inside a quoted attribute."""
    try:
        relative = os.path.relpath(target.absolute(), folder.absolute())
    except ValueError:  # another drive
        return target.absolute().as_uri()
    # Without the leading ./, a browser would read a first folder such as `javascript:` as a scheme.
    return "./" + quote(os.fsencode(relative).replace(os.sep.encode(), b"/"), safe="/")


def size(count: int) -> str:
    """Bytes for people, in powers of a thousand."""
    if count < 1000:
        return f"{count} B"
    amount = float(count)
    for unit in ("kB", "MB", "GB"):
        amount /= 1000
        if amount < 999.5 or unit == "GB":
            break
    return f"{amount:.0f} {unit}" if amount >= 9.95 else f"{amount:.1f} {unit}"


def change(before: int | None, after: int) -> str:
    """`-87 %`, with a true minus: the bytes of a variant compared with the original; empty where unknown."""
    if not before:
        return ""
    per_cent = round(100 * (after - before) / before)
    return "±0 %" if per_cent == 0 else f"{'+' if per_cent > 0 else MINUS}{abs(per_cent)} %"
