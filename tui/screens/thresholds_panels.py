"""Windows of the thresholds screen: an objective's effect, two runs compared, how scores read."""

from dataclasses import dataclass

from core.cli.tables import figure, table
from core.progress import CancelToken, Reporter
from core.text import plural, printable
from core.tuning.calibration import LabelCalibration, calibration_view
from core.tuning.charts import bars
from core.tuning.comparison import Difference
from core.tuning.evidence import Interval
from core.tuning.parts import PartArrays
from core.workflow.actions.compare import ComparedPair, CompareReport
from core.workflow.actions.run_curves import RunCurves
from core.workflow.actions.working_thresholds import Change
from tui.jobs import Work
from tui.render import plain
from tui.widgets.figures import at_least, range_text, threshold_text

_WIDTH = 64
"""Cells of a line in a window at 80 columns."""
_NAME = 14


def change_text(change: Change, ascii_only: bool) -> str:
    """What an objective would change: averages, a row per label, what is special."""
    averages = [
        f"{name} {range_text(before.low, before.high)} → {range_text(after.low, after.high)}"
        for name, before, after in (
            ("macro-F1", change.macro_before, change.macro_after),
            ("micro-F1", change.micro_before, change.micro_after),
        )
    ]
    rows = [
        [
            row.label,
            threshold_text(row.before.threshold), threshold_text(row.after.threshold),
            at_least(row.before), at_least(row.after),
            f"{row.before.flagged:,}", f"{row.after.flagged:,}",
        ]
        for row in change.rows
    ]  # fmt: skip
    headers = ["label", "thr", "→ thr", "F1", "→ F1", "flagged", "→ flagged"]
    notes = [
        f"! {printable(row.label, 40)}: "
        + (f"{row.status}: " if row.status != "tuned" else "")
        + printable(row.note)
        for row in change.rows
        if row.note
    ]
    said = [
        "   ".join(averages),
        f"on {change.part}, where it is tuned: optimistic",
        "",
        table(headers, rows, widest=16),
        *notes,
        "Where the evidence does not bear a choice, the label then goes to the default.",
    ]
    return _plain("\n".join(said), ascii_only)


def comparison_text(report: CompareReport, ascii_only: bool) -> str:
    """Every pair: averages first, then the labels, then what to mind."""
    texts: list[str] = []
    for pair in report.pairs:
        texts += _pair_texts(pair)
    texts += ["", *(f"! {printable(caution)}" for caution in report.cautions)]
    texts.append(f"the test part was looked at {report.test_looks} time(s)")
    return _plain("\n".join(texts), ascii_only)


def _pair_texts(pair: ComparedPair) -> list[str]:
    found = pair.comparison
    texts = [
        f"b: run {printable(pair.b.name, 40)} against a: run {printable(pair.a.name, 40)}",
        f"{found.documents:,} documents of {found.part}, each at its saved thresholds",
        *(
            f"  {letter}: tuned on {side.tuned_on} for {printable(side.objective, 40)},"
            f" measured on {side.measured_on}"
            for letter, side in (("a", pair.a), ("b", pair.b))
        ),
        "",
    ]
    averages = [found.macro_f1, found.micro_f1, found.macro_f1_without_none]
    rows = [_difference(one) for one in (*averages, *found.labels) if one is not None]
    headers = ["F1 of", "a", "b", "b − a", "interval", "b is "]
    texts.append(table(headers, rows, widest=_NAME))
    texts.append(
        f"intervals: averages {found.interval_level:.1%}, labels {found.label_interval_level:.1%}"
    )
    return [*texts, *(f"! {printable(note)}" for note in found.notes)]


def _difference(found: Difference) -> list[str]:
    verdict = "cannot tell" if found.verdict == "cannot tell apart" else found.verdict
    name = found.name.replace("macro-F1 without ", "macro w/o ")
    low, high = _signed(found.interval.low), _signed(found.interval.high)
    return [
        name,
        _ranged(found.a, found.a_range),
        _ranged(found.b, found.b_range),
        _signed(found.difference),
        f"{low} – {high}",
        verdict,
    ]


def _ranged(value: float, bounds: Interval | None) -> str:
    return figure(value) if bounds is None else range_text(bounds.low, bounds.high)


def _signed(value: float) -> str:
    text = figure(value)
    if text.lstrip("-") == ".00":
        return ".00"
    return text if text.startswith("-") else f"+{text}"


@dataclass(frozen=True)
class Calibrated:
    """How the scores of one label read on one part."""

    part: str
    level: float
    label: LabelCalibration

    @property
    def title(self) -> str:
        """The window's title."""
        return f"Scores of {printable(self.label.label, 40)} on {self.part}"

    def text(self, ascii_only: bool) -> str:
        """Threshold against F*/2, ties, and the share of positives by score."""
        label = self.label
        half = figure(label.half_best_f1, 3)
        decimals = "7 or more" if label.decimals is None else str(label.decimals)
        texts = [
            f"threshold {threshold_text(label.threshold)}; calibrated ones best at F*/2 = {half}",
            f"F* is the best F1 on {self.part}: optimistic. ECE {figure(label.ece, 3)}",
            f"exactly at the threshold: {plural(label.ties, 'document')},"
            f" {label.ties_positive:,} positive",
            f"near it: {label.distinct_near:,} distinct scores of 100; decimals: {decimals}",
            *([f"! {label.note}"] if label.note else []),
            *([f"! {label.unknown:,} scores were not returned: left out"] if label.unknown else []),
            "",
            *self._bins(ascii_only),
        ]
        return _plain("\n".join(texts), ascii_only)

    def _bins(self, ascii_only: bool) -> list[str]:
        if not self.label.bins:
            return ["no score was returned"]
        rows = [
            [
                f"{figure(found.low, 3)} – {figure(found.high, 3)}",
                f"{found.n:,}",
                figure(found.mean_score, 3),
                figure(found.share_positive, 3),
                f"{figure(found.interval.low)} – {figure(found.interval.high)}",
            ]
            for found in self.label.bins
        ]
        headers = ["score", "n", "mean", "positive", f"{self.level:.0%} interval"]
        drawn = [(figure(found.mean_score, 3), found.share_positive) for found in self.label.bins]
        chart = bars(drawn, width=_WIDTH, ascii_only=ascii_only)
        return [table(headers, rows), "", "share of positives by mean score:", chart]


def calibration_work(curves: RunCurves, part: str, label: str, threshold: float) -> Work:
    """Read how the scores of one label read on one part."""

    def work(reporter: Reporter, cancel: CancelToken) -> Calibrated:
        whole = curves.arrays[part]
        column = [whole.labels.index(label)]
        alone = PartArrays(
            part, (label,), whole.scores[:, column], whole.truth[:, column],
            None if whole.ceilings is None else whole.ceilings[:, column], whole.clusters,
        )  # fmt: skip
        view = calibration_view(alone, {label: threshold})
        return Calibrated(part, view.level, view.labels[0])

    return work


def _plain(text: str, ascii_only: bool) -> str:
    """Our own text without what is beyond ASCII, when the terminal is to get nothing else."""
    return plain(text, ascii_only).replace("─", "-").replace("−", "-") if ascii_only else text
