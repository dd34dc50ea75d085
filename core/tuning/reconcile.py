"""Reconcile the scores of a part with what the service counted on it."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from core.errors import InvalidInput
from core.text import plural
from core.tuning.intervals import Interval
from core.tuning.matching import (
    Case,
    FitOutcome,
    ReconcileFinding,
    Reconciliation,
    ServiceCells,
    common_interval,
    diagnose,
    exchanged_cells,
    match,
    names,
    ranking,
    worst,
)
from core.tuning.part import Part

# The service's metrics from counts, and the threshold that gives reported ones.


_ROUNDING = 0.00011
"""Reported metrics have four decimals."""


def macro_figures(cells: Sequence[ServiceCells]) -> dict[str, float]:
    """Means over labels of precision, recall and F1, under the service's names.

    `Accuracy` is left out: what it counts for multi-label is not documented clearly.
    """
    counts = np.array([[c.tp, c.fp, c.fn] for c in cells], dtype=np.float64).reshape(-1, 3)
    return {name: float(value[0]) for name, value in _figures(counts.T[:, :, None]).items()}


def point_of_metrics(part: Part, metrics: Mapping[str, float]) -> Interval | None:
    """The thresholds, common to all labels, whose figures are the reported ones.

    None when there is none, when fewer than two of the figures were reported, or when scores are
    unknown. From the lowest fitting threshold (exclusive) to the highest (inclusive).
    """
    curves = [curve for curve in part.curves().values() if curve.positives]
    if not curves or np.isnan(part.scores).any():
        return None
    grid = np.unique(np.concatenate([curve.thresholds for curve in curves]))
    counts = np.zeros((3, len(curves), len(grid)))
    for row, curve in enumerate(curves):
        index = np.searchsorted(curve.thresholds, grid)
        tp, fp = (np.append(found, 0)[index] for found in (curve.tp, curve.fp))
        counts[:, row] = tp, fp, curve.positives - tp
    figures = _figures(counts)
    named = [name for name in figures if name in metrics]
    if len(named) < 2:
        return None
    off = np.max([np.abs(figures[name] - metrics[name]) for name in named], axis=0)
    fitting = np.flatnonzero(off <= _ROUNDING)
    if not len(fitting):
        return None
    first = int(fitting[0])
    return Interval(
        low=float(grid[first - 1]) if first else 0.0, high=float(grid[int(fitting[-1])])
    )


def _figures(counts: npt.NDArray[np.float64]) -> dict[str, npt.NDArray[np.float64]]:
    """Macro precision, recall, F1 from tp, fp, fn of shape (3, n_labels, n_thresholds)."""
    tp, fp, fn = counts

    def mean(
        above: npt.NDArray[np.float64], below: npt.NDArray[np.float64]
    ) -> npt.NDArray[np.float64]:
        shares = np.divide(above, below, out=np.zeros_like(above), where=below > 0)
        return np.asarray(shares.mean(axis=0))

    return {
        "Precision": mean(tp, tp + fp),
        "Recall": mean(tp, tp + fn),
        "F1Score": mean(2 * tp, 2 * tp + fp + fn),
    }


# Signs that the scored text gives its labels away.


_PERFECT = 0.9999
_FEWEST = 10
"""Positives and negatives from which a perfect ranking is no accident."""
_IN_POSITIVES, _IN_NEGATIVES = 0.95, 0.05
"""Shares of positive and negative documents whose text holds the label's name."""


def leaked_labels(part: Part, texts: Sequence[str] | None) -> list[ReconcileFinding]:
    """What looks as if labels stood in the scored text, or test documents in the training file.

    Args:
        part: scores and truth.
        texts: the scored documents, in order; None leaves the texts out.
    """
    found = []
    written = [] if texts is None else _written(part, texts)
    if written:
        found.append(
            ReconcileFinding(
                "leaked-labels",
                f"the scored texts hold the names of their labels ({names(written)}): a scoring"
                " file holds the text alone; prepare it again and score again",
                tuple(written),
            )
        )
    curves = part.curves()
    enough = [
        curve for curve in curves.values() if min(curve.positives, curve.negatives) >= _FEWEST
    ]
    areas = [ranking(curve) for curve in enough]
    if not written and len(areas) >= 2 and all(area >= _PERFECT for area in areas):
        found.append(
            ReconcileFinding(
                "leaked-labels",
                "every label is separated without an error, which text alone hardly allows: labels"
                " may stand in the scored text, or these documents in the training file",
                tuple(curve.label for curve in enough),
            )
        )
    return found


def _written(part: Part, texts: Sequence[str]) -> list[str]:
    found = []
    lowered = [text.lower() for text in texts]
    for column, label in enumerate(part.labels):
        truth = part.truth[:, column]
        if min(truth.sum(), (~truth).sum()) < _FEWEST:
            continue
        name = label.lower()
        holds = np.fromiter((name in text for text in lowered), dtype=np.bool_, count=len(lowered))
        if holds[truth].mean() >= _IN_POSITIVES and holds[~truth].mean() <= _IN_NEGATIVES:
            found.append(label)
    return found


# Whether the service counted the labels and the documents that the part has.


_CAP = 10_000
"""The most test documents that the service says it uses."""


