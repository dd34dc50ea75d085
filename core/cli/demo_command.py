"""``demo``: the whole workflow on the sample tickets."""

import shutil
import sys
from pathlib import Path

import click

from core.cli.options import Options, common_options, here
from core.text import command_word, printable
from core.views.thresholds import report_text
from core.workflow.app_request import OpenApp

_EPILOG = """\b
Examples:
  comprehend-tuner demo                     all steps on the sample tickets, offline and free
  comprehend-tuner demo --headless          the same, never opening the app
  comprehend-tuner demo --fresh             forget an earlier demo first
"""


@click.command(epilog=_EPILOG)
@click.option("--name", default="demo", show_default=True, help="Name of the session.")
@click.option("--headless", is_flag=True, help="Print the report instead of opening the app.")
@click.option("--fresh", is_flag=True, help="Delete the demo session first.")
@common_options
@click.pass_context
def command(ctx: click.Context, name: str, headless: bool, fresh: bool) -> OpenApp | None:
    """Run every step on the sample tickets: import, check, split, train, score, tune, save.

    In a terminal the app then opens on the result. Repeating it carries on where it stopped.
    """
    from core.workflow.demo import run_demo
    from core.workflow.reports import plain_report, usage_lines
    from core.workflow.session import new_folder

    options: Options = ctx.obj
    folder = new_folder(name, here())
    if fresh and (folder / "session.json").exists():
        shutil.rmtree(folder)
    options.narrate(f"demo session: {printable(str(folder))}")
    finished = run_demo(folder, options.watch())
    path = Path(folder / finished.thresholds_path)
    text = "\n".join(
        [
            report_text(finished.report),
            f"saved: {printable(str(path))}",
            usage_lines(path, finished.report.mode),
            f"look around: comprehend-tuner --session {command_word(name)} status",
        ]
    )
    options.emit({"report": plain_report(finished.report), "thresholds_file": str(path)}, text)
    is_seen = sys.stdout.isatty() and sys.stdin.isatty() and not options.as_json
    return options.open_app(folder) if is_seen and not headless else None
