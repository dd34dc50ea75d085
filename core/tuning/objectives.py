"""What can be tuned for: the objectives, their written form and the menu of them."""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

import msgspec
import numpy as np
import numpy.typing as npt

from core.errors import InvalidInput
from core.text import printable
from core.tuning.curves import Counts, Curve
from core.tuning.intervals import Cells, f1_of

_DECIMALS = 4
_NUMBER = re.compile(r"\d+\.?\d*|\.\d+", re.ASCII)


# What there is to tune for: one row each.


Worth = npt.NDArray[np.float64]
Target = Literal["precision", "recall", "flags"]
"""What is to be reached: a precision, a recall, or a number flagged per 1,000 documents."""


@dataclass(frozen=True)
class ResampledTally:
    """Resampled counts of one label, at one set of thresholds; see `intervals.tallies`."""

    hits: Cells
    """float64 (resamples,): documents with the label that are flagged."""
    flagged: Cells
    positives: Cells
    pooled: tuple[float, float, float]
    """Hits, flagged and positives over all labels at the tuned thresholds, not resampled."""
    n_labels: int


@dataclass(frozen=True)
class MenuEntry:
    """One kind of objective: how a menu offers it, and all that there is to know of it."""

    kind: str
    title: str
    purpose: str
    """What is taken, in a sentence."""
    value_name: str = ""
    """What the value is; empty when the objective takes none."""
    example_value: float | None = None
    """A sensible value to start from."""
    lowest: float = 0.0
    """The lowest value allowed."""
    highest: float = 0.0
    """The highest value allowed."""
    worth: Callable[[Curve, Fraction], Worth] | None = None
    """float64 (k,) of every point of a curve at a value: higher is better, -inf where a target is
    missed, unknown scores at their worst. Quotients of whole numbers, so that equal worths are
    equal numbers. None for a joint objective, which `joint.choose_all` solves."""
    resampled: Callable[[ResampledTally, float], Cells] | None = None
    """float64 (resamples,): the worth on resampled counts, whose difference from the default's says
    which is better; None for a target, which is missed or not."""
    needs_no_scores: Callable[[Curve, Fraction, int], str] | None = None
    """Why the best point, given by its index, is no better than what needs no scores, such as
    giving the label to every document; empty when it is better."""
    target: Target | None = None
    """What the value is to be reached in, where the objective is a target."""

    @property
    def is_joint(self) -> bool:
        """Whether it weighs all labels together."""
        return self.worth is None


def at_most_flagged(curve: Curve) -> npt.NDArray[np.int64]:
    """int64 (k,): TP + FP, with every negative of unknown score flagged that may be."""
    return curve.tp + curve.fp + curve.unknown_negatives


def _flagged_per_1000(curve: Curve) -> Worth:
    """float64 (k,): with every document of unknown score flagged that may be."""
    flagged = at_most_flagged(curve) + curve.unknown_positives
    return flagged * 1000 / (curve.positives + curve.negatives)


def _precision(curve: Curve) -> Worth:
    return curve.tp / at_most_flagged(curve)


def _f_beta(curve: Curve, beta: Fraction) -> Worth:
    """(1 + b²) TP / (TP + FP + b² P) with P positives (van Rijsbergen 1979, chapter 7)."""
    top, bottom = (beta * beta).as_integer_ratio()
    return (top + bottom) * curve.tp / (bottom * at_most_flagged(curve) + top * curve.positives)


def _saved(curve: Curve, ratio: Fraction) -> Worth:
    missed, wrong = curve.positives - curve.tp, at_most_flagged(curve) - curve.tp
    return -(ratio.numerator * missed + ratio.denominator * wrong).astype(np.float64)


def _f_beta_resampled(tally: ResampledTally, beta: float) -> Cells:
    """F1 with the positives weighed by beta squared."""
    whole = tally.flagged + beta**2 * tally.positives
    gained: Cells = (1 + beta**2) * tally.hits / np.where(whole > 0, whole, 1)
    return gained


