"""One self-contained report of a run: gathered once, written as Markdown, JSON and HTML."""

from core.workflow.reporting.contents import FullReport
from core.workflow.reporting.gather import gather_report
from core.workflow.reporting.html import html_page
from core.workflow.reporting.markdown import markdown_page
from core.workflow.reporting.writing import WrittenReport, report_stem, write_report

__all__ = [
    "FullReport",
    "WrittenReport",
    "gather_report",
    "html_page",
    "markdown_page",
    "report_stem",
    "write_report",
]
