"""Quality and speed of the stratified split, against its peers on the same data in the same run.

Run ``python -m tests.benchmarks.bench_splits``; give ``--small`` for a tenth of the documents.
scikit-multilearn takes minutes at full size, so it is measured once, and only when it is installed.
"""

import argparse
import importlib.util
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.dataset.documents import BoolMatrix
from core.dataset.splits import stratified_split

Parts = npt.NDArray[np.integer]
Splitter = Callable[[BoolMatrix, Sequence[float]], Parts]

_DOCUMENTS = 159_571
_RATIOS: tuple[tuple[str, tuple[float, ...]], ...] = (
    ("80/20", (0.8, 0.2)),
    ("70/10/20", (0.7, 0.1, 0.2)),
    ("10 x 10", (0.1,) * 10),
)
_SPEED_TARGETS = {
    ("Jigsaw", "80/20"): 80,
    ("Jigsaw", "70/10/20"): 80,
    ("Jigsaw", "10 x 10"): 40,
    ("28 labels", "80/20"): 20,
    ("100 labels", "80/20"): 15,
}

# Documents per label set (toxic, severe_toxic, obscene, threat, insult, identity_hate) that add up
# to the published label totals of the Kaggle Toxic Comment training data.
_JIGSAW_LABEL_SETS = """
000000 143346 100000 5538 101010 3747 101000 1899 100010 1271 111010 1013 101011 570 000010 297
001000 292 111011 220 100011 180 101110 154 111000 143 001010 143 100001 130 100100 100 000001 78
111110 71 110000 59 001011 53 101111 47 101001 36 000011 30 110010 27 111111 24 000100 18 110011 9
001100 8 111100 8 000110 8 101100 7 100101 7 110100 7 100110 7 001001 4 111001 4 110001 4 100111 3
111101 3 110110 3 101101 3
""".split()


@dataclass(frozen=True)
class Quality:
    """How far a split is off; deviations are relative."""

    worst: float
    mean: float
    pairs: float
    size_rows: float


def jigsaw(n_documents: int, seed: int = 0) -> BoolMatrix:
    """bool (n_documents, 7): the label sets of the Jigsaw data in random order, none-label last."""
    names, counts = _JIGSAW_LABEL_SETS[::2], [int(count) for count in _JIGSAW_LABEL_SETS[1::2]]
    sets = np.array([[digit == "1" for digit in name] for name in names])
    rows = np.random.default_rng(seed).permutation(np.repeat(np.arange(len(sets)), counts))
    return _with_none_label(sets[rows[:n_documents]])


