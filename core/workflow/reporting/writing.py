"""Write a report's files."""

from dataclasses import dataclass
from pathlib import Path

import msgspec

from core.files import write_atomic
from core.workflow.reporting.contents import FullReport
from core.workflow.reporting.html import html_page
from core.workflow.reporting.markdown import markdown_page
from core.workflow.reporting.sections import page_title, report_sections

_SUFFIXES = (".md", ".json", ".html")


@dataclass(frozen=True)
class WrittenReport:
    """Where a report was written."""

    markdown: Path
    json: Path
    html: Path | None


def report_stem(report_of: str, out: Path | None) -> Path:
    """The path of a report's files without their suffix.

    Args:
        report_of: name for a report that goes to a folder, such as ``report-small-base``.
        out: a folder that exists, or a file whose ``.md``, ``.json`` or ``.html`` does not count;
            None for the working directory.
    """
    if out is None or out.is_dir():
        return (out or Path()) / report_of
    return out.with_suffix("") if out.suffix.lower() in _SUFFIXES else out


def write_report(report: FullReport, stem: Path, with_html: bool) -> WrittenReport:
    """Write Markdown and JSON, and HTML where it is wanted; equal reports give equal bytes.

    Raises:
        OperationFailed: a file cannot be written.
    """
    sections, title = report_sections(report), page_title(report)
    markdown, data = _beside(stem, ".md"), _beside(stem, ".json")
    page = _beside(stem, ".html") if with_html else None
    write_atomic(markdown, _bytes(markdown_page(title, sections)), mode=0o644)
    encoded = msgspec.json.format(msgspec.json.encode(report), indent=1)
    write_atomic(data, encoded + b"\n", mode=0o644)
    if page is not None:
        write_atomic(page, _bytes(html_page(title, sections, report)), mode=0o644)
    return WrittenReport(markdown, data, page)


def _beside(stem: Path, suffix: str) -> Path:
    return stem.with_name(stem.name + suffix)


def _bytes(page: str) -> bytes:
    return page.encode("utf-8", "replace")
