"""Compare two runs on the same documents."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec
import numpy as np

from core.progress import UNWATCHED, Watch
from core.text import plural, printable
from core.tuning.paired import (
    Comparison,
    Difference,
    Pair,
    PairedDifference,
    f1s,
    family_level,
    matched,
    pair_up,
    precisions,
    recalls,
)
from core.tuning.part import Decisions, Part
from core.tuning.ranking import Rankings, rank_runs, ranking_difference

_RANKING = 1
"""Rankings are drawn from a stream of their own."""
_FEW_POSITIVES = 20
"""With fewer, the interval of a label is rough."""
_SAME_RANKING = 0.01
"""Difference of average precision below which the ranking is called unchanged."""


def compare_runs(  # noqa: PLR0913 - one comparison, named settings
    a: Part,
    thresholds_a: Mapping[str, float],
    b: Part,
    thresholds_b: Mapping[str, float],
    *,
    resamples: int = 2000,
    level: float = 0.95,
    seed: int = 0,
    none_label: str | None = None,
    comparisons: int = 1,
    watch: Watch = UNWATCHED,
) -> Comparison:
    """Compare two runs, each at its own thresholds, on the same documents.

    The thresholds must come from other documents; for cross-fitted ones see `compare_decisions`.

    Args:
        a, b: scores of both runs for the same documents; columns are matched by label name.
        thresholds_a, thresholds_b: of every label.
        resamples: of the bootstrap and of the randomisation test.
        level: at which each average by itself, and the labels together, are wrongly called
            different in at most 1 - `level` of the cases, by each figure.
        seed: the same seed gives the same intervals.
        none_label: left out of the averages without none-label.
        comparisons: pairs of runs compared on these documents at once; intervals widen with it.
        watch: told after each block of resamples.

    Raises:
        InvalidInput: the parts are not the same documents, or a label has no threshold.
        Interrupted: stopped through `watch`.
    """
    return compare_decisions(
        a,
        a.decide(thresholds_a),
        b,
        b.decide(thresholds_b),
        resamples=resamples,
        level=level,
        seed=seed,
        none_label=none_label,
        comparisons=comparisons,
        watch=watch,
    )


def compare_decisions(  # noqa: PLR0913 - one comparison, named settings
    a: Part,
    decisions_a: Decisions,
    b: Part,
    decisions_b: Decisions,
    *,
    resamples: int = 2000,
    level: float = 0.95,
    seed: int = 0,
    none_label: str | None = None,
    comparisons: int = 1,
    watch: Watch = UNWATCHED,
) -> Comparison:
    """As `compare_runs`, on decisions that are already made, such as those of cross-fitting.

    Pairs are kept: a resample draws documents (clusters of copies whole) with the decisions of both
    runs, so what both find equally hard does not widen the interval of the difference.
    """
    b, order = matched(a, b)
    decisions_b = decisions_b.take(columns=order)
    pair = pair_up(
        a.truth,
        decisions_a,
        decisions_b,
        a.clusters,
        resamples,
        np.random.default_rng(seed),
        watch=watch,
    )
    ranking = np.random.default_rng((seed, _RANKING))
    sample = _Sample(a.labels, pair, rank_runs((a, b), resamples, ranking, watch), ranking)
    each = family_level(level, comparisons)
    label_each = family_level(each, len(a.labels))
    labels = [sample.label(column, label_each) for column in range(len(a.labels))]
    return Comparison(
        labels=tuple(labels),
        **sample.averages(none_label, each),
        documents=len(a),
        distinct_documents=pair.n_units,
        part=a.name,
        level=level,
        interval_level=each,
        label_interval_level=label_each,
        comparisons=comparisons,
        resamples=resamples,
        seed=seed,
        notes=tuple(_notes(labels, comparisons, level)),
    )


@dataclass(frozen=True)
class _Sample:
    labels: tuple[str, ...]
    pair: Pair
    rankings: Sequence[Rankings]
    """Of both runs."""
    draws: np.random.Generator

    def label(self, column: int, level: float) -> Difference:
        """The difference of one label."""
        f1, precision, recall = (
            self.pair.label(column, figure, level) for figure in (f1s, precisions, recalls)
        )
        difference = _difference(self.labels[column], self.pair.support([column]), f1)
        a, b = self.rankings
        return msgspec.structs.replace(
            difference,
            precision=precision,
            recall=recall,
            average_precision_a=a.found[column],
            average_precision_b=b.found[column],
            average_precision=ranking_difference(a, b, [column], level, self.draws),
        )

    def averages(self, none_label: str | None, level: float) -> dict[str, Difference]:
        """Macro and micro F1, by the name of their field in `Comparison`."""
        every = list(range(len(self.labels)))
        averages = {
            "macro_f1": self._macro("macro-F1", every, level),
            "micro_f1": self._micro("micro-F1", every, level),
        }
        without = [column for column in every if self.labels[column] != none_label]
        if without and len(without) < len(every):
            suffix = f" without {none_label}"
            averages["macro_f1_without_none"] = self._macro("macro-F1" + suffix, without, level)
            averages["micro_f1_without_none"] = self._micro("micro-F1" + suffix, without, level)
        return averages

    def _macro(self, name: str, columns: list[int], level: float) -> Difference:
        """The mean over the labels that have positives, if any has."""
        a, b = self.rankings
        kept = self.pair.with_positives(columns)
        f1, precision, recall = (
            self.pair.macro(kept, figure, level) for figure in (f1s, precisions, recalls)
        )
        ranking = ranking_difference(a, b, kept, level, self.draws)
        return msgspec.structs.replace(
            _difference(name, self.pair.support(kept), f1),
            precision=precision,
            recall=recall,
            average_precision=ranking,
            average_precision_a=None if ranking is None else ranking.a,
            average_precision_b=None if ranking is None else ranking.b,
        )

    def _micro(self, name: str, columns: list[int], level: float) -> Difference:
        f1, precision, recall = (
            self.pair.micro(columns, figure, level) for figure in (f1s, precisions, recalls)
        )
        found = _difference(name, self.pair.support(columns), f1)
        return msgspec.structs.replace(found, precision=precision, recall=recall)


def _difference(name: str, support: int, f1: PairedDifference) -> Difference:
    return Difference(
        name=name,
        support=support,
        a=f1.a,
        b=f1.b,
        difference=f1.difference,
        interval=f1.interval,
        verdict=f1.verdict,
        a_range=f1.a_range,
        b_range=f1.b_range,
    )


def _notes(labels: Sequence[Difference], comparisons: int, level: float) -> list[str]:
    notes = [
        f"{plural(comparisons, 'comparison')} of {plural(len(labels), 'label')}: intervals are"
        f" widened so that all of them hold together at {level:.0%}, for F1, average precision,"
        " precision and recall each by itself"
    ]
    few = [label.name for label in labels if label.support < _FEW_POSITIVES]
    if few:
        notes.append(f"fewer than {_FEW_POSITIVES} positives, rough interval: {_names(few)}")
    open_labels = [label.name for label in labels if label.a_range or label.b_range]
    if open_labels:
        notes.append(f"scores were not returned, intervals allow for them: {_names(open_labels)}")
    moved = [label.name for label in labels if _only_moved(label)]
    if moved:
        notes.append(
            "F1 differs while the ranking (average precision) does not: the thresholds or the scale"
            f" of the scores changed, not what the classifier knows: {_names(moved)}"
        )
    if all(not label.difference and label.interval.low == label.interval.high for label in labels):
        is_moved = any(label.average_precision_a != label.average_precision_b for label in labels)
        what = "F1 does not differ, the rankings do" if is_moved else "nothing differs"
        notes.append(f"both make the same decisions in effect: {what}")
    return notes


def _only_moved(label: Difference) -> bool:
    """Whether F1 differs, and average precision neither visibly nor surely."""
    ranking = label.average_precision
    if label.verdict == "cannot tell apart" or ranking is None:
        return False
    return ranking.verdict == "cannot tell apart" and abs(ranking.difference) < _SAME_RANKING


def _names(labels: Sequence[str]) -> str:
    shown = ", ".join(printable(label, 40) for label in labels[:8])
    return shown + (f" and {len(labels) - 8} more" if len(labels) > 8 else "")