def correlated(n_documents: int, n_labels: int, own_share: float, seed: int = 0) -> BoolMatrix:
    """bool (n_documents, n_labels): labels of 10 % to 0.08 % that share causes, none-label last.

    `own_share` is how much of a label is its own: more of it makes more distinct label sets.
    """
    rng = np.random.default_rng(seed)
    n_causes = max(3, n_labels // 4)
    causes = rng.normal(size=(n_documents, n_causes)) / np.sqrt(n_causes)
    values = causes @ rng.normal(size=(n_causes, n_labels - 1))
    values += rng.normal(size=values.shape) * own_share
    ranks = np.argsort(np.argsort(-values, axis=0), axis=0)
    return _with_none_label(ranks < np.geomspace(0.1, 0.0008, n_labels - 1) * n_documents)


def _with_none_label(membership: BoolMatrix) -> BoolMatrix:
    return np.column_stack((membership, ~membership.any(axis=1)))


def quality(membership: BoolMatrix, parts: Parts, ratios: Sequence[float]) -> Quality:
    """Measure a split: label, pair and size deviations."""
    shares = np.array(ratios)
    rows = [membership[parts == part].astype(np.float32) for part in range(len(ratios))]
    labels = _deviations(np.stack([part.sum(axis=0) for part in rows], axis=1), shares)
    upper = np.triu_indices(membership.shape[1], 1)
    together = np.stack([(part.T @ part)[upper] for part in rows], axis=1)
    pairs = _deviations(together[together.sum(axis=1) > 0], shares)
    sizes = np.array([len(part) for part in rows])
    off = float(np.abs(sizes - len(membership) * shares).max())
    return Quality(float(labels.max()), float(labels.mean()), float(pairs.mean()), off)


def _deviations(
    counts: npt.NDArray[np.floating], shares: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    wanted = counts.sum(axis=1, keepdims=True, dtype=np.float64) * shares
    worst: npt.NDArray[np.float64] = (np.abs(counts - wanted) / wanted).max(axis=1)
    return worst


def bound(support: int, ratios: Sequence[float]) -> float:
    """The least worst relative deviation that whole rows allow for one label, by bisection."""
    wanted = support * np.array(ratios)
    low, high = 0.0, 10.0 + support
    for _ in range(60):
        middle = (low + high) / 2
        least = np.ceil(wanted * (1 - middle) - 1e-9)
        most = np.floor(wanted * (1 + middle) + 1e-9)
        reached = np.all(least <= most) and least.sum() <= support <= most.sum()
        low, high = (low, middle) if reached else (middle, high)
    return high


def ours(membership: BoolMatrix, ratios: Sequence[float]) -> Parts:
    """The split of this package."""
    return stratified_split(membership, ratios, 1)


def iterative_stratification(membership: BoolMatrix, ratios: Sequence[float]) -> Parts:
    """The peer: package iterative-stratification, the algorithm of Sechidis et al. 2011."""
    from iterstrat.ml_stratifiers import IterativeStratification

    parts: Parts = IterativeStratification(membership, np.array(ratios), np.random.RandomState(1))
    return parts


def scikit_multilearn(membership: BoolMatrix, ratios: Sequence[float]) -> Parts:
    """The other peer: package scikit-multilearn, first order."""
    from skmultilearn.model_selection import IterativeStratification

    stratifier = IterativeStratification(
        n_splits=len(ratios), order=1, sample_distribution_per_fold=list(ratios)
    )
    labels = membership.astype(np.int64)
    parts = np.zeros(len(labels), dtype=np.int8)
    for part, (_, rows) in enumerate(stratifier.split(np.zeros((len(labels), 1)), labels)):
        parts[rows] = part
    return parts


def measure(
    splitter: Splitter, membership: BoolMatrix, ratios: Sequence[float], times: int
) -> tuple[Quality, float]:
    """Return the quality and the shortest time in seconds."""
    shortest = float("inf")
    for _ in range(times):
        start = time.perf_counter()
        parts = splitter(membership, ratios)
        shortest = min(shortest, time.perf_counter() - start)
    return quality(membership, parts, ratios), shortest


def _line(name: str, found: Quality, elapsed_s: float, note: str = "") -> str:
    return (
        f"  {name:<24} worst {found.worst:8.5f}  mean {found.mean:8.5f}  pairs {found.pairs:7.4f}"
        f"  size {found.size_rows:6.2f} rows  {elapsed_s:8.4f} s  {note}"
    )


def _verdict(is_met: bool) -> str:
    return "met" if is_met else "MISSED"


def compare(title: str, membership: BoolMatrix, ratios_name: str, ratios: Sequence[float]) -> bool:
    """Print one problem; return whether the targets are met."""
    bounds = [bound(int(support), ratios) for support in membership.sum(axis=0)]
    n_sets = len(np.unique(np.packbits(membership, axis=1), axis=0))
    print(f"{title}, {ratios_name}: {len(membership):,} documents, {n_sets:,} label sets")
    print(f"  {'bound of whole rows':<24} worst {max(bounds):8.5f}  mean {np.mean(bounds):8.5f}")
    mine, elapsed_s = measure(ours, membership, ratios, 5)
    peer, peer_s = measure(iterative_stratification, membership, ratios, 2)
    ratio = peer_s / elapsed_s
    print(_line("comprehend-tuner", mine, elapsed_s))
    print(_line("iterative-stratification", peer, peer_s, f"{ratio:.0f} x our time"))
    is_first = (title, ratios_name) == ("Jigsaw", "80/20")
    if is_first and importlib.util.find_spec("skmultilearn") is not None:
        other, other_s = measure(scikit_multilearn, membership, ratios, 1)
        print(_line("scikit-multilearn", other, other_s, f"{other_s / elapsed_s:.0f} x our time"))
    target = _SPEED_TARGETS.get((title, ratios_name))
    results = {
        "worst at the bound": mine.worst <= max(bounds) + 1e-6,
        "size < 1 row off": mine.size_rows < 1,
        "pairs <= peer": mine.pairs <= peer.pairs,
    }
    if target is not None:
        results[f"speed >= {target} x"] = ratio >= target
    print("  targets: " + "; ".join(f"{name} {_verdict(met)}" for name, met in results.items()))
    return all(results.values())


def main() -> None:
    """Print every problem and a last line on the targets."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--small", action="store_true", help="a tenth of the documents")
    n_documents = _DOCUMENTS // 10 if parser.parse_args().small else _DOCUMENTS
    problems = (
        ("Jigsaw", jigsaw(n_documents)),
        ("28 labels", correlated(n_documents, 28, 1.0)),
        ("100 labels", correlated(n_documents, 100, 0.6)),
    )
    results = [
        compare(title, membership, name, ratios)
        for title, membership in problems
        for name, ratios in _RATIOS
    ]
    print(f"all targets met in {sum(results)} of {len(results)} problems")


if __name__ == "__main__":
    main()
