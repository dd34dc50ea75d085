"""Compare two runs on the same documents."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec
import numpy as np

from core.errors import InvalidInput
from core.progress import CancelToken, Reporter, silent
from core.text import plural, printable
from core.tuning.comparison.decisions import Decisions, decide
from core.tuning.comparison.differences import (
    Comparison,
    Difference,
    F1s,
    difference_of,
    f1s,
    family_level,
)
from core.tuning.comparison.resampling import (
    POSITIVES,
    Floats,
    count_units,
    exchanged_counts,
    resampled_counts,
)
from core.tuning.parts import PartArrays

_FEW_POSITIVES = 20
"""With fewer, the interval of a label is rough."""
_SAME_RANKING = 0.01
"""Difference of average precision below which the ranking is called unchanged."""


def compare_runs(  # noqa: PLR0913 - one comparison, named settings
    a: PartArrays,
    thresholds_a: Mapping[str, float],
    b: PartArrays,
    thresholds_b: Mapping[str, float],
    *,
    resamples: int = 2000,
    level: float = 0.95,
    seed: int = 0,
    none_label: str | None = None,
    comparisons: int = 1,
    reporter: Reporter = silent,
    cancel: CancelToken | None = None,
) -> Comparison:
    """Compare two runs, each at its own thresholds, on the same documents.

    The thresholds must come from other documents; for cross-fitted ones see `compare_decisions`.

    Args:
        a, b: scores of both runs for the same documents; columns are matched by label name.
        thresholds_a, thresholds_b: of every label.
        resamples: of the bootstrap and of the randomisation test.
        level: at which the averages, and the labels together, are wrongly called different in at
            most 1 - `level` of the cases.
        seed: the same seed gives the same intervals.
        none_label: left out of the averages without none-label.
        comparisons: pairs of runs compared on these documents at once; intervals widen with it.
        reporter: told after each block of resamples.
        cancel: looked at as often.

    Raises:
        InvalidInput: the parts are not the same documents, or a label has no threshold.
        Interrupted: stopped through `cancel`.
    """
    return compare_decisions(
        a, decide(a, thresholds_a), b, decide(b, thresholds_b), resamples=resamples, level=level,
        seed=seed, none_label=none_label, comparisons=comparisons, reporter=reporter,
        cancel=cancel,
    )  # fmt: skip


def compare_decisions(  # noqa: PLR0913 - one comparison, named settings
    a: PartArrays,
    decisions_a: Decisions,
    b: PartArrays,
    decisions_b: Decisions,
    *,
    resamples: int = 2000,
    level: float = 0.95,
    seed: int = 0,
    none_label: str | None = None,
    comparisons: int = 1,
    reporter: Reporter = silent,
    cancel: CancelToken | None = None,
) -> Comparison:
    """As `compare_runs`, on decisions that are already made, such as those of cross-fitting.

    Pairs are kept: a resample draws documents (clusters of copies whole) with the decisions of both
    runs, so what both find equally hard does not widen the interval of the difference.
    """
    order = _same_documents(a, b)
    decisions_b = Decisions(decisions_b.flags[:, order], decisions_b.may_flag[:, order])
    units = count_units(a.truth, decisions_a, decisions_b, a.clusters)
    draws = np.random.default_rng(seed)
    sample = _Sample(
        a.labels,
        units.totals(),
        resampled_counts(units, resamples, draws, reporter, cancel),
        exchanged_counts(units, resamples, draws, cancel),
    )
    each = family_level(level, comparisons)
    label_each = family_level(each, len(a.labels))
    labels = _with_ranking(sample.by_label(label_each), a, b, order)
    return Comparison(
        labels=tuple(labels), **sample.averages(none_label, each), documents=len(a),
        distinct_documents=units.n_units, part=a.name, level=level, interval_level=each,
        label_interval_level=label_each, comparisons=comparisons, resamples=resamples, seed=seed,
        notes=tuple(_notes(labels, comparisons, level)),
    )  # fmt: skip


@dataclass(frozen=True)
class _Sample:
    labels: tuple[str, ...]
    found: Floats
    """float64 (n_labels, 9): counts of all documents."""
    drawn: Floats
    """float64 (resamples, n_labels, 9): of resampled documents."""
    exchanged: Floats
    """float64 (resamples, n_labels, 9): of exchanged runs."""

    def by_label(self, level: float) -> list[Difference]:
        """The difference of every label."""
        return [
            difference_of(label, int(self.found[column, POSITIVES]), self._f1s(column), level)
            for column, label in enumerate(self.labels)
        ]

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
        kept = [column for column in columns if self.found[column, POSITIVES]] or columns
        found, drawn, exchanged = (
            f1s(counts).mean(kept) for counts in (self.found, self.drawn, self.exchanged)
        )
        support = int(self.found[kept, POSITIVES].sum())
        return difference_of(name, support, (found, drawn, exchanged), level)

    def _micro(self, name: str, columns: list[int], level: float) -> Difference:
        found, drawn, exchanged = (
            f1s(counts[..., columns, :].sum(axis=-2))
            for counts in (self.found, self.drawn, self.exchanged)
        )
        support = int(self.found[columns, POSITIVES].sum())
        return difference_of(name, support, (found, drawn, exchanged), level)

    def _f1s(self, column: int) -> tuple[F1s, F1s, F1s]:
        found, drawn, exchanged = (
            f1s(counts[..., column, :]) for counts in (self.found, self.drawn, self.exchanged)
        )
        return found, drawn, exchanged


def _same_documents(a: PartArrays, b: PartArrays) -> list[int]:
    """Columns of b in the order of a's labels, once both are known to be the same documents."""
    if a.name != b.name or len(a) != len(b):
        raise InvalidInput(
            "Different documents",
            f"{plural(len(a), 'document')} of {printable(a.name)} against "
            f"{plural(len(b), 'document')} of {printable(b.name)}",
            "compare runs of the same split on the same part",
        )
    if set(a.labels) != set(b.labels):
        other = sorted(set(a.labels) ^ set(b.labels))
        raise InvalidInput(
            "Different labels",
            f"only one of both has {', '.join(printable(label, 40) for label in other[:5])}",
            "compare runs of the same dataset revision",
        )
    order = [b.labels.index(label) for label in a.labels]
    same_clusters = (a.clusters is None) == (b.clusters is None) and (
        a.clusters is None or np.array_equal(a.clusters, b.clusters)  # type: ignore[arg-type]
    )
    if not np.array_equal(a.truth, b.truth[:, order]) or not same_clusters:
        raise InvalidInput(
            "Different documents",
            f"the true labels of {printable(a.name)} differ between both",
            "compare runs of the same split on the same part",
        )
    return order


