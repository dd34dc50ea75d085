"""``calibration``: whether scores mean what they say."""

import shutil
from typing import TYPE_CHECKING

import click

from core.cli.options import Options, again, chosen_session, common_options
from core.text import plural, printable
from core.views.numbers import count, figure, fine, interval, level, threshold
from core.views.terminal import table

if TYPE_CHECKING:
    from core.tuning.calibration import CalibrationView, LabelCalibration


_EPILOG = """\b
Examples:
  comprehend-tuner calibration                      every label in one line
  comprehend-tuner calibration --label threat       its reliability, bin by bin
  comprehend-tuner --json calibration --part test
"""


@click.command(epilog=_EPILOG)
@click.option("--label", help="Show the bins of one label.")
@click.option("--part", default="", help="Part to read (default: the one tuned on).")
@click.option("--run", "run_name", help="The run (default: the newest).")
@click.option("--ascii", "ascii_only", is_flag=True, help="Draw with ASCII characters.")
@common_options
@click.pass_context
def command(
    ctx: click.Context, label: str | None, part: str, run_name: str | None, ascii_only: bool
) -> None:
    """Show how scores read against the share of positives, and how fine they are.

    Calibrated scores have their best F1 at a threshold of half that F1 (F*/2).
    """
    from core.tuning.calibration import calibration_view
    from core.workflow.parts import load_part

    options: Options = ctx.obj
    session = chosen_session(options)
    state = session.state()
    run = state.run_named(run_name)
    if label is not None:
        state.run_named(run.name).require_label(label)
    data = load_part(session, state, run, part or state.split_of(run).tuning_part)
    values = dict(run.thresholds.values) if run.thresholds is not None else {}
    default = data.default
    thresholds = {name: values.get(name, default) for name in data.labels}
    view = calibration_view(data, thresholds)
    head = f"run {printable(run.name)} · {state.engine.name.upper()} · {data.name}"
    if label is None:
        lines = [head, overview_text(view)]
        lines.append(f"bin by bin: {again(options, session, 'calibration --label LABEL')}")
    else:
        picked = next(found for found in view.labels if found.label == label)
        width = min(shutil.get_terminal_size((80, 24)).columns, 100)
        lines = [head, label_text(picked, view.level, width, ascii_only)]
    options.emit({"run": run.name, "calibration": view}, "\n".join(lines))


def overview_text(view: "CalibrationView") -> str:
    """One row per label: error, threshold against F*/2, resolution."""
    rows = [
        [
            label.label,
            count(label.known),
            fine(label.ece),
            threshold(label.threshold),
            threshold(label.half_best_f1),
            "full" if label.decimals is None else str(label.decimals),
            count(label.distinct_near),
            count(label.ties),
        ]
        for label in view.labels
    ]
    headers = ["label", "scores", "ECE", "threshold", "F*/2", "decimals", "distinct", "ties"]
    lines = [f"{view.documents:,} documents of {view.part}", table(headers, rows, widest=30)]
    lines += [
        f"  {printable(label.label, 40)}: {label.note}" for label in view.labels if label.note
    ]
    lines += [f"! {printable(note)}" for note in view.notes]
    lines.append(
        "ECE: mean distance of score and share of positives; F*: best F1 on this part, optimistic;"
        " distinct: among the 100 documents nearest the threshold"
    )
    return "\n".join(lines)


def label_text(label: "LabelCalibration", share: float, width: int, ascii_only: bool) -> str:
    """The bins of one label as a table and as bars of the share of positives."""
    from core.views.curve_chart import bars

    rows = [
        [
            f"{threshold(found.low)}–{threshold(found.high)}",
            count(found.n),
            threshold(found.mean_score),
            count(found.positives),
            figure(found.share_positive),
            interval(found.interval),
        ]
        for found in label.bins
    ]
    headers = ["score", "n", "mean score", "positive", "share", f"{level(share)} interval"]
    drawn = [(f"score {threshold(found.mean_score)}", found.share_positive) for found in label.bins]
    lines = [
        f"{printable(label.label, 60)}: threshold {threshold(label.threshold)}, F*/2"
        f" {threshold(label.half_best_f1)} (optimistic), ECE {fine(label.ece)}",
        f"{plural(label.ties, 'document')} at exactly the threshold"
        f" ({label.ties_positive:,} positive); {label.unknown:,} scores were not returned",
        table(headers, rows),
        "share of positives by mean score:",
        bars(drawn, width=width, ascii_only=ascii_only),
    ]
    return "\n".join([*lines, *([f"! {label.note}"] if label.note else [])])
