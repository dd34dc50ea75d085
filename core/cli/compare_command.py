"""``compare``: runs, or thresholds files, against the first one on the same documents."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from core.cli.options import Options, chosen_session, common_options
from core.cli.oversample_command import is_experiment, show_comparison
from core.errors import InvalidInput
from core.text import cell_width, plural, printable
from core.views.numbers import count, figure, level, ranged, signed, signed_interval
from core.views.terminal import WIDTH, paragraph, table

if TYPE_CHECKING:
    from core.tuning.paired import Comparison, Difference, PairedDifference
    from core.workflow.compare import ComparedPair, CompareReport
    from core.workflow.session import Session
    from core.workflow.shared_documents import LeftOut


_HEADERS = ("F1 of", "pos.", "a", "b", "b − a", "interval", "verdict ")
_SHORTEST = 8
"""Names are not cut below this many characters."""

_EPILOG = """\b
Examples:
  comprehend-tuner compare                                  every arm of the newest experiment
  comprehend-tuner compare --experiment e1 --all-labels     of that one, with every label
  comprehend-tuner compare base rare                        run rare against run base
  comprehend-tuner compare base n50 n100 n200               every run against the first
  comprehend-tuner compare base larger:base                 run base of session larger
  comprehend-tuner compare old.json new.json                two thresholds files on the newest run
  comprehend-tuner --json compare base rare