def check_names(
    part: Part, cells: Mapping[str, ServiceCells], is_classes: bool
) -> ReconcileFinding | None:
    """Whether the service's matrix names the part's labels."""
    foreign = [label for label in cells if label not in part.labels]
    curves = part.curves()
    absent = [label for label in part.labels if label not in cells and curves[label].positives]
    if not foreign and not absent:
        return None
    if not foreign:
        return ReconcileFinding(
            "missing-labels",
            f"the service's matrix lacks {names(absent)}, which documents of {part.name} have:"
            " it was tested on other documents",
            tuple(absent),
        )
    guesses = []
    for label in foreign[:20]:
        fitting = [
            known
            for known in absent
            if curves[known].positives == cells[label].positives
            and match(curves[known], cells[label], is_classes).interval
        ]
        if len(fitting) == 1:
            guesses.append(f"{names([label])} counts like {names(fitting)}")
    return ReconcileFinding(
        "renamed-labels",
        f"the service's matrix has {names(foreign)}, which the dataset does not have"
        + (f", and lacks {names(absent)}" if absent else "")
        + (f"; {', '.join(guesses)}" if guesses else "")
        + ": label names must be equal to the letter; use the dataset that it was trained on",
        (*foreign, *absent),
    )


def check_size(
    part: Part, cells: Mapping[str, ServiceCells], is_own_test: bool
) -> ReconcileFinding | None:
    """Whether the service tested on as many documents as the part has."""
    totals = {counts.total for counts in cells.values()}
    n = len(part)
    if totals == {n}:
        return None
    tested = max(totals)
    curves = part.curves()
    is_piece = (
        len(totals) == 1
        and tested < n
        and all(
            counts.positives <= curves[label].positives
            and tested - counts.positives <= curves[label].negatives
            for label, counts in cells.items()
        )
    )
    if is_piece:
        capped = " (the most it uses)" if tested == _CAP else ""
        return ReconcileFinding(
            "subsampled",
            f"the service tested on {tested:,} documents{capped}, {part.name} has {n:,}: its"
            " metrics are of other documents and cannot be compared with the figures here",
        )
    return ReconcileFinding(
        "different-size" if is_own_test else "other-test-set",
        f"the service tested on {plural(tested, 'document')}, {part.name} has {n:,}, and its"
        " positives are not a piece of these: another test set",
    )


ORIENTATION = ReconcileFinding(
    "swapped-orientation",
    "the matrix has false positives and false negatives exchanged against the documented"
    " [[TN, FP], [FN, TP]]: only then do its positives equal the documents' labels",
)


def other_support(case: Case, wrong: Sequence[str]) -> ReconcileFinding:
    """Say for which labels the service counts other positives."""
    shown = ", ".join(
        f"{names([label])} {case.cells[label].positives:,} against"
        f" {case.curves[label].positives:,} here"
        for label in wrong[:5]
    )
    return ReconcileFinding(
        "different-support",
        f"the service counts other positives than {case.part.name} has: {shown}; the test file"
        " was another one, or labels were changed after the training",
        tuple(wrong),
    )


_METRIC_ROUNDING = 0.002
_DEFAULT = 0.5


class ServiceMatrix(NamedTuple):
    """The confusion matrix of a multi-class training."""

    labels: Sequence[str]
    counts: npt.NDArray[np.int64]
    """int64 (n_labels, n_labels): rows actual, columns predicted."""


_MOST_COUNTED = 10**12


def reconcile(
    part: Part,
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
        InvalidInput: a cell is negative or no number of documents.
    """
    known = {label: ServiceCells(*counts) for label, counts in cells.items()}
    if not all(0 <= count <= _MOST_COUNTED for counts in known.values() for count in counts):
        what = f"it holds counts below 0 or above {_MOST_COUNTED:,}"
        raise InvalidInput("Not a confusion matrix", what, "fetch it again")
    is_classes = mode == "multi-class"
    if known:
        points, common, found = _with_cells(part, known, is_classes, is_own_test)
        found = [*(found or _confusions(part, matrix)), *_metrics(known, metrics)]
    else:
        points, common, found = _without_matrix(part, metrics, is_classes)
    findings = (*leaked_labels(part, texts), *found)
    outcome = worst(findings)
    return Reconciliation(
        outcome=outcome,
        operating_points=points,
        common=common,
        findings=findings,
        summary=_summary(outcome, common, findings, (part, is_classes)),
        documents=len(part),
        documents_tested=documents_tested,
        part=part.name,
    )


Points = dict[str, Interval | None]


def _with_cells(
    part: Part, cells: Mapping[str, ServiceCells], is_classes: bool, is_own_test: bool
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


def _confusions(part: Part, matrix: ServiceMatrix | None) -> list[ReconcileFinding]:
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
    part: Part, metrics: Mapping[str, float], is_classes: bool
) -> tuple[Points, Interval | None, list[ReconcileFinding]]:
    """Infer the operating point from the reported metrics alone."""
    point = None if is_classes else point_of_metrics(part, metrics)
    message = "the service gave no confusion matrix"
    if point is None:
        message += ", and no single threshold gives its metrics"
    else:
        message += f"; its metrics appear at thresholds from {point.low:.4f} to {point.high:.4f}"
    return dict.fromkeys(part.labels, point), point, [ReconcileFinding("no-matrix", message)]


def _metrics(
    cells: Mapping[str, ServiceCells], metrics: Mapping[str, float]
) -> list[ReconcileFinding]:
    ours = macro_figures([counts for counts in cells.values() if counts.positives])
    off = [
        name
        for name, value in ours.items()
        if name in metrics and abs(value - metrics[name]) > _METRIC_ROUNDING
    ]
    if not off:
        return []
    shown = ", ".join(f"{name} {metrics[name]:.4f} (cells: {ours[name]:.4f})" for name in off)
    return [ReconcileFinding("metrics-disagree", f"reported metrics are not the cells': {shown}")]


def _summary(
    outcome: FitOutcome,
    common: Interval | None,
    findings: Sequence[ReconcileFinding],
    of: tuple[Part, bool],
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
