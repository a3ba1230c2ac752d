"""The summary that `run`, `render` and `batch download` print at the end."""

from pathlib import Path
from typing import Final

from pixelfleet.cli.console import count, printable, say
from pixelfleet.report import Report, ReportImage

#: Failures that are spelled out; the report has them all.
SPELLED_OUT: Final = 10


def summarise(report: Report, sheet: Path, json_report: Path) -> None:
    images = count(len(report.images), "image")
    pace = f"{report.seconds:.1f} s, {report.images_per_second:.1f}/s"
    say(f"{images} in {pace}: {report.ready:,} ready, {report.failed:,} failed")
    for cause, number in report.causes().items():
        say(f"  {number:>6,}  {cause}", style="red")
    failed = [image for image in report.images if image.status == "failed"]
    for image in failed[:SPELLED_OUT]:
        say(f"  {_line(image)}")
    if len(failed) > SPELLED_OUT:
        say(f"  and {len(failed) - SPELLED_OUT:,} more in the report")
    say(f"results  {sheet.parent}/")
    say(f"look     {sheet}")
    say(f"report   {json_report}")


def _line(image: ReportImage) -> str:
    return f"{printable(image.source)}: {image.message or image.cause}"