"""


@click.command(epilog=_EPILOG)
@click.argument("things", metavar="[RUN RUN [RUN...] | FILE FILE]", nargs=-1)
@click.option("--experiment", "experiment_id", metavar="ID", help="The arms of that experiment.")
@click.option("--all-labels", is_flag=True, help="Of arms: labels that were not raised as well.")
@click.option("--run", "run_name", help="The run that files are compared on (default: the newest).")
@click.option(
    "--level",
    default=0.95,
    show_default=True,
    type=click.FloatRange(0.5, 0.999),
    help="Chance that nothing is wrongly called different, over all pairs and labels.",
)
@click.option("--resamples", default=2000, show_default=True, type=click.IntRange(200, 100_000))
@click.option("--seed", default=0, show_default=True, help="Of the resamples.")
@common_options
@click.pass_context
def command(
    ctx: click.Context,
    things: tuple[str, ...],
    experiment_id: str | None,
    all_labels: bool,
    run_name: str | None,
    level: float,
    resamples: int,
    seed: int,
) -> None:
    """Compare runs, each at its own thresholds, on the test part, in pairs.

    Without a name: the arms of the newest oversampling experiment with their base.

    RUN is a run of the session, or SESSION:RUN, a run of another one. Runs of different splits or
    datasets are compared on the test documents that all have and that none has learnt from. An
    interval that holds 0 means: cannot tell apart. A run tuned on test is compared by its
    cross-fitted decisions.
    """
    options: Options = ctx.obj
    session = chosen_session(options)
    if is_experiment(things, experiment_id, all_labels, run_name):
        show_comparison(options, session, experiment_id, (level, resamples, seed), all_labels)
        return
    report = _report(options, session, things, run_name, (level, resamples, seed))
    options.emit(report, compare_text(report))


def _report(
    options: Options,
    session: "Session",
    things: tuple[str, ...],
    run_name: str | None,
    given: tuple[float, int, int],
) -> "CompareReport":
    """Compare what was named: runs, or thresholds files."""
    from core.workflow.compare import (
        CompareSettings,
        compare_session_runs,
        compare_thresholds_files,
    )

    settings = CompareSettings(*given)
    runs = {run.name for run in session.state().runs}
    paths = [Path(thing) for thing in things if thing not in runs and Path(thing).is_file()]
    if paths and len(paths) < len(things):
        raise InvalidInput(
            "Runs or files?", "runs and thresholds files were mixed", "give one or the other"
        )
    if paths:
        return compare_thresholds_files(session, paths, run_name, settings, options.watch())
    if run_name is not None:
        raise InvalidInput("Runs or files?", "--run belongs to thresholds files", "leave it out")
    return compare_session_runs(session, things, settings, options.watch())


def compare_text(report: "CompareReport") -> str:
    """Every pair as tables of at most 80 columns: averages first, then the labels."""
    lines = paragraph(f"session {report.session} · {report.engine}")
    for pair in report.pairs:
        lines += ["", *_pair(pair)]
    lines.append("")
    for caution in report.cautions:
        lines += paragraph(caution, "! ")
    lines.append(f"the test part was looked at {report.test_looks} time(s)")
    for name, looks in report.other_looks.items():
        lines += paragraph(f"that of session {name} was looked at {looks} time(s)")
    return "\n".join(lines)


def _pair(pair: "ComparedPair") -> list[str]:
    found = pair.comparison
    lines = paragraph(
        f"b = {printable(pair.b.name, 60)} against a = {printable(pair.a.name, 60)},"
        f" {plural(found.documents, 'document')} of {found.part}"
    )
    lines += [line for side in _sides(pair) for line in side]
    averages = (
        found.macro_f1,
        found.micro_f1,
        found.macro_f1_without_none,
        found.micro_f1_without_none,
    )
    shown = [*(average for average in averages if average is not None), *found.labels]
    lines.append(_table(_HEADERS, [_row(difference) for difference in shown]))
    lines += _ranking(shown)
    lines += paragraph(_levels(found))
    for note in found.notes:
        lines += paragraph(note, "  ", "    ")
    return lines


def _sides(pair: "ComparedPair") -> Iterator[list[str]]:
    """What each of both is, and what of its test part is left out."""
    for letter, side in (("a", pair.a), ("b", pair.b)):
        here = " here" if side.is_tuned_here else ""
        yield paragraph(
            f"{letter}: tuned{here} on {side.tuned_on} for {printable(side.objective, 40)},"
            f" measured on {side.measured_on}{_left_out(side.left_out)}",
            "  ",
            "     ",
        )


def _left_out(found: "LeftOut | None") -> str:
    if found is None:
        return ""
    said = [
        f"{count:,} {why}"
        for count, why in (
            (found.not_in_all, "not in every test part"),
            (found.trained_on, "trained on"),
            (found.tuned_on, "tuned on"),
        )
        if count
    ]
    of = f" of its {plural(found.test_documents, 'test document')}"
    return f"; left out{of}: {', '.join(said)}" if said else f"; nothing{of} left out"


def _ranking(shown: "Sequence[Difference]") -> list[str]:
    """Average precision, which no threshold moves, where that of both is known."""
    rows = [
        [
            found.name.replace("macro-F1", "macro"),
            count(found.support),
            figure(found.average_precision_a),
            figure(found.average_precision_b),
            *_change(found.average_precision),
        ]
        for found in shown
        if found.average_precision is not None
    ]
    title = "ranking (average precision), whatever the thresholds"
    return ["", title, _table(["AP of", *_HEADERS[1:]], rows)] if rows else []


def _row(found: "Difference") -> list[str]:
    return [
        found.name,
        count(found.support),
        ranged(found.a, found.a_range),
        ranged(found.b, found.b_range),
        *_change(found),
    ]


def _change(found: "Difference | PairedDifference") -> list[str]:
    """Difference, interval and verdict."""
    return [
        signed(found.difference),
        signed_interval(found.interval),
        "cannot tell" if found.verdict == "cannot tell apart" else found.verdict,
    ]


def _table(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table whose first column gives way where the others are wide."""
    widths = [max(cell_width(row[at]) for row in (headers, *rows)) for at in range(1, len(headers))]
    room = max(WIDTH - sum(width + 2 for width in widths), _SHORTEST)
    return table(headers, [[_fitted(row[0], room), *row[1:]] for row in rows])


def _fitted(name: str, room: int) -> str:
    """A name in at most `room` terminal cells."""
    shown = printable(name)
    if cell_width(shown) <= room:
        return shown
    while cell_width(shown) >= room:
        shown = shown[:-1]
    return f"{shown}…"


def _levels(found: "Comparison") -> str:
    return (
        f"intervals: averages {level(found.interval_level)}, labels"
        f" {level(found.label_interval_level)}; {found.resamples:,} paired resamples of"
        f" {plural(found.distinct_documents, 'distinct document')}"
    )
