"""What a report of a run holds: plain data, and the whole of its JSON.

Names and messages are in their original form; whoever shows them cleans them. Texts of documents,
request tokens and folders of the machine are not in it.
"""

import msgspec
import numpy as np
import numpy.typing as npt

from core.comprehend.engine import TwinOptions
from core.comprehend.pricing import Estimate
from core.tuning.calibration import CalibrationView
from core.tuning.curves import Curve
from core.tuning.intervals import GRADES, GradeRule
from core.workflow.compare import CompareReport
from core.workflow.experiments.plan import ExperimentReport
from core.workflow.metrics import MetricsFile
from core.workflow.reconcile import ClassifierReconciliation
from core.workflow.reports import RunReport

FORMAT = "comprehend-tuner/report"
VERSION = 1


class Gap(msgspec.Struct, frozen=True):
    """Something that the report cannot show."""

    what: str
    why: str
    remedy: str
    """What to do about it; empty when there is nothing to add."""


class RevisionFacts(msgspec.Struct, frozen=True, kw_only=True):
    """One state of the dataset, up to the one that was split."""

    id: str
    how: str
    fix: str
    documents: int
    labels: int
    fingerprint: str
    made_at: str


class DataFacts(msgspec.Struct, frozen=True, kw_only=True):
    """Where the documents come from."""

    source: str
    """Name of the source file, without its folder."""
    source_fingerprint: str
    rows_read: int
    documents: int
    """Documents of the import."""
    not_scored_rows: int
    contradictions: int
    none_label: str | None
    notes: tuple[str, ...]
    revisions: tuple[RevisionFacts, ...]


class HealthLine(msgspec.Struct, frozen=True, kw_only=True):
    """One check that found something; the documents that show it are left out."""

    severity: str
    title: str
    count: int
    of: str
    labels: tuple[str, ...]
    meaning: str


class HealthFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What the health check said."""

    is_of_this_dataset: bool
    """Whether it looked at the revision that was split."""
    passed: int
    found: tuple[HealthLine, ...]


class SplitFacts(msgspec.Struct, frozen=True, kw_only=True):
    """How documents were dealt into parts."""

    id: str
    revision: str
    ratios: dict[str, float]
    sizes: dict[str, int]
    seed: int
    worst_deviation: float
    support: dict[str, dict[str, int]]
    """Positives by label and part."""
    findings: tuple[HealthLine, ...]
    fingerprint: str


class ClassifierFacts(msgspec.Struct, frozen=True, kw_only=True):
    """One trained classifier."""

    id: str
    arn: str
    version: str
    labels: tuple[str, ...]
    is_adopted: bool


class JobFacts(msgspec.Struct, frozen=True, kw_only=True):
    """One training or scoring job."""

    id: str
    kind: str
    part: str
    state: str
    message: str
    is_replaced: bool
    """Whether a later job took its place."""
    submitted_at: str
    started_at: str
    ended_at: str


class CostLine(msgspec.Struct, frozen=True, kw_only=True):
    """The price of one job, endpoint or kept classifier, in US dollars."""

    what: str
    kind: str
    estimate: Estimate | None
    billed_usd: float | None
    low_usd: float
    high_usd: float
    note: str


class CostFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What the run cost, counted up to `as_of` of the report."""

    is_paid: bool
    """False offline, where the figures say what Amazon would charge."""
    prices_of: str
    lines: tuple[CostLine, ...]
    low_usd: float
    high_usd: float
    keeping: Estimate
    """Keeping the run's classifiers, per month."""


class DrawnCurve(msgspec.Struct, frozen=True, kw_only=True):
    """The curves of one label, thinned for drawing; nothing is chosen on them.

    A low and a high figure differ where scores that were not returned could change it.
    """

    label: str
    part: str
    points: int
    """Distinct scores of the exact curve."""
    axis_low: float
    """Where a logarithmic axis begins; 0 for a linear one."""
    thresholds: tuple[float, ...]
    precision_low: tuple[float, ...]
    precision_high: tuple[float, ...]
    recall_low: tuple[float, ...]
    recall_high: tuple[float, ...]
    f1_low: tuple[float, ...]
    f1_high: tuple[float, ...]


