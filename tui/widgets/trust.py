"""How far the thresholds on the screen can be trusted, in words."""

from core.cli.tables import figure
from core.tuning.objectives import Choice
from core.workflow.actions.run_curves import RunCurves
from core.workflow.actions.working_thresholds import KnownEvidence, WorkingThresholds
from tui.widgets.figures import FEW_POSITIVES, MEANINGS, interval_text, range_text

_UNKNOWN = "–"
"""In place of a grade that is not known."""


def grade_text(known: KnownEvidence | None, working: WorkingThresholds, label: str) -> str:
    """The grade of a label's present threshold for a table cell."""
    if known is None or not known.is_of(label, working.values[label], working.objective_of(label)):
        return _UNKNOWN
    return known.records[label].grade


def trust_text(
    curves: RunCurves,
    working: WorkingThresholds,
    known: KnownEvidence | None,
    label: str,
    pending: str,
) -> str:
    """F1 on the measuring part with its interval, the grade, and what it decides.

    Args:
        curves: of the run.
        working: the thresholds on the screen.
        known: evidence, of these thresholds or of others.
        label: the label.
        pending: what to say while the evidence of the present threshold is not known.
    """
    at = working.values[label]
    if known is None or not known.is_of(label, at, working.objective_of(label)):
        return f"interval and grade: {pending}"
    record, interval = known.records[label], known.f1_at(label, at)
    measured = known.evidence.measured_on
    value = ""
    if measured in curves.parts:
        counts = curves.parts[measured][label].at(at)
        value = f"{range_text(counts.f1_low, counts.f1_high)} " if counts.positives else ""
    share = f" {known.evidence.level:.0%}" if interval else ""
    said = f"{measured}: F1 {value}{interval_text(interval)}{share}".rstrip()
    return f"{said}   grade {record.grade}: {_meaning(known, working, label)}"


def _meaning(known: KnownEvidence, working: WorkingThresholds, label: str) -> str:
    meaning = MEANINGS[known.records[label].grade]
    if label in known.standing.by_hand:
        return f"{meaning}, set by hand"
    if label not in known.against:
        return "the default stays" if known.records[label].decision == "default" else meaning
    is_kept = working.values[label] == known.default
    return f"{meaning}, the default stays" if is_kept else f"{meaning}, adopted all the same"


def remarks_on(
    working: WorkingThresholds, known: KnownEvidence | None, choice: Choice
) -> tuple[str, ...]:
    """What to mind about a label: why it cannot be tuned, or what its grade rests on."""
    label, at = choice.label, working.values[choice.label]
    own = working.per_label.get(label)
    remarks = [f"tuned for {own}"] if own is not None else []
    if choice.status == "not returned":
        remarks.append(f"cannot be tuned from this output: {choice.note}")
    elif choice.status != "tuned":
        remarks.append(f"{choice.status}: {choice.note}")
    elif at == choice.threshold and choice.note:
        remarks.append(choice.note)
    if known is None or not known.is_of(label, at, working.objective_of(label)):
        return tuple(remarks)
    record = known.records[label]
    if choice.status == "tuned" and record.why != choice.note:
        remarks.append(record.why)
    if label in known.against and at == known.default:
        remarks.append(f"b takes {figure(choice.threshold, 4)} all the same")
    if choice.status == "tuned" and 0 < record.positives_measured < FEW_POSITIVES:
        remarks.append(f"measured on {record.positives_measured} positives: read with care")
    return tuple(remarks)


def macro_trust_text(working: WorkingThresholds, known: KnownEvidence | None, pending: str) -> str:
    """Macro-F1 on the measuring part at the present thresholds, with its interval."""
    if known is None or dict(known.values) != working.values:
        return pending
    name = known.measured_on.removeprefix("test, ")
    macro = range_text(known.macro.low, known.macro.high)
    return f"{name} {macro} {interval_text(known.macro_interval)}".rstrip()