def _saved_resampled(tally: ResampledTally, ratio: float) -> Cells:
    saved: Cells = (1 + ratio) * tally.hits - tally.flagged - ratio * tally.positives
    return saved


def _share_of_micro(tally: ResampledTally) -> Cells:
    """What the label adds to micro-F1, to first order, with the other labels as they are.

    Micro-F1 is N / D with N = 2TP and D = flagged + positives, each summed over labels; a label
    that changes them by dN and dD changes it by (dN - F dD) / D (Dinkelbach 1967).
    """
    hits, flagged, positives = tally.pooled
    whole = flagged + positives
    micro = 2 * hits / whole if whole else 0.0
    own = 2 * tally.hits - micro * (tally.flagged + tally.positives)
    share: Cells = own / max(whole, 1.0)
    return share


def _f1_resampled(tally: ResampledTally) -> Cells:
    return f1_of(tally.hits, tally.flagged, tally.positives)


def _f_of_every_document(curve: Curve, beta: Fraction, index: int) -> str:
    """F1 of all documents is 2p / (1 + p) at a share p of positives (Lipton et al. 2014)."""
    top, bottom = (beta * beta).as_integer_ratio()
    pooled = (top + bottom) * curve.positives
    everything = pooled / (pooled + bottom * curve.negatives)
    if float(_f_beta(curve, beta)[index]) > everything:
        return ""
    figure = f"F{float(beta):g} {everything:.2f}"
    return f"no threshold beats giving the label to every document ({figure})"


def _cost_of_all_or_none(curve: Curve, ratio: Fraction, index: int) -> str:
    none, everything = ratio.numerator * curve.positives, ratio.denominator * curve.negatives
    if -float(_saved(curve, ratio)[index]) < min(none, everything):
        return ""
    which = "no document" if none <= everything else "every document"
    return f"no threshold costs less than giving the label to {which}"


def _documents_at_random(curve: Curve, value: Fraction, index: int) -> str:
    flagged, documents = int(at_most_flagged(curve)[index]), curve.positives + curve.negatives
    if int(curve.tp[index]) * documents > curve.positives * flagged:
        return ""
    share = curve.positives / documents
    return f"what it would flag holds the label no more often than all documents do ({share:.0%})"


MENU: tuple[MenuEntry, ...] = (
    MenuEntry(
        "max_f1",
        "Highest F1",
        "the threshold of highest F1, each label for itself",
        worth=lambda curve, _: curve.f1_low,
        resampled=lambda tally, _: _f1_resampled(tally),
        needs_no_scores=_f_of_every_document,
    ),
    MenuEntry(
        "f_beta",
        "Highest F-beta",
        "as F1, with recall weighing beta times as much as precision",
        "beta",
        2.0,
        0.1,
        10.0,
        worth=_f_beta,
        resampled=_f_beta_resampled,
        needs_no_scores=_f_of_every_document,
    ),
    MenuEntry(
        "precision",
        "Precision at least",
        "the highest recall among thresholds of that precision",
        "precision",
        0.9,
        0.01,
        1.0,
        worth=lambda curve, value: np.where(_precision(curve) >= float(value), curve.tp, -np.inf),
        needs_no_scores=_documents_at_random,
        target="precision",
    ),
    MenuEntry(
        "recall",
        "Recall at least",
        "the highest precision among thresholds of that recall",
        "recall",
        0.8,
        0.01,
        1.0,
        worth=lambda curve, value: np.where(
            curve.recall >= float(value), _precision(curve), -np.inf
        ),
        needs_no_scores=_documents_at_random,
        target="recall",
    ),
    MenuEntry(
        "cost",
        "Least cost",
        "a missed document costs as much as this many wrongly flagged ones",
        "wrongly flagged per missed",
        5.0,
        0.01,
        1000.0,
        worth=_saved,
        resampled=_saved_resampled,
        needs_no_scores=_cost_of_all_or_none,
    ),
    MenuEntry(
        "flags",
        "At most so many flagged",
        "the highest recall with at most so many flagged",
        "flagged per 1,000 documents",
        20.0,
        0.01,
        1000.0,
        worth=lambda curve, value: np.where(
            _flagged_per_1000(curve) <= float(value), curve.tp, -np.inf
        ),
        needs_no_scores=_documents_at_random,
        target="flags",
    ),
    MenuEntry(
        "joint_micro_f1",
        "Highest micro F1",
        "the best F1 of all decisions pooled, over all labels together",
        resampled=lambda tally, _: _share_of_micro(tally),
    ),
    MenuEntry(
        "joint_micro_macro_f1",
        "Highest micro and macro F1",
        "the best mean of micro F1 and macro F1, over all labels together",
        resampled=lambda tally, _: _share_of_micro(tally) + _f1_resampled(tally) / tally.n_labels,
    ),
)
"""All objectives, in the order of a menu. A row is all that an objective needs: a new one is a row
here and its test."""

