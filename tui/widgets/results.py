"""What the service said of a classifier: metrics, counts per label, the matrix of classes."""

from collections.abc import Iterable, Sequence

from textual.content import Content
from textual.widget import Widget

from core.tuning.objectives import LEAST_RETURNED_SHARE
from core.views.numbers import duration, figure, metric
from core.workflow.following import JobRow
from core.workflow.metrics import MetricsFile
from core.workflow.score import joined_summary, labels_taken
from core.workflow.state import RunState
from tui.render import glyph, plain
from tui.widgets.facts import row_state
from tui.widgets.tables import Column, Row, RowTable

_ROUNDING = 1e-3
"""Difference between reported and recomputed metrics that rounding can cause."""
_MOST_CLASSES = 8
_WIDE = 76
"""Width from which both figures of two metrics stand in one line."""
_NOTHING = ("", "", "", "")


class MetricsGrid(Widget):
    """Every metric as reported, beside the same one recomputed from the confusion matrix."""

    DEFAULT_CSS = "MetricsGrid { height: auto; }"

    def __init__(self, ascii_only: bool, widget_id: str | None = None) -> None:
        super().__init__(id=widget_id)
        self._ascii_only = ascii_only
        self._entries: list[tuple[str, str, str, str]] = []

    def show(self, metrics: Sequence[MetricsFile]) -> None:
        """Show the metrics of each classifier."""
        entries = [self._entry(file, name) for file in metrics for name in file.service_metrics]
        if entries != self._entries:
            self._entries = entries
            self.refresh(layout=True)

    def render(self) -> Content:
        """Two columns of metrics where there is room."""
        return Content("\n".join(self._lines(self.size.width)))

    def get_content_height(self, container: object, viewport: object, width: int) -> int:
        """As many lines as the width needs."""
        return len(self._lines(width))

    def _lines(self, width: int) -> list[str]:
        """Two metrics a line; without the recomputed figure where there is no room for it."""
        is_wide = width >= _WIDE
        head = ("metric", "reported", "recomputed" if is_wide else "", "")
        half = (len(self._entries) + 1) // 2
        right = [head, *self._entries[half:], *([_NOTHING] if len(self._entries) % 2 else [])]
        pairs = zip([head, *self._entries[:half]], right, strict=True)
        lines = ["    ".join(_entry_line(entry, is_wide) for entry in pair) for pair in pairs]
        return [plain(line.rstrip(), self._ascii_only) for line in lines]

    def _entry(self, file: MetricsFile, name: str) -> tuple[str, str, str, str]:
        reported = file.service_metrics[name]
        again = file.recomputed_metrics.get(name)
        if again is None:
            return name, metric(reported), figure(None), ""
        is_same = abs(again - reported) <= _ROUNDING
        sign = glyph("passed" if is_same else "warning", self._ascii_only)
        return name, metric(reported), metric(again), sign


def _entry_line(entry: tuple[str, str, str, str], is_wide: bool) -> str:
    name, reported, again, sign = entry
    recomputed = f" {again:>10}" if is_wide else ""
    return f"{name[:14]:<14} {reported:>8}{recomputed} {sign:1}"


class CellsTable(RowTable):
    """TP, FP, FN, TN and what follows from them, per label."""

    def show_cells(self, metrics: Sequence[MetricsFile]) -> None:
        """Show every label of every classifier that has test documents."""
        numbers = ("TP", "FP", "FN", "TN", "precision", "recall", "F1")
        columns = [
            Column("label", widest=28),
            *(Column(name, is_number=True, widest=12) for name in numbers),
        ]
        rows = []
        for file in metrics:
            for label in file.labels:
                cell = file.cells[label]
                tp, fp, fn, tn = (cell[name] for name in ("tp", "fp", "fn", "tn"))
                counts = [f"{count:,}" for count in (tp, fp, fn, tn)]
                shares = _share(tp, tp + fp), _share(tp, tp + fn), _share(2 * tp, 2 * tp + fp + fn)
                rows.append(Row(f"{file.classifier} {label}", (label, *counts, *shares)))
        self.show(columns, rows)


