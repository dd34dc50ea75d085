"""Large populations of scored documents that samples are drawn from."""

import csv
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

_SHARES = (0.003, 0.01, 0.05, 0.1, 0.02)
_DISTANCES = (2.2, 2.0, 2.0, 3.0, 1.0)
_TRAINED_ON = 7_000


@dataclass(frozen=True)
class Population:
    """Scored documents and their truth."""

    name: str
    labels: tuple[str, ...]
    scores: npt.NDArray[np.float32]
    """float32 (n, n_labels), four decimals."""
    truth: npt.NDArray[np.bool_]
    """bool (n, n_labels)."""


def synthetic(n: int = 500_000, seed: int = 1) -> Population:
    """Labels of 0.3 % to 10 % whose scores are calibrated probabilities of a normal signal."""
    generator = np.random.default_rng(seed)
    shares, distances = np.array(_SHARES), np.array(_DISTANCES)
    truth = generator.random((n, len(shares))) < shares
    signal = generator.normal(size=truth.shape) + distances * truth
    log_odds = distances * signal - distances**2 / 2 + np.log(shares / (1 - shares))
    scores = np.round(1 / (1 + np.exp(-log_odds)), 4).astype(np.float32)
    names = tuple(f"{share:.1%} at {far:g}" for share, far in zip(shares, distances, strict=True))
    return Population("synthetic", names, scores, truth)


def real() -> Population | None:
    """The Toxic Comment sample, scored by the offline engine; None when it is not here.

    The engine is trained on 7,000 comments; the population is the other 11,000. The sample is
    looked for where the tests look: COMPREHEND_TUNER_SHARED_DATA, or beside the checkout.
    """
    from core.offline.model import score, train

    beside = Path(__file__).resolve().parents[3] / "shared" / "data"
    folder = Path(os.environ.get("COMPREHEND_TUNER_SHARED_DATA") or beside)
    source = folder / "jigsaw" / "comments.csv"
    if not source.exists():
        return None
    with source.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    names = tuple(name for name in rows[0] if name not in ("id", "comment_text"))
    truth = np.array([[row[name] == "1" for name in names] for row in rows], dtype=np.bool_)
    truth = np.concatenate([truth, ~truth.any(axis=1, keepdims=True)], axis=1)
    order = np.random.default_rng(0).permutation(len(rows))
    fit, others = order[:_TRAINED_ON], order[_TRAINED_ON:]
    labels = (*names, "none")
    model = train(
        [rows[row]["comment_text"] for row in fit.tolist()], truth[fit], labels, "multi-label"
    )
    scores = score(model, [rows[row]["comment_text"] for row in others.tolist()])
    rounded = np.round(scores.astype(np.float64), 4).astype(np.float32)
    return Population("Toxic Comment sample", labels, rounded, truth[others])