class Provenance(msgspec.Struct, frozen=True, kw_only=True):
    """What the figures were made from."""

    source: str
    dataset: str
    split: str
    split_seed: int
    training: str
    """Fingerprint of everything that training depends on."""
    scores: dict[str, str]
    """Fingerprint of the joined scores by part."""
    thresholds_file: str
    """Fingerprint of the thresholds file; empty when there is none."""
    tool: str
    twin: TwinOptions | None
    """The twin's settings of the session; None on Amazon's side."""


class FullReport(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that is known about a run."""

    format: str = FORMAT
    version: int = VERSION
    session: str
    run: str
    engine: str
    """Badge; OFFLINE scores are not Comprehend's."""
    is_offline: bool
    mode: str
    as_of: str
    """The newest time that the session holds; nothing in the report is of a later moment."""
    gaps: tuple[Gap, ...]
    cautions: tuple[str, ...]
    tuning: RunReport | None
    """None for a run without thresholds."""
    is_stale: bool
    """Whether the thresholds belong to earlier scores."""
    grades: tuple[GradeRule, ...] = GRADES
    test_looks: int
    """How often figures of the test part were looked at, to choose or to compare."""
    returned_share: dict[str, dict[str, float | None]]
    """Share of a label's positives whose score was returned, by part and label."""
    oversampled: dict[str, int]
    curves: tuple[DrawnCurve, ...]
    calibration: CalibrationView | None
    comparison: CompareReport | None
    """Other runs of the session against this one."""
    experiment: ExperimentReport | None = None
    """The kept comparison of the arms that the run is one of, or the base of."""
    service: tuple[MetricsFile, ...]
    reconciliation: tuple[ClassifierReconciliation, ...]
    data: DataFacts
    health: HealthFacts | None
    split: SplitFacts
    classifiers: tuple[ClassifierFacts, ...]
    jobs: tuple[JobFacts, ...]
    cost: CostFacts
    provenance: Provenance


# Curves thinned for drawing.


MOST_DRAWN = 60
"""Labels whose curves are drawn; a page with more would be too heavy to open."""
_COLUMNS = 160
_LOG_BELOW = 0.05
"""Thresholds below it are drawn on a logarithmic axis."""
_DIGITS = 5


def drawn_curve(curve: Curve, part: str, threshold: float) -> DrawnCurve:
    """One label's curves with one point in each of `_COLUMNS` columns, the one of highest F1.

    Args:
        curve: the exact curve.
        part: the part that it was counted on.
        threshold: the label's, which the axis must show.
    """
    low = _axis_low(threshold)
    kept = _kept(curve, low)
    tp, fp = curve.tp[kept], curve.fp[kept]
    more_tp, more_fp = curve.unknown_positives[kept], curve.unknown_negatives[kept]
    positives = max(curve.positives, 1)
    return DrawnCurve(
        label=curve.label,
        part=part,
        points=len(curve),
        axis_low=low,
        thresholds=tuple(float(value) for value in curve.thresholds[kept]),
        precision_low=_numbers(tp / np.maximum(tp + fp + more_fp, 1)),
        precision_high=_numbers((tp + more_tp) / np.maximum(tp + more_tp + fp, 1)),
        recall_low=_numbers(tp / positives),
        recall_high=_numbers((tp + more_tp) / positives),
        f1_low=_numbers(curve.f1_low[kept]),
        f1_high=_numbers(curve.f1_high[kept]),
    )


def _axis_low(threshold: float) -> float:
    if not 0 < threshold < _LOG_BELOW:
        return 0.0
    return float(10.0 ** np.floor(np.log10(threshold) - 0.3))


def _kept(curve: Curve, low: float) -> npt.NDArray[np.intp]:
    """Indices of the points to draw, ascending."""
    values = curve.thresholds
    shown = np.flatnonzero(values >= low)
    if not len(shown):
        return shown
    at = values[shown]
    place = at if low == 0 else 1 - np.log10(np.minimum(at, 1)) / np.log10(low)
    columns = np.minimum((np.clip(place, 0, 1) * _COLUMNS).astype(np.intp), _COLUMNS - 1)
    order = np.lexsort((-curve.f1[shown], columns))
    is_first = np.append(True, np.diff(columns[order]) > 0)
    return np.unique([shown[0], *shown[order[is_first]], shown[-1]])


def _numbers(values: npt.NDArray[np.float64]) -> tuple[float, ...]:
    return tuple(round(float(value), _DIGITS) for value in values)
