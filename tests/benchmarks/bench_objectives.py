"""Objectives at 159,571 documents and 7 labels, against the curves that scikit-learn would need.

Run with ``python -m tests.benchmarks.bench_objectives``. The peer is ``precision_recall_curve`` of
all labels: the least that any choice of thresholds costs with it. Joint objectives must also stay
under a second and be proven optimal.
"""

import numpy as np

from core.tuning.curves import label_curves
from core.tuning.evaluation import macro_f1, micro_f1
from core.tuning.joint import choose_all
from core.tuning.objectives import MENU, Objective
from tests.benchmarks.bench_curves import LABELS, best_times, problem, report

TARGET = 0.5
"""The choice for all labels may take twice the time of the peer's curves."""
MOST_S = 1.0


def main() -> bool:
    """Print one line for each objective; return whether every target is met."""
    from sklearn.metrics import precision_recall_curve

    scores, truth = problem()
    curves = label_curves(LABELS, scores, truth)
    objectives = [Objective(entry.kind, entry.example_value) for entry in MENU]
    peer_s, *own = best_times(
        lambda: [
            precision_recall_curve(truth[:, column], scores[:, column])
            for column in range(len(LABELS))
        ],
        *(lambda wanted=wanted: choose_all(curves, wanted) for wanted in objectives),
    )
    print(f"{'':<44} {'scikit-learn':>12} {'here':>12} {'ratio':>9}")
    met = True
    for wanted, own_s in zip(objectives, own, strict=True):
        found = choose_all(curves, wanted)
        met &= report(f"choice by {wanted.name}", peer_s, own_s, TARGET) and own_s < MOST_S
        counts = [choice.counts for choice in found.values()]
        figures = (macro_f1(counts).low, micro_f1(counts).low)
        is_proven = not any("proven to be within" in choice.note for choice in found.values())
        met &= is_proven
        print(
            f"{'':<44} macro F1 {figures[0]:.4f}, micro F1 {figures[1]:.4f}, "
            f"mean {np.mean(figures):.4f}{'' if is_proven else ' NOT PROVEN'}"
        )
    return met


if __name__ == "__main__":
    raise SystemExit(0 if main() else 1)