_ENTRIES = {entry.kind: entry for entry in MENU}


class Objective(msgspec.Struct, frozen=True):
    """What to tune for.

    Raises:
        InvalidInput: no such kind, or a value that the kind does not take.
    """

    kind: str
    """One of `MENU`."""
    value: float | None = None
    """Beta, the precision or recall to reach, the cost ratio, or the number flagged per 1,000."""

    def __post_init__(self) -> None:
        """Refuse what cannot be tuned for."""
        _check(self.kind, self.value, self.kind)

    @property
    def name(self) -> str:
        """The written form, which `parse_objective` reads back: "max_f1", "precision:0.9"."""
        return _written(self.kind, self.value)

    @property
    def is_joint(self) -> bool:
        """Whether it weighs all labels together."""
        return self.entry.is_joint

    @property
    def entry(self) -> MenuEntry:
        """Its row of `MENU`."""
        return _ENTRIES[self.kind]

    @property
    def ratio(self) -> Fraction:
        """The value, exactly as it is written; 1 when there is none."""
        scale: int = 10**_DECIMALS
        return Fraction(1 if self.value is None else round(self.value * scale)) / (
            1 if self.value is None else scale
        )


def parse_objective(text: str) -> Objective:
    """Read the written form of an objective, such as "max_f1" or "precision:0.9".

    Raises:
        InvalidInput: no such objective; the hint names the forms.
    """
    kind, colon, number = text.strip().partition(":")
    kind, number = kind.strip().lower(), number.strip()
    value = float(number) if _NUMBER.fullmatch(number) else None
    if kind in _ENTRIES and colon and value is None:
        raise _refusal(text, "the part after the colon is not a plain number")
    _check(kind, value, text)
    return Objective(kind, value)


def as_objective(objective: str | Objective) -> Objective:
    """The objective itself, read when it is text."""
    return parse_objective(objective) if isinstance(objective, str) else objective


def _check(kind: str, value: float | None, text: str) -> None:
    entry = _ENTRIES.get(kind)
    if entry is None:
        raise _refusal(text, "")
    if not entry.value_name:
        if value is not None:
            raise _refusal(text, "it takes no value")
        return
    bounds = f"{_plain(entry.lowest)} and {_plain(entry.highest)}"
    if value is None:
        raise _refusal(text, f"it needs a value ({entry.value_name}) between {bounds}")
    if not entry.lowest <= value <= entry.highest or round(value, _DECIMALS) != value:
        raise _refusal(
            text,
            f"the value ({entry.value_name}) must be between {bounds}, "
            f"with at most {_DECIMALS} decimals",
        )


def _refusal(text: str, reason: str) -> InvalidInput:
    shown = printable(text, 60) or "(nothing)"
    return InvalidInput(
        "No such objective", f"{shown}: {reason}" if reason else shown, f"write one of {FORMS}"
    )


