"""Which labels need a classifier that returns every score, and the groups that give it to them."""

from collections.abc import Sequence
from typing import Literal

import msgspec
import numpy as np

from core.dataset.label_groups import RETURNED, Group, plan_groups
from core.errors import InvalidInput
from core.text import printable
from core.tuning.curves import Curve
from core.tuning.objectives import LEAST_RETURNED_SHARE
from core.workflow.actions.part_data import load_part_data
from core.workflow.actions.truth import load_truth
from core.workflow.session import Session
from core.workflow.state import OversamplingState, RunState, SessionState, SplitState
from core.workflow.steps import oversampling_in_force, split_of, training_inputs, tuning_part

GroupKind = Literal["single", "rare", "complete"]
"""One classifier for all labels; extra ones for the labels in need; extra ones for every label."""
HIDDEN_F1 = 0.05
"""A label is in need when its unknown scores may hide more of its best F1 than this."""


class LabelInNeed(msgspec.Struct, frozen=True, kw_only=True):
    """A label that the returned scores say too little of."""

    label: str
    returned_share: float
    """Share of its positives in the tuning part whose score was returned."""
    hidden_f1: float
    """How much higher its best F1 may be than what the returned scores prove."""
    reason: str


def labels_in_need(session: Session, state: SessionState, run: RunState) -> tuple[LabelInNeed, ...]:
    """The labels of a run whose scores were returned too seldom, by its tuning part.

    A label is in need when less than half of its positives were returned, so that it cannot be
    tuned at all, or when the scores that were not returned may hide more than `HIDDEN_F1` of its
    best F1. The none-label never is, and neither is a label without positives in the part.

    Raises:
        InvalidInput: the tuning part was not scored, or a file is damaged.
    """
    data = load_part_data(session, state, run, tuning_part(split_of(state, run)))
    if data.truth.mode == "multi-class":
        return ()
    needs = [
        _need(label, curve)
        for label, curve in data.curves().items()
        if label != data.truth.none_label and curve.positives
    ]
    return tuple(need for need in needs if need.reason)


def _need(label: str, curve: Curve) -> LabelInNeed:
    share = curve.returned_share
    hidden = float(curve.f1_high.max() - curve.f1_low.max()) if len(curve) else 1.0
    reason = ""
    if share < LEAST_RETURNED_SHARE:
        reason = f"cannot be tuned: the scores of {share:.0%} of its positives were returned"
    elif hidden > HIDDEN_F1:
        reason = f"scores that were not returned may hide up to {hidden:.2f} of its best F1"
    return LabelInNeed(label=label, returned_share=share, hidden_f1=hidden, reason=reason)


def groups_of(run: RunState) -> tuple[Group, ...]:
    """The groups that a run has beside its main classifier."""
    return tuple(
        Group(labels=classifier.labels[:-1], none_label=classifier.labels[-1])
        for classifier in run.classifiers[1:]
    )


def single_run(
    state: SessionState, split: SplitState, over: OversamplingState | None
) -> RunState | None:
    """The newest run of one classifier that was trained on a split, or on a changed one."""
    inputs = training_inputs(split, over)
    runs = [run for run in state.runs if run.inputs == inputs and len(run.classifiers) == 1]
    return runs[-1] if runs else None


def wanted_groups(
    session: Session, state: SessionState, split: SplitState, kind: GroupKind, labels: Sequence[str]
) -> tuple[Group, ...]:
    """The groups that a kind of run needs; none for a single classifier.

    Args:
        labels: the labels to cover; those in need, or all, when empty.

    Raises:
        InvalidInput: labels cannot be grouped here, none is in need, or it cannot be told yet.
    """
    if kind == "single":
        if labels:
            raise InvalidInput(
                "No label groups", "a single classifier covers every label", "leave out --labels"
            )
        return ()
    _require_groupable(state)
    in_need = _chosen(state, labels) if labels else _all_in_need(session, state, split, kind)
    membership = load_truth(session, state, split, "train").membership.astype(np.float32)
    together = (membership.T @ membership).astype(np.int64)
    dataset = state.dataset
    return plan_groups(dataset.labels, dataset.none_label, in_need, together=together)


def parse_labels(given: Sequence[str], known: Sequence[str]) -> tuple[str, ...]:
    """Read label names separated by commas; what is a label as a whole is not taken apart."""
    names: list[str] = []
    for text in given:
        names += [text] if text in known else [name.strip() for name in text.split(",")]
    return tuple(dict.fromkeys(name for name in names if name))


def _require_groupable(state: SessionState) -> None:
    if state.dataset.mode == "multi-class":
        raise InvalidInput(
            "No label groups",
            "classes compete within one classifier: scores of several cannot be ranked",
            "groups are for sets of labels; train a single classifier",
        )
    if len(state.dataset.labels) <= RETURNED:
        raise InvalidInput(
            "No label groups",
            f"a classifier with at most {RETURNED} labels returns every score already",
            "train a single classifier",
        )


def _chosen(state: SessionState, labels: Sequence[str]) -> tuple[str, ...]:
    none_label = state.dataset.none_label
    if none_label is not None and none_label in labels:
        raise InvalidInput(
            "No group for the none-label",
            f"{printable(none_label, 60)!r} means that a document has no other label",
            "name other labels",
        )
    return tuple(labels)


def _all_in_need(
    session: Session, state: SessionState, split: SplitState, kind: GroupKind
) -> tuple[str, ...]:
    if kind == "complete":
        return state.dataset.labels
    run = single_run(state, split, oversampling_in_force(state, split))
    part = tuning_part(split)
    if run is None or part not in run.scores:
        raise InvalidInput(
            "Not scored yet",
            f"which labels are in need shows in the scores of the {part} part",
            "score first: comprehend-tuner score; or name them: train --groups rare --labels A,B",
        )
    needs = labels_in_need(session, state, run)
    if not needs:
        raise InvalidInput(
            "No label is in need",
            f"run {printable(run.name)}: the returned scores tell enough of every label",
            "go on with: comprehend-tuner thresholds",
        )
    return tuple(need.label for need in needs)
