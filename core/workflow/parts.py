"""Scores and truth of one part, as the tuning room takes them."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from core.comprehend.predictions import Scores
from core.errors import InvalidInput
from core.progress import UNWATCHED, Watch
from core.tuning.curves import Curve, label_curves
from core.tuning.decimals import FloatArray
from core.tuning.evaluation import (
    Evaluation,
    PartArrays,
    evaluate,
    evaluate_classes,
    multiclass_scores,
)
from core.workflow.score import part_scores
from core.workflow.session import Session
from core.workflow.split import PartTruth, load_truth
from core.workflow.state import RunState, SessionState


@dataclass(frozen=True)
class PartData:
    """Scores and truth of one part, as the tuning room takes them."""

    part: str
    truth: PartTruth
    scores: FloatArray
    """float32 (n_documents, n_labels), NaN where not returned."""
    decision_scores: FloatArray
    """The same for multi-label; for multi-class only the highest class keeps its score."""
    ceilings: FloatArray
    """float32 (n_documents, n_labels): highest value of an unknown score."""

    def curves(self) -> dict[str, Curve]:
        """The exact curve of every label."""
        return label_curves(
            self.truth.labels, self.decision_scores, self.truth.membership, self.ceilings
        )


def load_part_data(session: Session, state: SessionState, run: RunState, part: str) -> PartData:
    """Scores and truth of one scored part of a run.

    Raises:
        InvalidInput: the part was not scored, or a file is absent or damaged.
    """
    scores: Scores = part_scores(session, run, part)
    truth = load_truth(session, state, state.split_of(run), part)
    if scores.values.shape != truth.membership.shape or scores.labels != truth.labels:
        raise InvalidInput(
            "Scores do not fit",
            f"scores of part {part} have another size than its documents",
            f"score again: comprehend-tuner score --parts {part}",
        )
    is_classes = truth.mode == "multi-class"
    return PartData(
        part=part,
        truth=truth,
        scores=scores.values,
        decision_scores=multiclass_scores(scores.values) if is_classes else scores.values,
        ceilings=scores.label_ceilings,
    )


def part_arrays(data: PartData) -> PartArrays:
    """One part as evidence, comparisons and checks take it."""
    truth = data.truth
    return PartArrays(
        name=data.part,
        labels=truth.labels,
        scores=data.decision_scores,
        truth=truth.membership,
        ceilings=data.ceilings,
        clusters=truth.clusters,
    )


def default_threshold(mode: str) -> float:
    """The threshold without tuning: 0.5, or 0 for multi-class, where the highest class wins."""
    return 0.0 if mode == "multi-class" else 0.5


def evaluate_part(
    data: PartData, values: Mapping[str, float], default: float, measured_on: str
) -> Evaluation:
    """Figures of one part at `values`; labels that it does not name are at `default`."""
    labels = data.truth.labels
    thresholds = {label: values.get(label, default) for label in labels}
    truth, none_label = data.truth.membership, data.truth.none_label
    if data.truth.mode == "multi-class":
        return evaluate_classes(
            labels, data.scores, truth, thresholds, measured_on=measured_on, none_label=none_label
        )
    return evaluate(
        labels,
        data.scores,
        truth,
        thresholds,
        measured_on=measured_on,
        none_label=none_label,
        ceilings=data.ceilings,
    )


# The curves of a run's scored parts, and figures read from them by look-up.


@dataclass(frozen=True)
class RunCurves:
    """The exact curves of one run on each of its scored parts."""

    run: str
    scores: str
    """Fingerprint of the scores."""
    mode: str
    labels: tuple[str, ...]
    tuning_part: str
    default: float
    """The threshold without tuning."""
    parts: Mapping[str, Mapping[str, Curve]]
    """Curves by part and label."""
    sizes: Mapping[str, int]
    """Documents by part."""
    arrays: Mapping[str, PartArrays] = field(default_factory=dict)
    """Scores and truth by part, which evidence is gathered from."""

    def following_part(self, part: str) -> str:
        """The part after `part`, the first one after the last."""
        names = list(self.parts)
        return names[(names.index(part) + 1) % len(names)]


def tunable_run(session: Session, state: SessionState) -> RunState | None:
    """The session's run when its held-out parts are all scored, else the newest such; or None."""
    own = [run for run in reversed(state.runs) if not run.experiment]
    for run in [state.run, *own] if state.run is not None else own:
        parts = state.split_of(run).held_out_parts
        if all(p in run.scores and session.path(run.scores[p].path).exists() for p in parts):
            return run
    return None


def needs_tuning(session: Session, run: RunState) -> bool:
    """Whether a run has no thresholds, or those of other scores."""
    kept = run.thresholds
    if kept is None or not session.path(kept.path).exists():
        return True
    return kept.inputs != run.scores_fingerprint


def load_run_curves(session: Session, run_name: str, watch: Watch = UNWATCHED) -> RunCurves:
    """Read scores and truth of every scored part of a run and count at every score.

    Raises:
        InvalidInput: a part was not scored, or a file is absent or damaged.
        Interrupted: cancelled.
    """
    state = session.state()
    run = state.run_named(run_name)
    split = state.split_of(run)
    parts: dict[str, Mapping[str, Curve]] = {}
    sizes: dict[str, int] = {}
    arrays: dict[str, PartArrays] = {}
    for part in split.held_out_parts:
        watch.check()
        data = load_part_data(session, state, run, part)
        parts[part], sizes[part] = data.curves(), len(data.truth)
        arrays[part] = part_arrays(data)
    return RunCurves(
        run=run.name,
        scores=run.scores_fingerprint,
        mode=data.truth.mode,
        labels=data.truth.labels,
        tuning_part=split.tuning_part,
        default=default_threshold(data.truth.mode),
        parts=parts,
        sizes=sizes,
        arrays=arrays,
    )


@dataclass(frozen=True)
class Macro:
    """Mean F1 of the labels that have positives, with the range that unknown scores allow."""

    low: float
    high: float


def macro_f1(curves: Mapping[str, Curve], values: Mapping[str, float]) -> Macro:
    """Macro F1 at `values`, by look-up; labels without positives are left out."""
    counts = [curve.at(values[label]) for label, curve in curves.items() if curve.positives]
    if not counts:
        return Macro(0.0, 0.0)
    low, high = (sum(getattr(c, name) for c in counts) for name in ("f1_low", "f1_high"))
    return Macro(low / len(counts), high / len(counts))
