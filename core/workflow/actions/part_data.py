"""Scores and truth of one part, as the tuning room takes them."""

from collections.abc import Mapping
from dataclasses import dataclass

from core.comprehend.artifacts import Scores
from core.errors import InvalidInput
from core.tuning.curves import Curve, label_curves
from core.tuning.decimals import FloatArray
from core.tuning.evaluation import Evaluation, evaluate, evaluate_classes, multiclass_scores
from core.tuning.parts import PartArrays
from core.workflow.actions.joining import part_scores
from core.workflow.actions.truth import PartTruth, load_truth
from core.workflow.session import Session
from core.workflow.state import RunState, SessionState
from core.workflow.steps import split_of


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
    truth = load_truth(session, state, split_of(state, run), part)
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
