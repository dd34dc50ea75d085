"""What the thresholds screen says about saving and about what is missing."""

from core.progress import Progress
from core.text import plural, printable
from core.tuning.objectives import Choice
from core.workflow.actions.groups import Proposal
from core.workflow.actions.run_curves import RunCurves
from core.workflow.actions.tune import TuningSettings
from core.workflow.actions.working_thresholds import (
    KnownEvidence,
    SavedThresholds,
    WorkingThresholds,
)
from core.workflow.overview import Overview
from tui.render import plain
from tui.widgets.figures import interval_text, range_text

_NAMED = 3
"""Labels that are named; more are counted."""


def missing_texts(overview: Overview, ascii_only: bool) -> list[str]:
    """Why nothing can be shown, and which keys lead there."""
    texts = ["Thresholds are chosen on scored documents, and there are none yet.", ""]
    for step_id in ("split", "train", "score"):
        status = overview.status_of(step_id)
        if status.status != "done":
            texts.append(f"press {status.step.key}  {status.step.title}: {status.detail}")
    return [plain(text, ascii_only) for text in texts]


def unsaved_text(working: WorkingThresholds) -> str:
    """How much is not saved; empty when everything is."""
    if not working.is_changed:
        return ""
    if not working.unsaved:
        return "the objective was changed and is not saved"
    return f"{plural(len(working.unsaved), 'threshold')} changed and not saved"


def opening_text(overview: Overview, unsaved: str) -> str:
    """What to know on coming to the screen: what is not saved, or that the run is out of date."""
    if unsaved:
        return f"{unsaved}: s saves, u takes back"
    status = overview.status_of("thresholds")
    return f"out of date: {status.detail}" if status.status == "stale" else ""


def groups_text(proposal: Proposal) -> str:
    """That label groups would return the scores that are missing."""
    count = len(proposal.labels)
    verb = "needs" if count == 1 else "need"
    return f"{plural(count, 'label')} {verb} scores that were not returned: g plans label groups"


def measuring_text(progress: Progress | None) -> str:
    """How far the gathering of evidence has come."""
    if progress is None or not progress.total:
        return "measuring … esc stops"
    return f"{progress.task} {progress.done:,}/{progress.total:,}, esc stops"


def kept_text(labels: tuple[str, ...]) -> str:
    """Which labels went to the default because the evidence does not bear their choice."""
    names = ", ".join(printable(label, 30) for label in labels[:_NAMED])
    more = f" and {len(labels) - _NAMED} more" if len(labels) > _NAMED else ""
    return f"{names}{more}: the evidence keeps the default; b takes the choice all the same"


def adopted_text(working: WorkingThresholds, known: KnownEvidence | None, choice: Choice) -> str:
    """That a choice is used against the evidence; empty when it is not."""
    label = choice.label
    if known is None or known.decision(label, choice, working.objective_of(label)) != "default":
        return ""
    return f"used although the evidence keeps the default: {known.records[label].why}"


def save_facts(
    curves: RunCurves, working: WorkingThresholds, settings: TuningSettings
) -> list[str]:
    """What saving would write."""
    earlier = () if settings.forget_by_hand else working.saved_by_hand
    by_hand = len({*settings.set_by_hand, *earlier})
    own = len(settings.per_label)
    facts = [
        f"{plural(len(curves.labels), 'label')} of run {curves.run}, {by_hand} set by hand,",
        f"the others tuned for {settings.objective} on {working.tuned_on}"
        + (f", {own} for another objective." if own else "."),
    ]
    if settings.adopt:
        names = ", ".join(printable(label, 30) for label in settings.adopt[:_NAMED])
        facts.append(f"Adopted against the evidence: {names}")
    return facts


def saved_text(saved: SavedThresholds, ascii_only: bool) -> str:
    """Where the file is, how good it is, and the lines of Python that use it."""
    report = saved.report
    before, after = (
        range_text(summary.macro_f1_low, summary.macro_f1_high)
        for summary in (report.default, report.tuned)
    )
    optimistic = " (optimistic: tuned there)" if report.is_optimistic else ""
    interval = interval_text(report.macro_f1_interval)
    measured = (
        f"macro-F1 {before} → {after} {interval}, measured on {report.measured_on}{optimistic}"
    )
    looks = f"thresholds were measured on the test part {report.test_looks} time(s)"
    texts = [str(saved.path), "", plain(measured, ascii_only), looks, "", saved.usage]
    return "\n".join(texts)
