"""The curves of a run's scored parts, and figures read from them by look-up."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from core.progress import CancelToken
from core.tuning.curves import Counts, Curve
from core.tuning.parts import PartArrays
from core.workflow.actions.part_data import default_threshold, load_part_data, part_arrays
from core.workflow.actions.runs import find_run
from core.workflow.session import Session
from core.workflow.state import RunState, SessionState
from core.workflow.steps import held_out_parts, scores_inputs, split_of, tuning_part


@dataclass(frozen=True)
class RunCurves:
    """The exact curves of one run on each of its scored parts."""

    run: str
    scores: str
    """Fingerprint of the scores."""
    mode: str
    labels: tuple[str, ...]
    tuning_part: str
    default: float
    """The threshold without tuning."""
    parts: Mapping[str, Mapping[str, Curve]]
    """Curves by part and label."""
    sizes: Mapping[str, int]
    """Documents by part."""
    arrays: Mapping[str, PartArrays] = field(default_factory=dict)
    """Scores and truth by part, which evidence is gathered from."""

    def following_part(self, part: str) -> str:
        """The part after `part`, the first one after the last."""
        names = list(self.parts)
        return names[(names.index(part) + 1) % len(names)]


def tunable_run(session: Session, state: SessionState) -> RunState | None:
    """The session's run when its held-out parts are all scored, else the newest such; or None."""
    own = [run for run in reversed(state.runs) if not run.experiment]
    for run in [state.run, *own] if state.run is not None else own:
        parts = held_out_parts(split_of(state, run))
        if all(p in run.scores and session.path(run.scores[p].path).exists() for p in parts):
            return run
    return None


def needs_tuning(session: Session, run: RunState) -> bool:
    """Whether a run has no thresholds, or those of other scores."""
    kept = run.thresholds
    if kept is None or not session.path(kept.path).exists():
        return True
    return kept.inputs != scores_inputs(run)


def load_run_curves(
    session: Session, run_name: str, cancel: CancelToken | None = None
) -> RunCurves:
    """Read scores and truth of every scored part of a run and count at every score.

    Raises:
        InvalidInput: a part was not scored, or a file is absent or damaged.
        Interrupted: cancelled.
    """
    state = session.state()
    run = find_run(state, run_name)
    split = split_of(state, run)
    parts: dict[str, Mapping[str, Curve]] = {}
    sizes: dict[str, int] = {}
    arrays: dict[str, PartArrays] = {}
    for part in held_out_parts(split):
        if cancel is not None:
            cancel.check()
        data = load_part_data(session, state, run, part)
        parts[part], sizes[part] = data.curves(), len(data.truth)
        arrays[part] = part_arrays(data)
    return RunCurves(
        run=run.name,
        scores=scores_inputs(run),
        mode=data.truth.mode,
        labels=data.truth.labels,
        tuning_part=tuning_part(split),
        default=default_threshold(data.truth.mode),
        parts=parts,
        sizes=sizes,
        arrays=arrays,
    )


@dataclass(frozen=True)
class Macro:
    """Mean F1 of the labels that have positives, with the range that unknown scores allow."""

    low: float
    high: float


def macro_f1(curves: Mapping[str, Curve], values: Mapping[str, float]) -> Macro:
    """Macro F1 at `values`, by look-up; labels without positives are left out."""
    counts = [curve.at(values[label]) for label, curve in curves.items() if curve.positives]
    if not counts:
        return Macro(0.0, 0.0)
    low, high = (sum(getattr(c, name) for c in counts) for name in ("f1_low", "f1_high"))
    return Macro(low / len(counts), high / len(counts))


def precision_range(counts: Counts) -> tuple[float, float]:
    """Lowest and highest precision that the unknown scores allow."""
    tp, fp = counts.tp, counts.fp
    most = tp + counts.unknown_positives
    low = tp / (tp + fp + counts.unknown_negatives) if tp else 0.0
    return low, most / (most + fp) if most else 0.0


def recall_range(counts: Counts) -> tuple[float, float]:
    """Lowest and highest recall that the unknown scores allow."""
    most = counts.tp + counts.unknown_positives
    return counts.recall, most / counts.positives if counts.positives else 0.0