def _written(kind: str, value: float | None) -> str:
    return kind if value is None else f"{kind}:{_plain(value)}"


def _plain(value: float) -> str:
    return f"{value:.{_DECIMALS}f}".rstrip("0").rstrip(".")


FORMS = ", ".join(_written(entry.kind, entry.example_value) for entry in MENU)
"""An example of every objective in its written form, for help and errors."""


# A threshold chosen on a curve, and the remarks that go with it.


LabelStatus = Literal[
    "tuned", "no positives", "no negatives", "not returned", "uninformative", "infeasible"
]

LEAST_RETURNED_SHARE = 0.5
"""A label with a smaller share of its positives returned is not tuned."""
_MANY_FLAGGED = 0.5
"""Share of all documents; a threshold that flags more, and twice the positives, is remarked on."""


@dataclass(frozen=True)
class Choice:
    """A threshold chosen on a curve, and what it does there."""

    label: str
    threshold: float
    status: LabelStatus
    """Whether the threshold was tuned, or why the default was kept."""
    objective: str
    """Name of the objective; "default" when the default was kept."""
    counts: Counts
    """At the threshold, on the rows it was chosen on: optimistic for a tuned threshold."""
    plateau: tuple[float, float]
    """Lowest and highest of the neighbouring curve points that are worth the same; for a joint
    objective with the other labels left where they are."""
    note: str = ""
    """A sentence for the user on what is special; empty when nothing is."""


def tuned(
    curve: Curve, objective: str, worth: npt.NDArray[np.float64], index: int, remark: str = ""
) -> Choice:
    """The choice of one point.

    Args:
        curve: the whole curve.
        objective: its name.
        worth: float64 (k,) of every point; the point is among the best.
        index: the point.
        remark: said first in the note; empty for nothing.
    """
    threshold = curve.threshold_at(index)
    counts = curve.at(threshold)
    lower = np.flatnonzero(worth[:index] != worth[index])
    first = int(lower[-1]) + 1 if len(lower) else 0
    notes = [remark] if remark else []
    elsewhere = int(np.count_nonzero(worth == worth[index])) - (index - first + 1)
    if elsewhere:
        notes.append(f"{elsewhere} lower threshold(s) are as good; the highest is taken")
    documents = curve.positives + curve.negatives
    if counts.flagged > max(_MANY_FLAGGED * documents, 2 * curve.positives):
        notes.append(f"flags {counts.flagged / documents:.0%} of all documents")
    return Choice(
        curve.label,
        threshold,
        "tuned",
        objective,
        counts,
        (curve.threshold_at(first), threshold),
        "; ".join(notes),
    )


def keep_default(curve: Curve, default: float, status: LabelStatus, note: str) -> Choice:
    """The default, because the label cannot be tuned."""
    note = f"{note}; the default is kept"
    return Choice(
        curve.label, default, status, "default", curve.at(default), (default, default), note
    )


# The threshold of one label by itself.


FEW_FLAGGED = 5
"""A target that is reached with fewer flagged documents is remarked on: chance may reach it."""


