"""What the thresholds screen says about saving and about what is missing."""

from core.text import plural
from core.workflow.actions.run_curves import RunCurves
from core.workflow.actions.tune import TuningSettings
from core.workflow.actions.working_thresholds import SavedThresholds, WorkingThresholds
from core.workflow.overview import Overview
from tui.render import plain
from tui.widgets.figures import range_text


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
    return f"{plural(len(working.unsaved), 'threshold')} changed and not saved"


def opening_text(overview: Overview, unsaved: str) -> str:
    """What to know on coming to the screen: what is not saved, or that the run is out of date."""
    if unsaved:
        return f"{unsaved}: s saves, u takes back"
    status = overview.status_of("thresholds")
    return f"out of date: {status.detail}" if status.status == "stale" else ""


def save_facts(
    curves: RunCurves, working: WorkingThresholds, settings: TuningSettings
) -> list[str]:
    """What saving would write."""
    earlier = () if settings.forget_by_hand else working.saved_by_hand
    by_hand = len({*settings.set_by_hand, *earlier})
    return [
        f"{plural(len(curves.labels), 'label')} of run {curves.run}, {by_hand} set by hand,",
        f"the others tuned for {settings.objective} on {working.tuned_on}.",
    ]


def saved_text(saved: SavedThresholds, ascii_only: bool) -> str:
    """Where the file is, how good it is, and the lines of Python that use it."""
    report = saved.report
    before, after = (
        range_text(summary.macro_f1_low, summary.macro_f1_high)
        for summary in (report.default, report.tuned)
    )
    optimistic = " (optimistic: tuned there)" if report.is_optimistic else ""
    measured = f"macro-F1 {before} → {after}, measured on {report.measured_on}{optimistic}"
    return f"{saved.path}\n\n{plain(measured, ascii_only)}\n\n{saved.usage}"
