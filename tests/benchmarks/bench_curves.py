"""Curves and one moved threshold against scikit-learn, at 159,571 documents and 7 labels.

Run with ``python -m tests.benchmarks.bench_curves``. Every figure is a ratio of best times measured
in turns in one process.
"""

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from core.tuning.curves import label_curves

N_DOCUMENTS = 159_571
LABELS = ("toxic", "severe_toxic", "obscene", "threat", "insult", "identity_hate", "none")
SHARES = np.array([15_294, 1_595, 8_449, 478, 7_877, 1_405, 143_346]) / N_DOCUMENTS
ROUNDS = 15


def problem(seed: int = 7) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.bool_]]:
    """Scores float32 (n, 7) of full precision and their truth, at the published label shares."""
    generator = np.random.default_rng(seed)
    truth = generator.random((N_DOCUMENTS, len(LABELS))) < SHARES
    log_odds = np.log(SHARES / (1 - SHARES)) - 1.5 + 3 * truth
    scores = 1 / (1 + np.exp(-generator.normal(log_odds, 1.5)))
    return scores.astype(np.float32), truth


def best_times(*runs: Callable[[], Any]) -> list[float]:
    """Shortest time of each run in seconds; the runs take turns, so a busy moment hits all."""
    times: list[list[float]] = [[] for _ in runs]
    for _ in range(ROUNDS):
        for run, found in zip(runs, times, strict=True):
            start = time.perf_counter()
            run()
            found.append(time.perf_counter() - start)
    return [min(found) for found in times]


def report(name: str, peer_s: float, own_s: float, target: float) -> bool:
    """Print one line; return whether the target is met."""
    ratio = peer_s / own_s
    verdict = "ok" if ratio >= target else "BELOW TARGET"
    print(
        f"{name:<44} {peer_s * 1e3:9.2f} ms {own_s * 1e3:9.3f} ms {ratio:8.1f} x"
        f"  target {target:g} x  {verdict}"
    )
    return ratio >= target


def curves_against_sklearn(
    name: str, scores: npt.NDArray[np.float32], truth: npt.NDArray[np.bool_], target: float
) -> bool:
    """All curves; the values must be identical."""
    from sklearn.metrics import precision_recall_curve

    columns = range(len(LABELS))
    peer = [precision_recall_curve(truth[:, column], scores[:, column]) for column in columns]
    own = label_curves(LABELS, scores, truth)
    for (precision, recall, thresholds), curve in zip(peer, own.values(), strict=True):
        assert np.array_equal(curve.values, thresholds)
        assert np.array_equal(curve.precision, precision[:-1])
        assert np.array_equal(curve.recall, recall[:-1])
    peer_s, own_s = best_times(
        lambda: [precision_recall_curve(truth[:, column], scores[:, column]) for column in columns],
        lambda: label_curves(LABELS, scores, truth),
    )
    return report(name, peer_s, own_s, target)


def moved_threshold(scores: npt.NDArray[np.float32], truth: npt.NDArray[np.bool_]) -> bool:
    """All figures of all labels after one threshold moved."""
    from sklearn.metrics import precision_recall_fscore_support

    curves = label_curves(LABELS, scores, truth)
    limits = np.full(len(LABELS), 0.5, dtype=np.float32)

    def figures() -> list[tuple[float, float, float]]:
        counts = [curve.at(0.5) for curve in curves.values()]
        return [(found.precision, found.recall, found.f1) for found in counts]

    expected = precision_recall_fscore_support(truth, scores >= limits, zero_division=0)
    assert np.allclose(np.array(figures()).T, expected[:3])
    peer_s, own_s = best_times(
        lambda: precision_recall_fscore_support(truth, scores >= limits, zero_division=0), figures
    )
    met = report("figures at one moved threshold, 7 labels", peer_s, own_s, 50)
    print(f"{'':<44} {own_s * 1e3:.3f} ms, target < 5 ms")
    return met and own_s < 0.005


def main() -> bool:
    """Run all; return whether every target is met."""
    scores, truth = problem()
    rounded = np.round(scores.astype(np.float64), 4).astype(np.float32)
    print(f"{'':<44} {'scikit-learn':>12} {'here':>12} {'ratio':>9}")
    return all(
        [
            curves_against_sklearn("curves of 7 labels, full precision", scores, truth, 2.5),
            curves_against_sklearn("curves of 7 labels, 4 decimals", rounded, truth, 15),
            moved_threshold(rounded, truth),
        ]
    )


if __name__ == "__main__":
    raise SystemExit(0 if main() else 1)
