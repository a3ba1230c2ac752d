"""The contact sheet: DEST/index.html, one page that opens from the disk without a server and loads only images."""

import base64
import hashlib
from collections.abc import Iterable
from importlib import resources
from pathlib import Path
from string import Template
from typing import Final

from pixelfleet.files.destination import replacing
from pixelfleet.report.model import Report, ReportImage, ReportVariant
from pixelfleet.report.text import MINUS, change, escaped, link, size

#: Formats that browsers show. For other originals, and very large originals, the page shows a variant.
_SHOWN: Final = frozenset({"jpeg", "png", "gif", "webp", "avif", "svg", "bmp", "ico"})
_IN_A_BUCKET: Final = "s3://"
_MAX_ORIGINAL_BYTES: Final = 20_000_000
_MAX_ORIGINAL_PIXELS: Final = 50_000_000


def write_contact_sheet(report: Report, dest: Path) -> Path:
    """Write `index.html` into `dest`, to which the report's files are relative.

    Raises:
        OSError: the folder cannot be written to.
    """
    style, script = _part("sheet.css"), _part("sheet.js")
    page = Template(_part("sheet.html")).substitute(
        style=style,
        script=script,
        script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        figures=_figures(report),
        filters=_filters(report),
        cards="\n".join(_card(image, dest) for image in _ready_first(report.images)),
        empty="" if report.images else '<p class="none">No files were found.</p>',
    )
    path = dest / "index.html"
    with replacing(path) as file:
        file.write(page)
    return path


def _ready_first(images: Iterable[ReportImage]) -> list[ReportImage]:
    """Ready images first; the failures have a filter of their own."""
    return sorted(images, key=lambda image: image.status != "ready")


def _part(name: str) -> str:
    return resources.files("pixelfleet.report").joinpath(name).read_text(encoding="utf-8")


def _figures(report: Report) -> str:
    before = sum(_original_bytes(image) or 0 for image in report.images if image.status == "ready")
    after = sum(variant.bytes for image in report.images for variant in image.variants)
    figures = [
        ("ready", str(report.ready), "good"),
        ("failed", str(report.failed), "bad" if report.failed else ""),
        ("seconds", f"{report.seconds:.1f}", ""),
        ("images/s", f"{report.images_per_second:.1f}", ""),
        ("originals", size(before), ""),
        ("all variants", size(after), ""),
    ]
    return "".join(
        f'<div class="{kind}"><dd>{escaped(value)}</dd><dt>{name}</dt></div>' for name, value, kind in figures
    )


def _filters(report: Report) -> str:
    choices = [("", "All", len(report.images)), ("ready", "Ready", report.ready), ("failed", "Failed", report.failed)]
    choices += [(f"cause:{cause}", cause.replace("_", " "), count) for cause, count in report.causes().items()]
    return "".join(
        f'<button type="button" data-filter="{escaped(value)}" aria-pressed="{"false" if value else "true"}">'
        f"{escaped(label)} <b>{count}</b></button>"
        for value, label, count in choices
        if count or not value
    )


def _card(image: ReportImage, dest: Path) -> str:
    folder, _, name = image.source.replace("\\", "/").rpartition("/")
    marks = f'data-status="{escaped(image.status)}" data-cause="{escaped(image.cause or "")}"'
    parts = [
        f'<article class="card {escaped(image.status)}" {marks} data-name="{escaped(image.source.lower())}">',
        f'<header><h2 title="{escaped(image.source)}">',
        f'<a href="{_address(image, dest)}" target="_blank" rel="noopener">',
        f"<bdi>{escaped(name)}</bdi></a></h2>",
        f'<span class="badge">{escaped(image.status)}</span>',
        f"<p><bdi>{escaped(folder)}</bdi>{_facts(image)}</p></header>",
    ]
    if image.status == "failed":
        parts.append(
            f'<p class="cause"><code>{escaped(image.cause or "internal")}</code> {escaped(image.message or "")}</p>'
        )
    parts.append(f'<div class="strip">{_original(image, dest)}')
    parts += [_variant(image, variant, dest) for variant in image.variants]
    return "".join([*parts, "</div></article>"])


def _facts(image: ReportImage) -> str:
    attempts = f"{image.attempts} attempts" if image.attempts > 1 else ""
    facts = [fact for fact in (f"{image.seconds:.2f} s", attempts) if fact]
    return f'<span class="facts">{" · ".join(facts)}</span>'


def _original(image: ReportImage, dest: Path) -> str:
    count = _original_bytes(image)
    shown = _address(image, dest) if _browser_shows(image, count) else _stand_in(image, dest)
    details = _details(image.format or "?", _pixels(image.width, image.height), size(count) if count else "gone")
    return _figure("original", shown, _address(image, dest), details, "")


def _variant(image: ReportImage, variant: ReportVariant, dest: Path) -> str:
    address = link(dest / variant.file, dest)
    shown = address if variant.format in _SHOWN else None
    weight = " · ".join([size(variant.bytes), *([str(variant.score)] if variant.score else [])])
    details = _details(variant.format, _pixels(variant.width, variant.height), weight)
    return _figure(variant.name, shown, address, details, change(_original_bytes(image), variant.bytes))


def _figure(name: str, shown: str | None, address: str, details: str, saving: str) -> str:
    picture = f'<img src="{shown}" alt="" loading="lazy">' if shown else '<span class="no">no preview</span>'
    saved = f' <i class="{"less" if saving.startswith(MINUS) else "more"}">{saving}</i>' if saving else ""
    return (
        f'<figure><a href="{address}" target="_blank" rel="noopener">{picture}</a>'
        f"<figcaption><b>{escaped(name)}</b>{saved}<br><small>{details}</small></figcaption></figure>"
    )


def _details(format_name: str, pixels: str, weight: str) -> str:
    return f"{escaped(format_name)} · {escaped(weight)}<br>{pixels}"


def _browser_shows(image: ReportImage, count: int | None) -> bool:
    pixels = (image.width or 0) * (image.height or 0)
    if image.source.startswith(_IN_A_BUCKET):
        return False
    if image.status == "failed" or image.format not in _SHOWN or count is None:
        return False
    return count <= _MAX_ORIGINAL_BYTES and pixels <= _MAX_ORIGINAL_PIXELS


def _address(image: ReportImage, dest: Path) -> str:
    """The target of a click: the original, or, if the original is in a bucket, a variant."""
    if not image.source.startswith(_IN_A_BUCKET):
        return link(Path(image.source), dest)
    return _stand_in(image, dest) or "#"


def _stand_in(image: ReportImage, dest: Path) -> str | None:
    """The smallest variant that a browser shows."""
    fit = [variant for variant in image.variants if variant.format in _SHOWN]
    smallest = min(fit, key=lambda variant: variant.bytes, default=None)
    return link(dest / smallest.file, dest) if smallest else None


def _original_bytes(image: ReportImage) -> int | None:
    if image.bytes is not None:
        return image.bytes
    try:
        return Path(image.source).stat().st_size
    except (OSError, ValueError):
        return None


def _pixels(width: int | None, height: int | None) -> str:
    return f"{width} &times; {height}" if width and height else "? &times; ?"