def _with_ranking(
    labels: Sequence[Difference], a: PartArrays, b: PartArrays, order: list[int]
) -> list[Difference]:
    curves_a, curves_b = a.curves(), b.curves()
    return [
        msgspec.structs.replace(
            label,
            average_precision_a=None if np.isnan(a.scores[:, column]).any()
            else curves_a[label.name].average_precision,
            average_precision_b=None if np.isnan(b.scores[:, order[column]]).any()
            else curves_b[label.name].average_precision,
        )
        for column, label in enumerate(labels)
    ]  # fmt: skip


def _notes(labels: Sequence[Difference], comparisons: int, level: float) -> list[str]:
    notes = [
        f"{plural(comparisons, 'comparison')} of {plural(len(labels), 'label')}: intervals are"
        f" widened so that all of them hold together at {level:.0%}"
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
        notes.append("both make the same decisions in effect: nothing differs")
    return notes


def _only_moved(label: Difference) -> bool:
    a, b = label.average_precision_a, label.average_precision_b
    if label.verdict == "cannot tell apart" or a is None or b is None:
        return False
    return abs(b - a) < _SAME_RANKING


def _names(labels: Sequence[str]) -> str:
    shown = ", ".join(printable(label, 40) for label in labels[:8])
    return shown + (f" and {len(labels) - 8} more" if len(labels) > 8 else "")
