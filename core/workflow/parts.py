"""The scored parts of a run: scores and truth, as the tuning room takes them."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass

from core.errors import InvalidInput
from core.progress import UNWATCHED, Watch
from core.text import command_word
from core.tuning.curves import Curve
from core.tuning.part import Part, multiclass_scores
from core.workflow.score import part_scores
from core.workflow.session import Session
from core.workflow.split import unscored_part
from core.workflow.state import RunState, SessionState


def load_part(session: Session, state: SessionState, run: RunState, part: str) -> Part:
    """Scores and truth of one scored part of a run.

    Raises:
        InvalidInput: the part was not scored, or a file is absent or damaged.
    """
    scores = part_scores(session, state, run, part)
    unscored = unscored_part(session, state, state.split_of(run), part)
    if scores.values.shape != unscored.truth.shape or scores.labels != unscored.labels:
        raise InvalidInput(
            "Scores do not fit",
            f"scores of part {part} have another size than its documents",
            f"score again: comprehend-tuner score --parts {command_word(part)}",
        )
    is_classes = unscored.mode == "multi-class"
    return dataclasses.replace(
        unscored,
        scores=multiclass_scores(scores.values) if is_classes else scores.values,
        all_scores=scores.values if is_classes else None,
        ceilings=scores.label_ceilings,
    )


@dataclass(frozen=True)
class RunCurves:
    """The scored parts of one run, with the exact curves of each counted."""

    run: str
    scores: str
    """Fingerprint of the scores."""
    tuning_part: str
    parts: Mapping[str, Part]
    """By name."""

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels of every part."""
        return self.parts[self.tuning_part].labels

    @property
    def mode(self) -> str:
        """``multi-label`` or ``multi-class``."""
        return self.parts[self.tuning_part].mode

    @property
    def default(self) -> float:
        """The threshold without tuning."""
        return self.parts[self.tuning_part].default

    def of(self, part: str) -> dict[str, Curve]:
        """The curves of one part, by label."""
        return self.parts[part].curves()

    def following_part(self, part: str) -> str:
        """The part after `part`, the first one after the last."""
        names = list(self.parts)
        return names[(names.index(part) + 1) % len(names)]


def tunable_run(session: Session, state: SessionState) -> RunState | None:
    """The session's run when its held-out parts are all scored, else the newest such; or None."""
    own = [run for run in reversed(state.runs) if not run.experiment]
    for run in [state.run, *own] if state.run is not None else own:
        parts = state.split_of(run).held_out_parts
        if all(p in run.scores and session.path(run.scores[p].path).exists() for p in parts):
            return run
    return None


def needs_tuning(session: Session, run: RunState) -> bool:
    """Whether a run has no thresholds, or those of other scores."""
    made = run.thresholds
    if made is None or not session.path(made.path).exists():
        return True
    return made.inputs != run.scores_fingerprint


def load_run_curves(session: Session, run_name: str, watch: Watch = UNWATCHED) -> RunCurves:
    """Read scores and truth of every scored part of a run and count at every score.

    Raises:
        InvalidInput: a part was not scored, or a file is absent or damaged.
        Interrupted: cancelled.
    """
    state = session.state()
    run = state.run_named(run_name)
    split = state.split_of(run)
    parts: dict[str, Part] = {}
    for name in split.held_out_parts:
        watch.check()
        parts[name] = load_part(session, state, run, name)
        parts[name].curves()
    return RunCurves(run.name, run.scores_fingerprint, split.tuning_part, parts)
