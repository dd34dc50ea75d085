"""How far a tuned threshold can be trusted: cross-fitting.

A threshold measured on the rows it was chosen on looks better than it is. Cross-fitting chooses it
on all folds but one and counts its decisions on that one; the counts of all folds are pooled before
any F1 is computed, because the mean of fold F1 scores is biased (Forman & Scholz 2010). The scores
are those of the one deployed classifier throughout, so the thresholds are on its scale.
"""

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.errors import InvalidInput
from core.tuning.curves import BoolArray, Counts, Curve, column_of, label_curves
from core.tuning.decimals import FloatArray, reached
from core.tuning.evaluation import Evaluation, pool, summarise
from core.tuning.objectives import Choice, choose


@dataclass(frozen=True)
class CrossFit:
    """Thresholds chosen on all rows, with figures of rows that played no part in the choosing."""

    choices: dict[str, Choice]
    """Per label, chosen on all rows: the thresholds to deploy. Their own counts are optimistic."""
    counts: dict[str, Counts]
    """Per label, pooled over the held-out folds, under the threshold to deploy."""
    fold_thresholds: dict[str, tuple[float, ...]]
    """Per label, the threshold chosen without each fold; their spread shows how settled it is."""
    folds: npt.NDArray[np.int8]
    """int8 (n_documents,): the fold of each document."""
    curves: dict[str, Curve]
    """Per label, of all rows."""
    flags: BoolArray
    """bool (n_documents, n_labels): the held-out decisions."""
    truth: BoolArray
    """bool (n_documents, n_labels): the true labels."""

    @property
    def macro_f1(self) -> float:
        """Mean label F1 of the whole procedure, on held-out folds; labels with positives only."""
        f1s = [counts.f1 for counts in self.counts.values() if counts.positives]
        return sum(f1s) / len(f1s) if f1s else 0.0

    @property
    def micro_f1(self) -> float:
        """F1 of the pooled counts of the whole procedure, on held-out folds."""
        return pool(list(self.counts.values())).f1

    def evaluation(self, measured_on: str, none_label: str | None) -> Evaluation:
        """All figures of the held-out decisions, under the thresholds to deploy.

        Args:
            measured_on: how to call the rows, such as "test, cross-fitted".
            none_label: left out of the averages without none-label.
        """
        counts = list(self.counts.values())
        return summarise(
            self.curves, counts, self.flags, self.truth,
            measured_on=measured_on, none_label=none_label,
        )  # fmt: skip


def cross_fit(
    labels: Sequence[str],
    scores: FloatArray,
    truth: BoolArray,
    ceilings: FloatArray | None = None,
    n_folds: int = 5,
    seed: int = 0,
    objective: str | Callable[[Curve], Choice] = "max_f1",
    clusters: npt.NDArray[np.int32] | None = None,
) -> CrossFit:
    """Choose thresholds and measure the choosing out of sample, on the same documents.

    For a multi-class classifier pass `evaluation.multiclass_scores` of the scores, and an objective
    whose default is 0. With clusters a threshold never meets a copy of a document it was chosen on.

    Args:
        labels: names of the columns.
        scores: (n_documents, n_labels), NaN for unknown.
        truth: bool (n_documents, n_labels).
        ceilings: highest values of unknown scores, (n_documents,) or (n_documents, n_labels).
        n_folds: between 2 and the number of documents.
        seed: the same seed gives the same folds.
        objective: a name in `objectives.OBJECTIVES`, or a function that chooses on a curve.
        clusters: int32 (n_documents,); documents of one cluster (copies, a group) share a fold.

    Raises:
        InvalidInput: fewer documents or clusters than folds, or no such objective.
    """
    take = objective if callable(objective) else functools.partial(choose, objective=objective)
    folds = stratified_folds(truth, n_folds, seed, clusters)
    curves = label_curves(labels, scores, truth, ceilings)
    choices = {label: take(curve) for label, curve in curves.items()}
    flags, held_out = _held_out(take, list(labels), scores, truth, ceilings, folds)
    counts = {label: pool(held_out[label], choices[label].threshold) for label in labels}
    return CrossFit(
        choices=choices, counts=counts, folds=folds, curves=curves, flags=flags, truth=truth,
        fold_thresholds={
            label: tuple(found.threshold for found in held_out[label]) for label in labels
        },
    )  # fmt: skip


def _held_out(
    take: Callable[[Curve], Choice], labels: list[str], scores: FloatArray, truth: BoolArray,
    ceilings: FloatArray | None, folds: npt.NDArray[np.int8],
) -> tuple[BoolArray, dict[str, list[Counts]]]:  # fmt: skip
    """Decisions on every row by a threshold chosen without its fold, and their counts per fold."""
    flags = np.zeros(truth.shape, dtype=np.bool_)
    counts: dict[str, list[Counts]] = {label: [] for label in labels}
    for fold in range(int(folds.max()) + 1):
        inside = folds == fold
        known = None if ceilings is None else ceilings[~inside]
        others = label_curves(labels, scores[~inside], truth[~inside], known)
        for column, label in enumerate(labels):
            threshold = take(others[label]).threshold
            held = scores[inside, column]
            flags[inside, column] = reached(held, threshold)
            highest = column_of(ceilings, column)
            counts[label].append(
                _count(threshold, flags[inside, column], held, truth[inside, column],
                       None if highest is None else highest[inside])
            )  # fmt: skip
    return flags, counts


def _count(
    threshold: float, flags: BoolArray, scores: FloatArray, truth: BoolArray,
    ceilings: FloatArray | None,
) -> Counts:  # fmt: skip
    may_reach = np.isnan(scores)
    if ceilings is not None:
        may_reach &= reached(ceilings, threshold)
    return Counts(
        threshold,
        *(
            int(np.count_nonzero(rows))
            for rows in (
                flags & truth, flags & ~truth, ~flags & truth, ~flags & ~truth,
                may_reach & truth, may_reach & ~truth,
            )
        ),
    )  # fmt: skip


def stratified_folds(
    truth: BoolArray, n_folds: int, seed: int, clusters: npt.NDArray[np.int32] | None = None
) -> npt.NDArray[np.int8]:
    """int8 (n_documents,): a fold for each document, every label spread evenly, clusters kept
    whole.

    Documents (or clusters) are ordered by their label set with the rarest label as the most
    significant bit, at random within a set, and dealt in turn: neighbours share rare labels, so
    every label is dealt out almost evenly, the rarest exactly.

    Raises:
        InvalidInput: fewer documents or clusters than folds.
    """
    unit_of = np.arange(len(truth))
    if clusters is not None:
        unit_of = np.unique(clusters, return_inverse=True)[1]
    n_units = int(unit_of.max()) + 1 if len(unit_of) else 0
    if not 2 <= n_folds <= min(n_units, np.iinfo(np.int8).max):
        raise InvalidInput(
            "Too few documents to cross-fit",
            f"{n_units} distinct documents cannot make {n_folds} folds",
            "use more documents or fewer folds, at least 2",
        )
    holds = np.zeros((n_units, truth.shape[1]), dtype=np.bool_)
    np.logical_or.at(holds, unit_of, truth)
    rarest_first = np.argsort(truth.sum(axis=0), kind="stable")
    generator = np.random.default_rng(seed)
    # The last key of lexsort is the most significant one.
    keys = [generator.random(n_units), *(holds[:, column] for column in rarest_first[::-1])]
    order = np.lexsort(keys)
    fold_of_unit = np.empty(n_units, dtype=np.int8)
    fold_of_unit[order] = (np.arange(n_units) + generator.integers(n_folds)) % n_folds
    return fold_of_unit[unit_of]