class MatrixTable(RowTable):
    """The confusion matrix of a few classes: rows actual, columns predicted."""

    def show_matrix(self, metrics: Sequence[MetricsFile]) -> None:
        """Show the first classifier's matrix; hide it when there is none or it is large."""
        file = metrics[0] if metrics else None
        self.display = file is not None and 0 < len(file.matrix) <= _MOST_CLASSES
        if file is None or not self.display:
            return
        width = max(4, 56 // len(file.labels) - 2)
        columns = [Column("actual, by predicted", widest=20)]
        columns += [Column(label, is_number=True, widest=width) for label in file.labels]
        rows = [
            Row(label, (label, *(f"{count:,}" for count in counts)))
            for label, counts in zip(file.labels, file.matrix, strict=True)
        ]
        self.show(columns, rows)


def _share(part: int, whole: int) -> str:
    return figure(part / whole if whole else None)


def warnings_of(metrics: Sequence[MetricsFile], ascii_only: bool) -> str:
    """What must be known beside the figures, as one line; empty when nothing."""
    sign = glyph("warning", ascii_only)
    words = []
    for file in metrics:
        absent = [label for label in file.all_labels if label not in file.labels]
        if absent:
            words.append(f"no test documents, left out of the averages: {', '.join(absent)}")
        if file.orientation == "undecided":
            words.append("FP and FN cannot be told apart from these figures")
    return f"{sign} {'; '.join(words)}" if words else ""


# How a run's parts were scored: their jobs, how the output joined, what was returned.


class PartsTable(RowTable):
    """A row per part: state of its jobs, elapsed time, join report."""

    def show_parts(self, run: RunState, parts: Sequence[str], rows: Iterable[JobRow]) -> None:
        """Show parts of a run, with `rows` of its session's jobs."""
        current = {job.id for c in run.classifiers for job in c.scoring.values()}
        mine = [row for row in rows if row.id in current]
        shown = []
        for part in parts:
            jobs = [row for row in mine if row.part == part]
            report = joined_summary(run.scores[part]) if part in run.scores else "not joined yet"
            texts = (part, self._states(jobs), _longest(jobs), report)
            shown.append(Row(part, texts))
        columns = (
            Column("part"),
            Column("jobs", widest=30),
            Column("elapsed", is_number=True),
            Column("output", widest=80),
        )
        self.show(columns, shown)

    def _states(self, rows: list[JobRow]) -> str:
        words = dict.fromkeys(row_state(row, self._is_ascii) for row in rows)
        return ", ".join(words) or "no job yet"


class ReturnedTable(RowTable):
    """Share of each label's positives whose score was returned, per part."""

    def show_shares(self, run: RunState, parts: Sequence[str]) -> None:
        """Show the scored parts of a run."""
        shares = [run.scores[part].returned_share for part in parts]
        labels = dict.fromkeys(label for by_label in shares for label in by_label)
        columns = [
            Column("label", widest=36),
            *(Column(part, is_number=True, widest=12) for part in parts),
        ]
        taken = zip(run.classifiers, labels_taken(run), strict=True)
        sources = {label: classifier.id for classifier, names in taken for label in names}
        is_group = len(run.classifiers) > 1
        rows = []
        for label in labels:
            returned = [by_label.get(label) for by_label in shares]
            source = (sources.get(label, ""),) if is_group else ()
            texts = (label, *map(figure, returned), *source, self._caution(returned))
            rows.append(Row(label, texts))
        self.show([*columns, *([Column("from")] if is_group else []), Column("")], rows)

    def _caution(self, shares: list[float | None]) -> str:
        """What a returned share below 1 means for the label."""
        least = min((share for share in shares if share is not None), default=1.0)
        sign = glyph("warning", self._is_ascii)
        if least < LEAST_RETURNED_SHARE:
            return f"{sign} too few to tune a threshold"
        return f"{sign} its F1 will be a range" if least < 1.0 else ""


def _longest(rows: list[JobRow]) -> str:
    known = [row.elapsed_s for row in rows if row.elapsed_s is not None]
    return duration(max(known) if known else None)
