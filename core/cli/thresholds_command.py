"""``thresholds``: tune, report, draw, save."""

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import click

from core.cli.options import (
    SEED_OPTION,
    Options,
    again,
    chosen_session,
    common_options,
    csv_options,
)
from core.errors import InvalidInput
from core.text import printable
from core.tuning.objectives import FORMS
from core.views.thresholds import report_text

if TYPE_CHECKING:
    from core.workflow.session import Session


_EPILOG = """\b
Examples:
  comprehend-tuner thresholds                            tune every label and report
  comprehend-tuner thresholds --save thresholds.json     the same, and write the file
  comprehend-tuner thresholds --objective precision:0.9  the most recall at precision .90
  comprehend-tuner thresholds --set threat=0.04          set one by hand; the session keeps it
  comprehend-tuner thresholds --chart threat --log       F1, precision, recall against threshold
  comprehend-tuner thresholds --csv report.csv           every figure in full precision
"""


@click.command(epilog=_EPILOG)
@click.option("--run", "run_name", help="The run (default: the newest).")
@click.option(
    "--objective",
    default="max_f1",
    show_default=True,
    help=f"{FORMS}.",
)
@click.option(
    "--objective-for",
    "per_label",
    multiple=True,
    metavar="LABEL=OBJECTIVE",
    help="Another objective for one label.",
)
@click.option(
    "--adopt",
    multiple=True,
    metavar="LABEL",
    help="Use the tuned threshold although the evidence keeps the default.",
)
@click.option("--adopt-all", is_flag=True, help="The same for every label.")
@click.option(
    "--despite-mismatch",
    is_flag=True,
    help="Tune although the scores contradict the service's own counts.",
)
@click.option("--tune-on", help="Part to tune on (default: calibration; test when there is none).")
@click.option("--set", "by_hand", multiple=True, metavar="LABEL=VALUE", help="Set one by hand.")
@click.option("--reset", is_flag=True, help="Tune the labels set by hand again.")
@click.option(
    "--seed", type=SEED_OPTION, default=0, show_default=True, help="Of the cross-fitting folds."
)
@click.option("--save", "save_path", type=click.Path(path_type=Path), help="Write the file here.")
@click.option("--chart", "chart_label", metavar="LABEL", help="Draw the curves of one label.")
@click.option("--log", "log_axis", is_flag=True, help="Logarithmic threshold axis.")
@click.option("--ascii", "ascii_only", is_flag=True, help="Draw with ASCII characters.")
@csv_options
@common_options
@click.pass_context
def command(
    ctx: click.Context,
    run_name: str | None,
    objective: str,
    per_label: tuple[str, ...],
    adopt: tuple[str, ...],
    adopt_all: bool,
    despite_mismatch: bool,
    tune_on: str | None,
    by_hand: tuple[str, ...],
    reset: bool,
    seed: int,
    save_path: Path | None,
    chart_label: str | None,
    log_axis: bool,
    ascii_only: bool,
) -> None:
    """Tune each label's threshold on held-out documents and report how good it is.

    Thresholds are tuned on calibration and measured on test; with a two-way split they are tuned
    on test and measured by cross-fitting. The rule is: label when score >= threshold.
    """
    from core.tuning.aim import Aim
    from core.views.frames import thresholds_frame
    from core.workflow.reports import export_thresholds, plain_report, usage_lines
    from core.workflow.thresholds import TuningSettings, kept_thresholds, tune_thresholds
    from core.workflow.train import proposal_lines, propose_groups

    options: Options = ctx.obj
    session = chosen_session(options)
    settings = TuningSettings(
        run=run_name,
        aim=Aim(
            objective,
            dict(_objective_of(text) for text in per_label),
            dict(_by_hand(text) for text in by_hand),
            adopt,
            adopt_all,
        ),
        despite_mismatch=despite_mismatch,
        tune_on=tune_on,
        forget_by_hand=reset,
        seed=seed,
    )
    if chart_label is not None:
        session.state().run_named(run_name).require_label(chart_label)
    if session.is_read_only and settings == TuningSettings(run=run_name):
        tuned = kept_thresholds(session, run_name)
    else:
        tuned = tune_thresholds(session, settings, options.watch())
    run = session.state().run_named(tuned.report.run)
    lines = [report_text(tuned.report)]
    if chart_label is not None:
        lines.append(_chart(session, run.name, chart_label, log_axis, ascii_only))
    lines += options.write_table(lambda: thresholds_frame(tuned.report))
    saved = session.path(tuned.thresholds_path)
    if save_path is not None:
        saved = export_thresholds(session, run, save_path)
    lines.append(f"saved: {printable(str(saved))}")
    lines.append(usage_lines(saved, tuned.report.mode, len(run.classifiers)))
    proposal = propose_groups(session, run.name)
    lines += proposal_lines(proposal, again(options, session, "train --groups rare"))
    found = {
        "report": plain_report(tuned.report),
        "thresholds_file": str(saved),
        "groups": proposal,
    }
    options.emit(found, "\n".join(lines))


def _objective_of(text: str) -> tuple[str, str]:
    label, separator, objective = text.rpartition("=")
    if not separator or not label:
        raise InvalidInput(
            "Unreadable objective",
            f"{printable(text, 60)!r} is not LABEL=OBJECTIVE",
            "for example: --objective-for threat=precision:0.8",
        )
    return label, objective


def _by_hand(text: str) -> tuple[str, float]:
    label, separator, number = text.rpartition("=")
    try:
        if not separator or not label:
            raise ValueError
        return label, float(number)
    except ValueError:
        raise InvalidInput(
            "Unreadable threshold",
            f"{printable(text, 60)!r} is not LABEL=VALUE",
            "for example: --set threat=0.04",
        ) from None


def _chart(session: "Session", run_name: str, label: str, log_axis: bool, ascii_only: bool) -> str:
    from core.views.curve_chart import curve_chart
    from core.workflow.parts import load_part

    state = session.state()
    run = state.run_named(run_name)
    assert run.thresholds is not None
    data = load_part(session, state, run, run.thresholds.tuned_on)
    curves = data.curves()
    size = shutil.get_terminal_size((80, 24))
    return curve_chart(
        curves[label],
        width=min(size.columns, 100),
        height=max(min(size.lines - 6, 24), 12),
        log_axis=log_axis,
        marker=run.thresholds.values[label],
        ascii_only=ascii_only,
        title=f"{label} · {run.thresholds.tuned_on} · {state.engine.name.upper()}",
    )
