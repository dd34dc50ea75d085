"""``report``: write one self-contained report of a run."""

import re
from pathlib import Path
from typing import TYPE_CHECKING

import click

from core.cli.options import Options, chosen_session, common_options
from core.text import printable

if TYPE_CHECKING:
    from core.views.report_data import FullReport


_EPILOG = """\b
Examples:
  comprehend-tuner report                          report-SESSION-RUN.md and .json, here
  comprehend-tuner report --html                   the same, and a page with plots
  comprehend-tuner report --run rare --out reports/rare
  comprehend-tuner --json report                   print the report as JSON as well
"""


@click.command(epilog=_EPILOG)
@click.option("--run", "run_name", help="The run (default: the newest).")
@click.option("--html", "with_html", is_flag=True, help="Write an HTML page with plots as well.")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="PATH",
    help="Folder, or file name without its suffix (default: report-SESSION-RUN, here).",
)
@common_options
@click.pass_context
def command(ctx: click.Context, run_name: str | None, with_html: bool, out: Path | None) -> None:
    """Write everything that is known about a run into files that need nothing else.

    Data, split, jobs, cost, thresholds with their evidence, checks and provenance. Texts of
    documents are left out. Runs tested on the same documents are compared.
    """
    from core.views.report import (
        gather_report,
        plain_full_report,
        report_stem,
        write_report,
    )

    options: Options = ctx.obj
    session = chosen_session(options)
    run = session.state().run_named(run_name)
    stem = report_stem(re.sub(r"[^\w.-]", "-", f"report-{session.name}-{run.name}"), out)
    if options.dry_run:
        suffixes = (".md", ".json", ".html") if with_html else (".md", ".json")
        names = [f"{stem.resolve()}{suffix}" for suffix in suffixes]
        options.emit(
            {"would_write": names}, "\n".join(f"would write: {printable(n)}" for n in names)
        )
        return
    report = gather_report(session, run.name, options.watch())
    written = write_report(report, stem, with_html)
    found = [written.markdown, written.json, *([written.html] if written.html else [])]
    paths = [str(path.resolve()) for path in found]
    options.emit({"files": paths, "report": plain_full_report(report)}, _text(report, paths))


def _text(report: "FullReport", paths: list[str]) -> str:
    lines = [f"session {printable(report.session)} · run {printable(report.run)} · {report.engine}"]
    lines += [f"wrote: {printable(path)}" for path in paths]
    lines += [f"! {printable(caution)}" for caution in report.cautions]
    lines += [
        f"missing: {printable(gap.what)}: {printable(gap.why)}"
        + (f" ({printable(gap.remedy)})" if gap.remedy else "")
        for gap in report.gaps
    ]
    return "\n".join(lines)
