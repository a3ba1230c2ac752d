"""The documentation as pages of the dashboard: the Markdown files of docs/, which the package carries.

A page of the dashboard asks no other host for anything, and a release's dashboard shows that release's documentation.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from itertools import count
from pathlib import Path, PurePosixPath
from typing import Final
from urllib.parse import urlsplit

from markdown_it import MarkdownIt
from markdown_it.token import Token

_HERE: Final = Path(__file__).parent
#: In an installed package the documentation is beside this module, in a working copy beside the package.
_FOLDERS: Final = (_HERE / "docs", _HERE.parent / "docs")
#: The documentation of the dashboard's pages: the page's path, or its beginning, and the document with its heading.
ABOUT: Final = {
    "/upload": "howto/dashboard#uploading-in-a-browser",
    "/recipes": "reference/recipes",
    "/routes": "howto/dashboard#recipes-and-routes",
    "/users": "howto/dashboard#users",
    "/account": "howto/dashboard#programs",
    "/docs": "reference/api",
    "/fleet": "reliability",
    "/failures": "reliability",
    "/": "howto/dashboard#the-gallery",
}
_INDEX: Final = "howto/dashboard"
#: The headings of the list of all documents, in the order in which people need them, each with its folder.
_SECTIONS: Final = {"Tutorials": "tutorial", "How to": "howto", "Reference": "reference", "How it works": ""}
_DECISIONS: Final = "Decisions"


@dataclass(frozen=True, slots=True)
class Document:
    """A document as HTML, and its title."""

    title: str
    html: str


@lru_cache(maxsize=1)
def documents() -> dict[str, str]:
    """The names of all documents, such as `howto/dashboard`, with their titles."""
    folder = _folder()
    if folder is None:
        return {}
    paths = sorted(folder.rglob("*.md"))
    names = (str(PurePosixPath(path.relative_to(folder).with_suffix(""))) for path in paths)
    return {name: _title(path) for name, path in zip(names, paths, strict=True)}


def sections() -> dict[str, dict[str, str]]:
    """The documents as `documents`, under headings."""
    by_folder: dict[str, dict[str, str]] = {}
    for name, title in documents().items():
        by_folder.setdefault(name.rpartition("/")[0], {})[name] = title
    listed = {heading: by_folder.pop(folder) for heading, folder in _SECTIONS.items() if folder in by_folder}
    others = {name: title for of_folder in by_folder.values() for name, title in of_folder.items()}
    return listed | ({_DECISIONS: others} if others else {})


def about(path: str) -> str:
    """The address of the documentation of a page."""
    name = next((name for start, name in ABOUT.items() if path == start or path.startswith(f"{start}/")), _INDEX)
    return f"/help/{name}"


@lru_cache(maxsize=64)
def document(name: str) -> Document | None:
    """A document by its name, None if there is none."""
    folder = _folder()
    if folder is None or name not in documents():
        return None
    renderer = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = renderer.parse((folder / f"{name}.md").read_text(encoding="utf-8"))
    taken: dict[str, int] = {}
    for number, token in enumerate(tokens):
        if token.type == "heading_open":
            token.attrSet("id", _slug(tokens[number + 1].content, taken))
        elif token.type in ("th_open", "td_open"):
            # The Content-Security-Policy allows no style in an attribute.
            if "right" in str(token.attrs.pop("style", "")):
                token.attrSet("class", "num")
        elif token.type == "inline":
            token.children = [_child(child, name) for child in token.children or []]
    html = renderer.renderer.render(tokens, renderer.options, {})
    return Document(documents()[name], _scrolling(html))


def _scrolling(html: str) -> str:
    """What is wider than the page scrolls by itself, by the keyboard too. Each table has a name of its own."""
    number = count(1)

    def region(_: re.Match[str]) -> str:
        return f'<div class="scroll" tabindex="0" role="region" aria-label="Table {next(number)}"><table>'

    html = html.replace("<pre>", '<pre tabindex="0">').replace("</table>", "</table></div>")
    return re.sub("<table>", region, html)


def _folder() -> Path | None:
    return next((folder for folder in _FOLDERS if folder.is_dir()), None)


def _title(path: Path) -> str:
    first = path.read_text(encoding="utf-8").partition("\n")[0]
    return first.removeprefix("#").strip().replace("`", "")


def _slug(heading: str, taken: dict[str, int]) -> str:
    """The anchor that repositories' pages give a heading: lower case, hyphens, a number at repetitions."""
    slug = re.sub(r"[^\w\- ]", "", heading.replace("`", "").lower()).strip().replace(" ", "-")
    taken[slug] = taken.get(slug, -1) + 1
    return f"{slug}-{taken[slug]}" if taken[slug] else slug


def _child(token: Token, name: str) -> Token:
    if token.type == "image":
        # The package carries no pictures of documents.
        return Token("text", "", 0)
    if token.type == "link_open":
        token.attrs["href"] = _target(str(token.attrs.get("href", "")), name)
    return token


def _target(href: str, name: str) -> str:
    """Another document as a page; a file of the repository, which the package does not carry, leads to this page."""
    parts = urlsplit(href)
    if parts.scheme or not parts.path:
        return href
    steps: list[str] = list(PurePosixPath(name).parent.parts)
    for step in parts.path.split("/"):
        if step == ".." and steps:
            steps.pop()
        elif step == "..":
            return f"/help/{name}"
        elif step != ".":
            steps.append(step)
    target = "/".join(steps).removesuffix(".md")
    anchor = f"#{parts.fragment}" if parts.fragment else ""
    return f"/help/{target}{anchor}" if target in documents() else f"/help/{name}"
