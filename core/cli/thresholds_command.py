"""``thresholds``: tune, report, draw, save."""

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import click

from core.cli.options import Options, cancel, common_options
from core.cli.sessions import chosen_session
from core.cli.tables import figure, table
from core.errors import InvalidInput
from core.text import printable

if TYPE_CHECKING:
    from core.workflow.reports import Figures, RunReport, Summary
    from core.workflow.session import Session

_SHORT_PARTS = {"calibration": "calib."}
_KEPT_MARKS = {"tuned": " ", "set by hand": "h"}
"""What stands behind a threshold; any other status keeps the default and is marked ``*``."""
_EPILOG = """\b
Examples:
  comprehend-tuner thresholds                            tune every label and report
  comprehend-tuner thresholds --save thresholds.json     the same, and write the file
  comprehend-tuner thresholds --set threat=0.04          set one by hand; the session keeps it
  comprehend-tuner thresholds --chart threat --log       F1, precision, recall against threshold
  comprehend-tuner thresholds --csv report.csv           every figure in full precision
"""


@click.command(epilog=_EPILOG)
@click.option("--run", "run_name", help="The run (default: the newest).")
@click.option("--objective", default="max_f1", show_default=True, help="What to choose for.")
@click.option("--tune-on", help="Part to tune on (default: calibration; test when there is none).")
@click.option("--set", "by_hand", multiple=True, metavar="LABEL=VALUE", help="Set one by hand.")
@click.option("--reset", is_flag=True, help="Tune the labels set by hand again.")
@click.option("--seed", default=0, show_default=True, help="Of the cross-fitting folds.")
@click.option("--save", "save_path", type=click.Path(path_type=Path), help="Write the file here.")
@click.option("--csv", "csv_path", type=click.Path(path_type=Path), help="Write the report as CSV.")
@click.option("--chart", "chart_label", metavar="LABEL", help="Draw the curves of one label.")
@click.option("--log", "log_axis", is_flag=True, help="Logarithmic threshold axis.")
@click.option("--ascii", "ascii_only", is_flag=True, help="Draw with ASCII characters.")
@common_options
@click.pass_context
def command(
    ctx: click.Context,
    run_name: str | None,
    objective: str,
    tune_on: str | None,
    by_hand: tuple[str, ...],
    reset: bool,
    seed: int,
    save_path: Path | None,
    csv_path: Path | None,
    chart_label: str | None,
    log_axis: bool,
    ascii_only: bool,
) -> None:
    """Tune each label's threshold on held-out documents and report how good it is.

    Thresholds are tuned on calibration and measured on test; with a two-way split they are tuned
    on test and measured by cross-fitting. The rule is: label when score >= threshold.
    """
    from core.workflow.actions.export import export_report
    from core.workflow.actions.runs import pick_run, require_label
    from core.workflow.actions.thresholds_file import export_thresholds, usage_lines
    from core.workflow.actions.tune import TuningSettings, tune_thresholds

    options: Options = ctx.obj
    session = chosen_session(options)
    settings = TuningSettings(
        run=run_name,
        objective=objective,
        tune_on=tune_on,
        set_by_hand=dict(_by_hand(text) for text in by_hand),
        forget_by_hand=reset,
        seed=seed,
    )
    if chart_label is not None:
        require_label(session.state(), run_name, chart_label)
    tuned = tune_thresholds(session, settings, cancel)
    run = pick_run(session.state(), tuned.report.run)
    lines = [report_text(tuned.report)]
    if chart_label is not None:
        lines.append(_chart(session, run.name, chart_label, log_axis, ascii_only))
    if csv_path is not None:
        export_report(tuned.report, csv_path)
        lines.append(f"report: {printable(str(csv_path.resolve()))}")
    saved = session.path(tuned.thresholds_path)
    if save_path is not None:
        saved = export_thresholds(session, run, save_path)
    lines.append(f"saved: {printable(str(saved))}")
    lines.append(usage_lines(saved, tuned.report.mode))
    options.emit({"report": tuned.report, "thresholds_file": str(saved)}, "\n".join(lines))