def choose(
    curve: Curve,
    objective: str | Objective = "max_f1",
    default: float = 0.5,
    returned_share: float | None = None,
) -> Choice:
    """The threshold that an objective takes on a curve, exact over all distinct scores.

    Among equally good thresholds the highest is taken, which flags the fewest documents. The
    default is kept when the curve cannot tell:

    - no positives, or most positives not returned;
    - "infeasible": no threshold reaches the target for certain; the note says what can be reached;
    - "uninformative": F1 or F-beta is no higher, or the cost no lower, than for giving the label to
      every document (or, for the cost, to none), which needs no scores (Lipton et al. 2014, section
      5: F1 is then 2p / (1 + p) at a share p of positives); or a target is reached by flagging
      documents that hold no more positives than documents taken at random.

    Without negatives the lowest score is taken, which flags every returned document (or as many as
    the objective allows). A target that is reached with fewer than `FEW_FLAGGED` flagged documents
    is taken, since no other threshold does better, and remarked on: one lucky document at the top
    of many has precision 1 (Yang 2001).

    For a multi-class classifier pass the curves of `part.multiclass_scores` and a default of
    0: below the threshold of its best class a document gets no answer, and such documents count as
    missed.

    Args:
        curve: exact, never a thinned one.
        objective: as `parse_objective` reads it; not a joint one.
        default: the threshold of a label that is not tuned.
        returned_share: share of the positives whose score was returned; None for the curve's own.

    Raises:
        InvalidInput: no such objective, or a joint one, which needs all labels.
    """
    asked = as_objective(objective)
    entry = asked.entry
    if entry.worth is None:
        raise InvalidInput(
            "Not for one label",
            f"{asked.name} weighs all labels together",
            "tune all labels, or take max_f1 for a single one",
        )
    share = curve.returned_share if returned_share is None else returned_share
    if not curve.positives:
        return keep_default(curve, default, "no positives", "no document here has the label")
    if not len(curve) or share < LEAST_RETURNED_SHARE:
        note = f"the service returned the score of {share:.0%} of the positives only"
        return keep_default(curve, default, "not returned", note)
    worth = entry.worth(curve, asked.ratio)
    best = worth.max()
    if math.isinf(best):
        return keep_default(curve, default, "infeasible", _best_reachable(curve, asked))
    index = int(np.flatnonzero(worth == best)[-1])
    if not curve.negatives:
        return _without_negatives(curve, asked, index)
    assert entry.needs_no_scores is not None
    if reason := entry.needs_no_scores(curve, asked.ratio, index):
        return keep_default(curve, default, "uninformative", reason)
    return tuned(curve, asked.name, worth, index, _few_flagged(curve, asked, index))


def _without_negatives(curve: Curve, objective: Objective, index: int) -> Choice:
    point, which = (index, "lowest allowed") if objective.entry.target == "flags" else (0, "lowest")
    threshold = curve.threshold_at(point)
    note = f"every document here has the label; the {which} score is taken"
    return Choice(
        curve.label,
        threshold,
        "no negatives",
        objective.name,
        curve.at(threshold),
        (threshold, threshold),
        note,
    )


def _few_flagged(curve: Curve, objective: Objective, index: int) -> str:
    flagged = int(curve.tp[index] + curve.fp[index])
    if objective.entry.target is None or flagged >= FEW_FLAGGED:
        return ""
    noun = "document" if flagged == 1 else "documents"
    return f"reached with {flagged} flagged {noun} only, which chance may do"


def _best_reachable(curve: Curve, objective: Objective) -> str:
    precision, recall, target = _precision(curve), curve.recall, objective.entry.target
    has_unknown = bool(len(curve.positive_ceilings) or len(curve.negative_ceilings))
    cannot = "not certain where scores were not returned" if has_unknown else "not reachable"
    if target == "flags":
        least = float(_flagged_per_1000(curve)[-1])
        return (
            f"at most {float(objective.ratio):g} flagged per 1,000 is {cannot}; the highest "
            f"threshold, {curve.threshold_at(-1):.4g}, {'may flag' if has_unknown else 'flags'} "
            f"{math.ceil(least * 10) / 10:g}"
        )
    figure, other, other_name = precision, recall, "recall"
    if target == "recall":
        figure, other, other_name = recall, precision, "precision"
    best = np.flatnonzero(figure == figure.max())
    index = int(best[np.argmax(other[best])])
    return (
        f"{target} {float(objective.ratio):g} is {cannot}; the highest is "
        f"{_shown(figure[index])} at {curve.threshold_at(index):.4g} with {other_name} "
        f"{_shown(other[index])}"
    )


def _shown(figure: float) -> str:
    """Rounded down, so that a figure below a target never reads like the target."""
    return f"{math.floor(figure * 1000 + 1e-9) / 1000:.3f}"
