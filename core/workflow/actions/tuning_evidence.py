"""Evidence of a tuning, and what it decides: which tuned thresholds are used."""

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from core.progress import CancelToken, Reporter, silent
from core.tuning.curves import Curve
from core.tuning.evidence import Evidence, gather_evidence
from core.tuning.objectives import Choice, choose_all
from core.tuning.parts import PartArrays


@dataclass(frozen=True)
class Wish:
    """What the user wants tuned, in the terms of the tuning room."""

    objective: str
    per_label: Mapping[str, str]
    by_hand: Mapping[str, float]
    adopt: frozenset[str]
    """Labels whose tuned threshold is used whatever the evidence says."""
    default: float
    folds: int
    seed: int
    resamples: int


@dataclass(frozen=True)
class Decided:
    """The thresholds to use, and how far they can be trusted."""

    choices: dict[str, Choice]
    """What the objective chose on the tuning part."""
    values: dict[str, float]
    """The thresholds to use."""
    evidence: Evidence
    """Of what the objective chose and of thresholds set by hand."""
    used: Evidence
    """Of the thresholds to use; the same unless the default is kept for some label."""
    kept: frozenset[str]
    """Labels whose default is kept for want of evidence."""
    adopted: frozenset[str]
    """Labels whose tuned threshold is used against the evidence."""


def decide_thresholds(
    tuning: PartArrays,
    measured: PartArrays,
    curves: Mapping[str, Curve],
    wish: Wish,
    reporter: Reporter = silent,
    cancel: CancelToken | None = None,
) -> Decided:
    """Choose, gather evidence, and keep the default where the evidence does not bear the choice.

    Whether a label adopts its tuned threshold is decided on the measuring part: a choice between
    two thresholds, made once per label.

    Raises:
        InvalidInput: no such objective, or too few documents to cross-fit.
        Interrupted: stopped through `cancel`.
    """
    choices = choose_all(curves, wish.objective, wish.per_label, wish.default)
    evidence = _gather(tuning, measured, choices, wish, wish.by_hand, reporter, cancel)
    against = {
        record.label
        for record in evidence.labels
        if record.decision == "default"
        and record.label not in wish.by_hand
        and choices[record.label].threshold != wish.default
    }
    kept = frozenset(against - wish.adopt)
    values = {label: choice.threshold for label, choice in choices.items()}
    values |= {label: wish.default for label in kept} | dict(wish.by_hand)
    used = evidence
    if kept:
        fixed = {**wish.by_hand, **{label: wish.default for label in kept}}
        used = _gather(tuning, measured, choices, wish, fixed, reporter, cancel)
    return Decided(choices, values, evidence, used, kept, frozenset(against & wish.adopt))


def taking(wish: Wish, kept: frozenset[str]) -> Callable[[Mapping[str, Curve]], dict[str, Choice]]:
    """A function that chooses on all curves as `wish` does, the default fixed for `kept`."""

    def take(curves: Mapping[str, Curve]) -> dict[str, Choice]:
        found = choose_all(curves, wish.objective, wish.per_label, wish.default)
        for label in kept:
            found[label] = dataclasses.replace(
                found[label],
                threshold=wish.default,
                counts=curves[label].at(wish.default),
                plateau=(wish.default, wish.default),
            )
        return found

    return take


def _gather(
    tuning: PartArrays,
    measured: PartArrays,
    choices: Mapping[str, Choice],
    wish: Wish,
    fixed: Mapping[str, float],
    reporter: Reporter,
    cancel: CancelToken | None,
) -> Evidence:
    return gather_evidence(
        tuning,
        measured,
        choices,
        wish.default,
        objective=wish.objective,
        per_label=wish.per_label,
        by_hand=fixed,
        resamples=wish.resamples,
        seed=wish.seed,
        folds=wish.folds,
        reporter=reporter,
        cancel=cancel,
    )
