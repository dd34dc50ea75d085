"""The grade of one label from what is known of it, as `grades.GRADES` says."""

from dataclasses import dataclass

from core.tuning.evidence.figures import Interval
from core.tuning.evidence.grades import (
    FEW_POSITIVES,
    GRADES,
    ROUGH_POSITIVES,
    WIDEST,
    Decision,
    Grade,
)


@dataclass(frozen=True)
class Facts:
    """What the grade of one label rests on."""

    objective: str
    status: str
    """`tuned`, or why not."""
    note: str
    """Why it was not tuned, in words."""
    is_by_hand: bool
    """Whether a person set the threshold."""
    is_default: bool
    """Whether the threshold is the default one."""
    positives_tuned: int
    positives_measured: int
    best_f1: float
    """The highest F1 of the tuning part."""
    noise_floor: float | None
    gain: Interval | None
    """In F1, over the default; None when it cannot be measured."""
    aim: Interval | None
    """In the worth of the objective, over the default; None for a target."""
    missed: str
    """How a target is missed for certain; empty when it may be met."""
    f1: Interval | None


def grade_of(facts: Facts) -> tuple[Grade, str, Decision]:
    """The grade, what it rests on, and which threshold to use.

    A threshold that a person set is graded like any other and stays in use whatever the grade.
    """
    grade, why = _graded(facts)
    decision = next(rule.decision for rule in GRADES if rule.grade == grade)
    if facts.is_by_hand:
        return grade, f"set by hand; {why}", "tuned"
    return grade, why, decision


def _graded(facts: Facts) -> tuple[Grade, str]:
    if refused := _refused(facts):
        return "D", refused
    if facts.gain is None or facts.f1 is None:
        return "C", "no document of the measuring part has the label"
    if facts.aim is not None and not facts.is_default and facts.aim.low <= 0:
        return "C", f"better or worse than the default: {_gained(facts)}"
    return _adopted(facts, facts.f1)


def _refused(facts: Facts) -> str:
    """Why the default is kept whatever else is known; empty when it is not."""
    if facts.status != "tuned" and not facts.is_by_hand:
        return facts.note or facts.status
    if facts.noise_floor is not None and facts.best_f1 <= facts.noise_floor:
        return (
            f"the best F1 of the tuning part, {facts.best_f1:.3f}, is within what scores that know "
            f"nothing of the label reach ({facts.noise_floor:.3f})"
        )
    if facts.missed:
        return f"{facts.objective} is missed: {facts.missed}"
    if facts.gain is not None and facts.aim is not None and facts.aim.high < 0:
        return f"worse than the default for certain: {_gained(facts)}"
    return ""


def _adopted(facts: Facts, f1: Interval) -> tuple[Grade, str]:
    found = _gained(facts)
    if facts.is_default:
        found = "the best threshold is the default"
    elif facts.aim is None:
        found = f"{facts.objective} may be met; {found}"
    doubts = []
    fewest = min(facts.positives_tuned, facts.positives_measured)
    if fewest < FEW_POSITIVES:
        part = "tune on" if facts.positives_tuned == fewest else "measure on"
        doubts.append(f"only {fewest} positives to {part}")
    if facts.positives_measured < ROUGH_POSITIVES:
        doubts.append(
            f"intervals are rough with fewer than {ROUGH_POSITIVES} positives to measure on"
        )
    if f1.width > WIDEST:
        doubts.append(f"F1 anywhere from {f1.low:.2f} to {f1.high:.2f}")
    return ("B", f"{found}; {'; '.join(doubts)}") if doubts else ("A", found)


def _gained(facts: Facts) -> str:
    """The gain in F1, and that it is not what was tuned for when it is not."""
    assert facts.gain is not None
    low, high = facts.gain.low, facts.gain.high
    places = 2 if max(abs(low), abs(high)) >= 0.01 else 4
    text = f"F1 changes by {low:+.{places}f} to {high:+.{places}f}"
    if facts.objective != "max_f1" and facts.aim is not None:
        return f"by {facts.objective}; {text}"
    return text
