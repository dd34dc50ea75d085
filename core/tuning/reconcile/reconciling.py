"""Reconcile the scores of a part with what the service counted on it."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from core.errors import InvalidInput
from core.text import plural
from core.tuning.evidence import Interval
from core.tuning.parts import PartArrays
from core.tuning.reconcile.counts import ORIENTATION, check_names, check_size, other_support
from core.tuning.reconcile.diagnosis import Case, diagnose, exchanged_cells
from core.tuning.reconcile.findings import (
    Outcome,
    ReconcileFinding,
    Reconciliation,
    worst,
)
from core.tuning.reconcile.leaks import leaked_labels
from core.tuning.reconcile.matching import Cells, common_interval
from core.tuning.reconcile.metrics import macro_figures, point_of_metrics

_METRIC_ROUNDING = 0.002
_DEFAULT = 0.5


class ServiceMatrix(NamedTuple):
    """The confusion matrix of a multi-class training."""

    labels: Sequence[str]
    counts: npt.NDArray[np.int64]
    """int64 (n_labels, n_labels): rows actual, columns predicted."""


def reconcile(
    part: PartArrays,
    cells: Mapping[str, tuple[int, int, int, int]],
    metrics: Mapping[str, float],
    documents_tested: int | None,
    mode: str,
    *,
    matrix: ServiceMatrix | None = None,
    texts: Sequence[str] | None = None,
    is_own_test: bool = True,
) -> Reconciliation:
    """Say whether the scores of the test part give the service's own counts.

    Args:
        part: the test part; decision scores.
        cells: per label (tp, fp, fn, tn) as the service reports; empty when it gave none.
        metrics: as reported, under the service's names; may be empty.
        documents_tested: as reported.
        mode: ``multi-label`` or ``multi-class``.
        matrix: of a multi-class training, compared element by element.
        texts: the scored documents, looked through for label names.
        is_own_test: whether the classifier was tested on this part's documents; False for one that
            was trained elsewhere, whose test documents may be others.

    Raises:
        InvalidInput: a cell is negative.
    """
    known = {label: Cells(*counts) for label, counts in cells.items()}
    if any(count < 0 for counts in known.values() for count in counts):
        raise InvalidInput("Not a confusion matrix", "it holds negative counts", "fetch it again")
    is_classes = mode == "multi-class"
    if known:
        points, common, found = _with_cells(part, known, is_classes, is_own_test)
        found = [*(found or _confusions(part, matrix)), *_metrics(known, metrics)]
    else:
        points, common, found = _without_matrix(part, metrics, is_classes)
    findings = (*leaked_labels(part, texts), *found)
    outcome = worst(findings)
    return Reconciliation(
        outcome=outcome, operating_points=points, common=common, findings=findings,
        summary=_summary(outcome, common, findings, (part, is_classes)), documents=len(part),
        documents_tested=documents_tested, part=part.name,
    )  # fmt: skip


Points = dict[str, Interval | None]


def _with_cells(
    part: PartArrays, cells: Mapping[str, Cells], is_classes: bool, is_own_test: bool
) -> tuple[Points, Interval | None, list[ReconcileFinding]]:
    nothing: Points = dict.fromkeys(part.labels)
    misnamed = check_names(part, cells, is_classes)
    if misnamed:
        return nothing, None, [misnamed]
    sized = check_size(part, cells, is_own_test)
    if sized:
        return nothing, None, [sized]
    case = Case(part, cells, is_classes)
    remarks: list[ReconcileFinding] = []
    wrong = [label for label in cells if case.curves[label].positives != cells[label].positives]
    if wrong:
        turned = Case(part, {label: c.exchanged() for label, c in cells.items()}, is_classes)
        if not any(turned.curves[i].positives != c.positives for i, c in turned.cells.items()):
            case, remarks = turned, [ORIENTATION]
        else:
            found = exchanged_cells(case, wrong) or other_support(case, wrong)
            if found.id == "different-support" and not is_own_test:
                found = ReconcileFinding("other-test-set", found.message, found.labels)
            return nothing, None, [found]
    common, outside = common_interval(case.matches)
    points: Points = {**nothing, **{label: m.interval for label, m in case.matches.items()}}
    if outside and not _each_by_itself(case):
        return points, None, [*remarks, diagnose(case)]
    remarks += _remarks(case, common, outside)
    return points, None if outside else common, remarks


def _each_by_itself(case: Case) -> bool:
    """Whether every label has its counts exactly at some threshold of its own."""
    return all(
        found.kind == "exact" and case.cells[label].tp + case.cells[label].fp
        for label, found in case.matches.items()
    )


def _remarks(case: Case, common: Interval | None, outside: Sequence[str]) -> list[ReconcileFinding]:
    found = []
    by_kind = {
        kind: tuple(label for label, m in case.matches.items() if m.kind == kind)
        for kind in ("ties", "possible")
    }
    if outside:
        found.append(
            ReconcileFinding(
                "no-common-threshold",
                "every label has the service's counts at a threshold of its own, but no single"
                " threshold gives all of them",
            )
        )
    if by_kind["ties"]:
        off = max(case.matches[label].gap for label in by_kind["ties"])
        found.append(
            ReconcileFinding(
                "rounding-ties",
                f"off by at most {plural(off, 'decision')}, within documents of equal score: the"
                " service decides before it rounds",
                by_kind["ties"],
            )
        )
    if by_kind["possible"]:
        found.append(
            ReconcileFinding(
                "unknown-scores",
                "scores that were not returned, or many equal ones, leave the counts open: they fit"
                " if those fall the right way",
                by_kind["possible"],
            )
        )
    if not case.lowest_only and not any(c.tp + c.fp for c in case.cells.values()):
        message = "the service flagged no document at all, which any scores reproduce"
        found.append(ReconcileFinding("nothing-flagged", message))
    return found


def _confusions(part: PartArrays, matrix: ServiceMatrix | None) -> list[ReconcileFinding]:
    """Compare a multi-class matrix element by element, labels by name."""
    if matrix is None or not part.labels:
        return []
    known = np.isfinite(part.scores).any(axis=1)
    predicted = np.where(np.isfinite(part.scores), part.scores, -1.0).argmax(axis=1)[known]
    actual = part.truth.argmax(axis=1)[known]
    n = len(part.labels)
    counts = np.bincount(actual * n + predicted, minlength=n * n).reshape(n, n)
    places = [part.labels.index(label) for label in matrix.labels]
    ours = counts[np.ix_(places, places)]
    off = int(np.abs(ours - matrix.counts).sum()) // 2
    if not off:
        return []
    return [
        ReconcileFinding(
            "other-confusions",
            f"the counts of each class are right but {plural(off, 'document')} are confused with"
            " another class than the service says",
        )
    ]


def _without_matrix(
    part: PartArrays, metrics: Mapping[str, float], is_classes: bool
) -> tuple[Points, Interval | None, list[ReconcileFinding]]:
    """Infer the operating point from the reported metrics alone."""
    point = None if is_classes else point_of_metrics(part, metrics)
    message = "the service gave no confusion matrix"
    if point is None:
        message += ", and no single threshold gives its metrics"
    else:
        message += f"; its metrics appear at thresholds from {point.low:.4f} to {point.high:.4f}"
    return dict.fromkeys(part.labels, point), point, [ReconcileFinding("no-matrix", message)]


def _metrics(cells: Mapping[str, Cells], metrics: Mapping[str, float]) -> list[ReconcileFinding]:
    ours = macro_figures([counts for counts in cells.values() if counts.positives])
    off = [name for name, value in ours.items()
           if name in metrics and abs(value - metrics[name]) > _METRIC_ROUNDING]  # fmt: skip
    if not off:
        return []
    shown = ", ".join(f"{name} {metrics[name]:.4f} (cells: {ours[name]:.4f})" for name in off)
    return [ReconcileFinding("metrics-disagree", f"reported metrics are not the cells': {shown}")]


def _summary(
    outcome: Outcome,
    common: Interval | None,
    findings: Sequence[ReconcileFinding],
    of: tuple[PartArrays, bool],
) -> str:
    part, is_classes = of
    if outcome != "reproduced":
        worst_one = next(f for f in findings if worst([f]) == outcome)
        return f"{outcome}: {worst_one.message}"
    if is_classes:
        return f"the service's matrix is reproduced from the scores of {part.name}"
    if common is None:
        return (
            f"the service's counts are reproduced on {part.name}, each label at its own threshold"
        )
    inside = common.low <= _DEFAULT <= common.high
    at = f"{_DEFAULT}" if inside else f"{common.high:.4f}"
    return (
        f"the service's counts are reproduced on {part.name} at threshold {at} (any from"
        f" {common.low:.4f} to {common.high:.4f} gives them)"
    )
