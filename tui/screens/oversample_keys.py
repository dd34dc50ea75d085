"""The keys that the footer of the oversample screen shows: other ones for what is in sight."""

from collections.abc import Mapping

from tui.screens.oversample_planning import Face
from tui.screens.oversample_work import ExperimentView


def footer_of(
    face: Face, is_single: bool, view: ExperimentView | None, is_busy: bool
) -> Mapping[str, str]:
    """Actions with their labels, the most wanted first."""
    if face != "experiment":
        if is_single:
            return {"edit": "target", "run_step": "keep", "clear": "forget", "choose": "experiment"}
        results = {"face": "results"} if view is not None and view.experiment is not None else {}
        return {"choose": "choose", "arms": "arms", "run_step": "run", **(results or _OPTIONS)}
    if is_busy:
        return {"open": "figures", "stop": "stop", "face": "plan"}
    if view is not None and not view.is_finished:
        again = {"retry": "retry"} if view.failed else {}
        return {"open": "figures", "run_step": "carry on", **again, "face": "plan"}
    if view is not None and view.failed:
        return {"open": "figures", "retry": "retry", "adopt": "adopt", "face": "plan"}
    return {"open": "figures", "adopt": "adopt", "versions": "versions", "face": "plan"}


_OPTIONS = {"options": "options"}
