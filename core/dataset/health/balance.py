"""Checks of how evenly documents are spread over labels."""

import numpy as np
import numpy.typing as npt

from core.dataset.health import measures
from core.dataset.health.findings import Check, Facts, Finding, about_labels
from core.dataset.health.limits import FEWEST_PER_LABEL
from core.text import printable

MOST_SKEW = 10.0
"""Largest to smallest label, Amazon's guideline."""
DOMINANT_SHARE = 0.95
HIGH_SCUMBLE = 0.1


def _skew(facts: Facts) -> Finding | None:
    ratios = measures.irlbl(facts.support)
    rarest_first = np.argsort(-ratios, kind="stable").tolist()
    columns = [column for column in rarest_first if MOST_SKEW < ratios[column] < np.inf]
    is_named = np.array(
        [label != facts.dataset.none_label for label in facts.dataset.labels], dtype=np.bool_
    )
    return about_labels(
        facts,
        columns,
        Finding(
            id="skew",
            severity="warning",
            title="Labels over 10 times rarer than the commonest",
            meaning="Amazon advises at most 10 to 1. Beyond it the default threshold of 0.5 often "
            "misses rare labels entirely; that is what tuning thresholds repairs.",
            remedy="Go on and tune thresholds. Then label more documents of the rare labels, or "
            "compare with oversampling.",
            measures={
                "ratio": _ratio(facts.support),
                "ratio_without_none_label": _ratio(facts.support[is_named]),
            },
        ),
    )


def _ratio(support: npt.NDArray[np.int64]) -> float:
    """The largest over the smallest support of labels in use; 1 without any."""
    used = support[support > 0]
    return float(used.max() / used.min()) if len(used) else 1.0


def _imbalance(facts: Facts) -> Finding | None:
    mean = measures.mean_ir(facts.support)
    if not mean > 1.5:
        return None
    ratios = measures.irlbl(facts.support)
    columns = [
        column for column in np.argsort(-ratios, kind="stable").tolist()
        if mean < ratios[column] < np.inf
    ]  # fmt: skip
    figures = {f"IRLbl {facts.dataset.labels[column]}": float(ratios[column]) for column in columns}
    return about_labels(
        facts,
        columns,
        Finding(
            id="imbalance",
            severity="info",
            title="Minority labels (IRLbl above MeanIR)",
            meaning="IRLbl is how many times rarer a label is than the commonest one, MeanIR its "
            "mean over all labels. Labels above the mean are the candidates for oversampling.",
            remedy="Choose them first when you label more documents or oversample.",
            measures={"MeanIR": mean, "CVIR": measures.cvir(facts.support), **figures},
        ),
    )


def _label_concurrence(facts: Facts) -> Finding | None:
    if facts.dataset.mode == "multi-class":
        return None
    values = measures.scumble_of_labels(facts.dataset.membership)
    columns = [
        column for column in np.argsort(-values, kind="stable").tolist()
        if values[column] > HIGH_SCUMBLE
    ]  # fmt: skip
    figures = {
        f"SCUMBLE {facts.dataset.labels[column]}": float(values[column]) for column in columns
    }
    return about_labels(
        facts,
        columns,
        Finding(
            id="label-concurrence",
            severity="info",
            title="Rare and common labels on the same documents",
            meaning="SCUMBLE of a label is above 0.1 when its documents also carry labels that are "
            "much rarer or much commoner. Repeating such documents for the rare label repeats the "
            "common one too.",
            remedy="Look at the counts of all labels before and after oversampling, not only at "
            "the label you repeat.",
            measures={"SCUMBLE": measures.scumble(facts.dataset.membership), **figures},
        ),
    )


def _dominant_label(facts: Facts) -> Finding | None:
    shares = facts.support / max(len(facts.dataset), 1)
    columns = [int(column) for column in np.flatnonzero(shares >= DOMINANT_SHARE)]
    return about_labels(
        facts,
        columns if len(facts.dataset.labels) > 1 else [],
        Finding(
            id="dominant-label",
            severity="warning",
            title=f"A label on {DOMINANT_SHARE:.0%} of the documents or more",
            meaning="Predicting it always is right nearly always, so accuracy and averages look "
            "good whatever the classifier learned of the other labels.",
            remedy="Judge by the F1 of each label and by averages without this one; add documents "
            "of the other labels.",
            measures={"largest_share": float(shares.max(initial=0.0))},
        ),
    )


def _implied_labels(facts: Facts) -> Finding | None:
    """Labels whose every document also carries one and the same other label."""
    if facts.dataset.mode == "multi-class":
        return None
    together = measures.cooccurrence(facts.dataset)
    np.fill_diagonal(together, 0)
    support = facts.support
    is_implied = (together == support[:, None]) & (support[:, None] >= FEWEST_PER_LABEL)
    columns = np.flatnonzero(is_implied.any(axis=1)).tolist()
    n_twins = int((is_implied & is_implied.T).any(axis=1).sum())
    named = "; ".join(
        f"{_name(facts, column)} with {_name(facts, int(is_implied[column].argmax()))}"
        for column in columns[:5]
    )
    return about_labels(
        facts,
        columns,
        Finding(
            id="implied-labels",
            severity="warning" if n_twins else "info",
            title="Labels that never occur without a certain other one",
            meaning=f"Each of their documents carries the other label too: {named}. That is "
            "natural for a degree of something; two labels that always come together cannot be "
            "told apart.",
            remedy="Nothing to do for a degree; merge labels that mean the same.",
            measures={"always_together": float(n_twins)},
        ),
    )


def _name(facts: Facts, column: int) -> str:
    return printable(facts.dataset.labels[column], 40)


CHECKS: tuple[Check, ...] = (
    Check("skew", "No label is over 10 times rarer than the commonest", _skew),
    Check("dominant-label", f"No label is on {DOMINANT_SHARE:.0%} of the documents",
          _dominant_label),
    Check("imbalance", "Labels are about equally frequent (MeanIR)", _imbalance),
    Check("label-concurrence", "Rare and common labels seldom meet (SCUMBLE)", _label_concurrence),
    Check("implied-labels", "Every label also occurs without the others", _implied_labels),
)  # fmt: skip
"""Checks of balance."""
