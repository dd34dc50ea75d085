"""Suspected label errors against cleanlab's on the same scores: planted flips among the first 100.

Run with ``python -m tests.benchmarks.bench_suspects``. 2 % of the labels of held-out documents are
flipped; a second table hides one positive in five instead, which is how people err more often.
Precision of the first 100 suspects of every label and of all labels together, mean of five seeds.
"""

import importlib.util
import warnings
from time import perf_counter

import numpy as np
import numpy.typing as npt

from core.tuning.review import label_suspects
from tests.benchmarks.populations import Population, real, synthetic

_SEEDS = 5
_FIRST = 100
_WORST = 0.02
"""Precision that ours may lie below cleanlab's."""
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


def ours(scores: npt.NDArray[np.float32], truth: Bools) -> Floats:
    """Self-confidence, infinite for those that are not suspected; lowest first."""
    quality = np.full(len(scores), np.inf)
    found = label_suspects(scores, truth)
    quality[found.rows] = found.confidence[found.rows]
    return quality


def cleanlab_ranking(scores: npt.NDArray[np.float32], truth: Bools) -> Floats:
    """cleanlab's label quality where it finds an issue, else infinite; lowest first."""
    find_label_issues = importlib.import_module("cleanlab.filter").find_label_issues
    get_label_quality_scores = importlib.import_module("cleanlab.rank").get_label_quality_scores
    pairs = np.column_stack([1 - scores, scores]).astype(np.float64)
    labels = truth.astype(np.int64)
    is_issue = find_label_issues(labels, pairs, n_jobs=1)
    return np.where(is_issue, get_label_quality_scores(labels, pairs), np.inf)


def has_cleanlab() -> bool:
    """Whether the peer is installed."""
    return importlib.util.find_spec("cleanlab") is not None


def precision(quality: Floats, wrong: Bools) -> list[float]:
    """Share of planted errors among the first suspects: of all labels, then of each."""
    columns = [(quality.ravel(), wrong.ravel())]
    columns += [(quality[:, column], wrong[:, column]) for column in range(wrong.shape[1])]
    shares = []
    for values, planted in columns:
        first = np.argsort(values, kind="stable")[:_FIRST]
        first = first[np.isfinite(values[first])]
        shares.append(float(planted[first].mean()) if len(first) else 0.0)
    return shares


def planted(population: Population, how: str, seed: int) -> Bools:
    """Which labels are made wrong."""
    drawn = np.random.default_rng(seed).random(population.truth.shape)
    if how == "2 % flipped":
        return np.asarray(drawn < 0.02)
    return np.asarray(population.truth & (drawn < 0.2))


def main() -> bool:
    """Print precision and time, ours beside cleanlab's; return whether ours keeps up."""
    rankings = {"ours": ours}
    if has_cleanlab():
        rankings["cleanlab"] = cleanlab_ranking
    else:
        print("cleanlab is not installed: its rows are left out (pip install cleanlab)")
    warnings.filterwarnings("ignore", "May not flag all label issues")
    met = True
    for population in filter(None, (real(), synthetic(20_000))):
        for how in ("2 % flipped", "1 in 5 positives hidden"):
            print(f"\n{population.name}, {len(population.truth):,} documents, {how}")
            print(f"{'':<10}" + "".join(f"{n[:12]:>14}" for n in ("all", *population.labels)))
            means: dict[str, float] = {}
            for name, rank in rankings.items():
                shares, spent_s = [], 0.0
                for seed in range(_SEEDS):
                    wrong = planted(population, how, seed)
                    given = population.truth ^ wrong
                    started = perf_counter()
                    columns = range(given.shape[1])
                    quality = [rank(population.scores[:, c], given[:, c]) for c in columns]
                    spent_s += perf_counter() - started
                    shares.append(precision(np.column_stack(quality), wrong))
                mean = np.mean(shares, axis=0)
                means[name] = float(mean[0])
                print(
                    f"{name:<10}"
                    + "".join(f"{share:>14.2f}" for share in mean.tolist())
                    + f"   {1000 * spent_s / _SEEDS:.0f} ms"
                )
            met &= means["ours"] >= means.get("cleanlab", 0.0) - _WORST
    return met


if __name__ == "__main__":
    raise SystemExit(0 if main() else 1)
