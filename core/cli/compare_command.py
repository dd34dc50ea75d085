"""``compare``: runs, or thresholds files, against the first one on the same documents."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from core.cli.options import Options, cancel, common_options
from core.cli.sessions import chosen_session
from core.cli.tables import figure, table
from core.errors import InvalidInput
from core.text import printable

if TYPE_CHECKING:
    from core.tuning.comparison import Comparison, Difference
    from core.tuning.evidence import Interval
    from core.workflow.actions.compare import ComparedPair, CompareReport

_EPILOG = """\b
Examples:
  comprehend-tuner compare base rare                        run rare against run base
  comprehend-tuner compare base n50 n100 n200               every run against the first
  comprehend-tuner compare old.json new.json                two thresholds files on the newest run
  comprehend-tuner --json compare base rare
"""


@click.command(epilog=_EPILOG)
@click.argument("things", metavar="RUN RUN [RUN...] | FILE FILE", nargs=-1, required=True)
@click.option("--run", "run_name", help="The run that files are compared on (default: the newest).")
@click.option(
    "--level", default=0.95, show_default=True, type=click.FloatRange(0.5, 0.999),
    help="Chance that nothing is wrongly called different, over all pairs and labels.",
)  # fmt: skip
@click.option("--resamples", default=2000, show_default=True, type=click.IntRange(200, 100_000))
@click.option("--seed", default=0, show_default=True, help="Of the resamples.")
@common_options
@click.pass_context
def command(
    ctx: click.Context,
    things: tuple[str, ...],
    run_name: str | None,
    level: float,
    resamples: int,
    seed: int,
) -> None:
    """Compare runs, each at its own thresholds, on the test part, in pairs.

    An interval that holds 0 means: cannot tell apart. A run tuned on test is compared by its
    cross-fitted decisions.
    """
    from core.workflow.actions.compare import (
        CompareSettings,
        compare_session_runs,
        compare_thresholds_files,
    )

    options: Options = ctx.obj
    session = chosen_session(options)
    settings = CompareSettings(level, resamples, seed)
    runs = {run.name for run in session.state().runs}
    paths = [Path(thing) for thing in things if thing not in runs and Path(thing).is_file()]
    if paths and len(paths) < len(things):
        raise InvalidInput(
            "Runs or files?", "runs and thresholds files were mixed", "give one or the other"
        )
    if paths:
        report = compare_thresholds_files(
            session, paths, run_name, settings, options.reporter(), cancel
        )
    elif run_name is not None:
        raise InvalidInput("Runs or files?", "--run belongs to thresholds files", "leave it out")
    else:
        report = compare_session_runs(session, things, settings, options.reporter(), cancel)
    options.emit(report, compare_text(report))


def compare_text(report: "CompareReport") -> str:
    """Every pair as a table: averages first, then the labels."""
    lines = [f"session {printable(report.session)} · {report.engine}"]
    for pair in report.pairs:
        lines += ["", *_pair(pair)]
    lines += ["", *(f"! {printable(caution)}" for caution in report.cautions)]
    lines.append(f"the test part was looked at {report.test_looks} time(s)")
    return "\n".join(lines)


def _pair(pair: "ComparedPair") -> list[str]:
    found = pair.comparison
    lines = [
        f"b = {printable(pair.b.name, 60)} against a = {printable(pair.a.name, 60)},"
        f" {found.documents:,} documents of {found.part}"
    ]
    for letter, side in (("a", pair.a), ("b", pair.b)):
        lines.append(
            f"  {letter}: tuned on {side.tuned_on} for {printable(side.objective, 40)},"
            f" measured on {side.measured_on}"
        )
    averages = [
        average
        for average in (
            found.macro_f1, found.micro_f1, found.macro_f1_without_none,
            found.micro_f1_without_none,
        )
        if average is not None
    ]  # fmt: skip
    shown = (*averages, *found.labels)
    has_precision = any(d.average_precision_a and d.average_precision_b for d in shown)
    headers = ["F1 of", "pos.", "a", "b", "b − a", "interval", "verdict "]
    headers += ["AP a", "AP b"] if has_precision else []
    rows = [_row(difference, has_precision) for difference in shown]
    lines.append(table(headers, rows, widest=30))
    lines.append(_levels(found))
    lines += [f"  {printable(note)}" for note in found.notes]
    return lines


def _row(found: "Difference", has_precision: bool) -> list[str]:
    precision = [figure(found.average_precision_a), figure(found.average_precision_b)]
    return [
        found.name,
        f"{found.support:,}",
        _figure(found.a, found.a_range),
        _figure(found.b, found.b_range),
        _signed(found.difference),
        f"{_signed(found.interval.low)}–{_signed(found.interval.high)}",
        "cannot tell" if found.verdict == "cannot tell apart" else found.verdict,
        *(precision if has_precision else []),
    ]


def _levels(found: "Comparison") -> str:
    return (
        f"intervals: averages {found.interval_level:.1%}, labels {found.label_interval_level:.1%};"
        f" {found.resamples:,} paired resamples of {found.distinct_documents:,} distinct documents"
    )


def _figure(value: float, bounds: "Interval | None") -> str:
    return figure(value) if bounds is None else f"{figure(bounds.low)}–{figure(bounds.high)}"


def _signed(value: float) -> str:
    rounded = round(value, 3) + 0.0
    return f"{'+' if rounded > 0 else ''}{figure(rounded, 3)}"
