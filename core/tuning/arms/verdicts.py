"""What may be said of an arm, in plain words."""

from collections.abc import Sequence

from core.tuning.arms.figures import ArmFigures, Effect, Outcome
from core.tuning.arms.lines import Line
from core.tuning.arms.words import change, name, names
from core.tuning.comparison import Verdict

NOTHING = "no difference we can tell"
_MOST_SHOWN = 3


def judge(lines: Sequence[Line], figures: Sequence[ArmFigures]) -> tuple[str, Outcome]:
    """The verdict on an arm against the base, and its outcome.

    Better: of a chosen label or of macro, tuned F1 is better, average precision looked at by itself
    is better too, and tuned F1 of none of them is worse. Tuned F1 alone does not do: a threshold
    that happens to suit the test part raises it as well, but no threshold moves average precision.
    Average precision needs no share of the level for that, since it can only take claims away.
    Where it is not known, tuned F1 decides alone, and the verdict says so. Worse: the opposite.
    Everything else cannot be told apart, and the verdict says what moved all the same.

    Whatever tuned F1 moves without its ranking is told as well.

    Args:
        lines, figures: of the arm, in the same order.
    """
    pairs = list(zip(lines, figures, strict=True))
    claimed = [found for line, found in pairs if line.is_claimed]
    others = [found for line, found in pairs if line.kind == "label" and not line.is_claimed]
    tuned = {_verdict(found.f1_tuned_effect) for found in claimed}
    better, worse = _backed(claimed, "better"), _backed(claimed, "worse")
    outcome: Outcome = "cannot tell apart"
    if better and "worse" not in tuned:
        outcome = "better"
    elif worse and "better" not in tuned:
        outcome = "worse"
    parts = [
        f"{word}: {_listed(found)}"
        for word, found in (("better", better), ("worse", worse))
        if found
    ]
    unbacked = [
        found
        for found in claimed
        if _verdict(found.f1_tuned_effect) in ("better", "worse") and found not in (*better, *worse)
    ]
    parts += [_without_ranking(unbacked)] if unbacked else []
    parts = parts or [_moved(claimed)]
    lost = [found for found in others if _is_lost(found)]
    if lost:
        parts.append(f"worse for {names([found.name for found in lost])}, not chosen")
    return "; ".join(parts), outcome


def _backed(claimed: Sequence[ArmFigures], word: Verdict) -> list[ArmFigures]:
    """Those whose tuned F1 differs this way, and whose ranking does too or is not known."""
    return [found for found in claimed if is_backed(found, word)]


def is_backed(found: ArmFigures, word: Verdict) -> bool:
    """Whether tuned F1 differs this way, and the ranking does too or is not known."""
    ranking = _verdict(found.ranking_alone)
    return _verdict(found.f1_tuned_effect) == word and ranking in (word, None)


def _is_lost(found: ArmFigures) -> bool:
    return "worse" in (_verdict(found.f1_tuned_effect), _verdict(found.average_precision_effect))


def _verdict(effect: Effect | None) -> Verdict | None:
    return None if effect is None else effect.verdict


def _listed(found: Sequence[ArmFigures]) -> str:
    """Tuned F1 and average precision of labels whose tuned F1 differs."""
    shown = "; ".join(
        f"{name(one.name)} tuned F1 {_change(one.f1_tuned_effect)}, {_ranking(one)}"
        for one in found[:_MOST_SHOWN]
    )
    left = len(found) - _MOST_SHOWN
    return f"{shown}; and {left} more" if left > 0 else shown


def _ranking(found: ArmFigures) -> str:
    effect = found.average_precision_effect
    if effect is None:
        return "ranking not known"
    if effect.verdict == "cannot tell apart":
        return f"average precision by itself {_change(found.ranking_alone)}"
    return f"average precision {_change(effect)}"


def _moved(claimed: Sequence[ArmFigures]) -> str:
    """What moved although tuned F1 did not."""
    ranked = [
        f"{word} (average precision of {_shown(found)})"
        for word in ("better", "worse")
        if (found := [one for one in claimed if _verdict(one.average_precision_effect) == word])
    ]
    if ranked:
        return f"ranks {', and '.join(ranked)}, tuned F1: {NOTHING}"
    for one in claimed:
        if _verdict(one.f1_default_effect) in ("better", "worse"):
            return (
                f"{NOTHING}; F1 of {name(one.name)} at the default threshold"
                f" {_change(one.f1_default_effect)}: the scores moved, which a threshold does for"
                " free"
            )
    return NOTHING


def _shown(ranked: Sequence[ArmFigures]) -> str:
    return ", ".join(
        f"{name(one.name)} {_change(one.average_precision_effect)}" for one in ranked[:_MOST_SHOWN]
    )


def _without_ranking(moved: Sequence[ArmFigures]) -> str:
    """Labels whose tuned F1 differs while their ranking does not, or the other way."""
    shown = ", ".join(
        f"{name(one.name)} {_change(one.f1_tuned_effect)}" for one in moved[:_MOST_SHOWN]
    )
    left = len(moved) - _MOST_SHOWN
    more = f" and {left} more" if left > 0 else ""
    its = "its ranking does" if len(moved) == 1 else "their rankings do"
    return f"tuned F1 of {shown}{more}, but {its} not bear it out: the threshold may be why"


def _change(effect: Effect | None) -> str:
    return "" if effect is None else change(effect.difference, effect.interval)
