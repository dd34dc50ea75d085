"""What a report of a run holds: plain data, and the whole of its JSON.

Names and messages are in their original form; whoever shows them cleans them. Texts of documents,
request tokens and folders of the machine are not in it.
"""

import msgspec

from core.comprehend.clients import TwinOptions
from core.comprehend.pricing import Estimate
from core.tuning.calibration import CalibrationView
from core.tuning.evidence import GRADES, GradeRule
from core.workflow.actions.compare import CompareReport
from core.workflow.actions.metrics import MetricsFile
from core.workflow.actions.reconciling import ClassifierReconciliation
from core.workflow.experiments import ExperimentReport
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
