"""The summary that `run`, `render` and `batch download` print at the end."""

from pathlib import Path
from typing import Final

from pixelfleet.cli.console import count, printable, say
from pixelfleet.errors import PixelfleetError, SetupError
from pixelfleet.files.destination import DestinationError, check_replaceable
from pixelfleet.files.result_folders import SHEET
from pixelfleet.report import Report, ReportImage, write_contact_sheet, write_report

#: Failures that the summary lists; the report lists all failures.
SPELLED_OUT: Final = 10


def check_report(report: Path) -> None:
    """Raises SetupError where the report could not be written at the end."""
    if not report.parent.is_dir():
        raise SetupError(f"the report cannot go to {report}: there is no folder {report.parent}")
    check_replaceable(report)


def write_outcome(
    report: Report, on_sheet: Report, dest: Path, json_report: Path, lost: PixelfleetError | None = None
) -> None:
    """Write the report and the contact sheet of DEST, and print the summary. `lost` is the error that ended the work.

    Raises:
        PixelfleetError: `lost`, after report and sheet are written.
        DestinationError: the report or the contact sheet cannot be written.
    """
    problems = [] if lost is None else [str(lost)]
    for path, write in (
        (json_report, lambda: write_report(report, json_report)),
        (dest / SHEET, lambda: write_contact_sheet(on_sheet, dest)),
    ):
        try:
            write()
        except OSError as error:
            problems.append(f"{path} cannot be written: {error.strerror}")
    summarise(report, dest / SHEET, json_report)
    if len(problems) > (lost is not None):
        raise DestinationError("\n".join(problems))
    if lost is not None:
        raise lost


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