def report_text(report: "RunReport") -> str:
    """The report as text: per label the threshold and F1, default and tuned; then averages."""
    measured = f"measured on {report.measured_on}"
    if report.is_optimistic:
        measured += " (optimistic: the rows it was tuned on)"
    head = [
        f"session {printable(report.session)} · run {printable(report.run)} · {report.engine}",
        f"tuned on {report.tuned_on} ({report.documents[report.tuned_on]:,} documents), {measured} "
        f"({report.documents['test']:,} documents), objective {report.objective}",
    ]
    parts = list(report.labels[0].support)
    headers = [
        "label",
        *(_SHORT_PARTS.get(part, part) for part in parts),
        "thr",
        "F1@default",
        "F1",
        "P",
        "R",
        "AP",
    ]
    rows = [
        [
            label.label,
            *(f"{label.support[part]:,}" for part in parts),
            threshold_text(label.threshold) + _KEPT_MARKS.get(label.status, "*"),
            f1_text(label.default),
            f1_text(label.tuned),
            figure(label.tuned.precision),
            figure(label.tuned.recall),
            figure(label.average_precision),
        ]
        for label in report.labels
    ]
    lines = [*head, table(headers, rows, widest=20), *_averages(report)]
    lines.extend(
        f"  {_KEPT_MARKS.get(label.status, '*')} {printable(label.label, 40)}: "
        + (printable(label.note) or label.status)
        for label in report.labels
        if label.note or label.status != "tuned"
    )
    lines.extend(f"! {printable(caution)}" for caution in report.cautions)
    lines.append(f"thresholds were measured on the test part {report.test_looks} time(s)")
    return "\n".join(lines)


def threshold_text(value: float) -> str:
    """A threshold for reading: at least two significant digits; files keep full precision."""
    return figure(value, 3 if value >= 0.01 else 4)


def f1_text(figures: "Figures") -> str:
    """F1, or its range where scores that were not returned could change it."""
    if figures.f1_low == figures.f1_high:
        return figure(figures.f1)
    return f"{figure(figures.f1_low)}–{figure(figures.f1_high)}"


def _averages(report: "RunReport") -> list[str]:
    rows = [_average("all labels", report.default, report.tuned)]
    if report.default_without_none and report.tuned_without_none:
        name = f"without {report.none_label}"
        rows.append(_average(name, report.default_without_none, report.tuned_without_none))
    optimistic = report.tuned_optimistic.macro_f1
    headers = ["average", "macro-F1@default", "macro-F1", "micro-F1@default", "micro-F1"]
    lines = [table(headers, rows)]
    if not report.is_optimistic:
        lines.append(
            f"on the rows it was tuned on, macro-F1 would read {figure(optimistic, 3)} (optimistic)"
        )
    without = sorted(report.tuned.labels_without_support)
    if without:
        names = ", ".join(printable(label, 40) for label in without)
        lines.append(f"left out of macro-F1, no positives on {report.measured_on}: {names}")
    return lines


def _average(name: str, default: "Summary", tuned: "Summary") -> list[str]:
    return [
        name,
        _macro(default),
        _macro(tuned),
        figure(default.micro_f1, 3),
        figure(tuned.micro_f1, 3),
    ]


def _macro(summary: "Summary") -> str:
    if summary.macro_f1_low == summary.macro_f1_high:
        return figure(summary.macro_f1, 3)
    return f"{figure(summary.macro_f1_low, 3)}–{figure(summary.macro_f1_high, 3)}"


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
    from core.tuning.charts import curve_chart
    from core.workflow.actions.part_data import load_part_data
    from core.workflow.actions.runs import find_run

    state = session.state()
    run = find_run(state, run_name)
    assert run.thresholds is not None
    data = load_part_data(session, state, run, run.thresholds.tuned_on)
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
