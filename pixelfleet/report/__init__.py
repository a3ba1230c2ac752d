"""The report of a run: as JSON for programs, as a contact sheet for people."""

from pixelfleet.report.model import Report, ReportImage, ReportVariant, Status, write_report
from pixelfleet.report.sheet import write_contact_sheet

__all__ = ["Report", "ReportImage", "ReportVariant", "Status", "write_contact_sheet", "write_report"]
