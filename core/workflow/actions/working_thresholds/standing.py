"""From thresholds on the screen to the settings of a tuning that ends at them."""

from core.workflow.actions.run_curves import RunCurves
from core.workflow.actions.tune import TuningSettings
from core.workflow.actions.working_thresholds.known import KnownEvidence
from core.workflow.actions.working_thresholds.wanted import Standing
from core.workflow.actions.working_thresholds.working import WorkingThresholds

__all__ = ["Standing", "is_known", "standing_of", "tuning_settings"]


def standing_of(
    working: WorkingThresholds, curves: RunCurves, known: KnownEvidence | None = None
) -> Standing:
    """How each label came to stand where it stands.

    At its objective's choice it is tuned, and adopted unless the evidence is known to bear the
    choice or has still to be heard. At the default because the evidence keeps it, it is tuned as
    well. Anywhere else it is set by hand, and so is a label that was and was left alone.
    """
    by_hand, adopt = {}, []
    for label, choice in working.chosen(curves).items():
        at = working.values[label]
        decision = known.decision(label, choice, working.objective_of(label)) if known else ""
        if working.is_by_hand(label):
            by_hand[label] = at
        elif at == choice.threshold:
            is_open = label in working.undecided or choice.threshold == curves.default
            if decision != "tuned" and not is_open:
                adopt.append(label)
        elif at != curves.default or decision != "default":
            by_hand[label] = at
    return Standing(working.objective, dict(working.per_label), by_hand, tuple(adopt))


def is_known(
    working: WorkingThresholds, curves: RunCurves, known: KnownEvidence | None = None
) -> bool:
    """Whether the evidence is of exactly the thresholds on the screen."""
    if known is None or working.undecided or dict(known.values) != working.values:
        return False
    standing, other = standing_of(working, curves, known), known.standing
    return (standing.objective, dict(standing.per_label), dict(standing.by_hand)) == (
        other.objective, dict(other.per_label), dict(other.by_hand),
    )  # fmt: skip


def tuning_settings(
    working: WorkingThresholds, curves: RunCurves, known: KnownEvidence | None = None
) -> TuningSettings:
    """The settings that make the session's thresholds equal the working ones.

    Args:
        working: the thresholds on the screen.
        curves: of the run.
        known: evidence that says which choices are borne; without it they are adopted.
    """
    standing = standing_of(working, curves, known)
    by_hand = dict(standing.by_hand)
    forget = not working.saved_by_hand <= by_hand.keys()
    if not forget:
        kept = working.saved_by_hand
        by_hand = {
            label: at
            for label, at in by_hand.items()
            if label not in kept or at != working.saved[label]
        }
    return TuningSettings(
        run=curves.run,
        objective=working.objective,
        per_label=dict(working.per_label),
        adopt=standing.adopt,
        tune_on=None if working.tuned_on == curves.tuning_part else working.tuned_on,
        set_by_hand=by_hand,
        forget_by_hand=forget,
    )
