"""The oversample step: repeat positives of rare labels, in the training part only."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from core.dataset.documents import load_dataset
from core.dataset.oversampling import OversampleResult, oversample
from core.errors import InvalidInput
from core.files import fingerprint
from core.workflow.actions.split import write_training
from core.workflow.actions.truth import load_all_parts
from core.workflow.session import Session, now
from core.workflow.state import OversamplingState, SessionState, SplitState


@dataclass(frozen=True)
class OversamplePreview:
    """What repeating would do to every label of the training part."""

    added: int
    before: dict[str, int]
    after: dict[str, int]


def preview_oversampling(
    session: Session, targets: Mapping[str, int], seed: int
) -> OversamplePreview:
    """Count all labels before and after, without keeping anything.

    Raises:
        InvalidInput: no split, an unknown label, or a target that cannot be met.
    """
    state = session.state()
    result = _repeat(session, state, _split(state), targets, seed)
    return OversamplePreview(result.added, dict(result.before), dict(result.after))


def oversample_training(
    session: Session, targets: Mapping[str, int], seed: int
) -> OversamplingState:
    """Write a training file with repeated positives; the next run is trained on it.

    Calibration and test stay as they are.

    Raises:
        InvalidInput: no split, an unknown label, or a target that cannot be met.
        TryAgain: another terminal runs a step of this session.
    """
    with session.working():
        state = session.state()
        split = _split(state)
        result = _repeat(session, state, split, targets, seed)
        key = fingerprint(split.fingerprint, repr(sorted(targets.items())), str(seed))[7:15]
        path = f"data/{split.id}/train-oversampled-{key}.csv"
        made = OversamplingState(
            split=split.fingerprint,
            targets=dict(targets),
            seed=seed,
            added=result.added,
            before=dict(result.before),
            after=dict(result.after),
            training=write_training(session, result.dataset, path, split.delimiter),
            made_at=now(),
        )
        with session.editing() as state:
            state.oversampling = made
        session.record("oversample", targets=dict(targets), seed=seed, added=result.added)
        return made


def clear_oversampling(session: Session) -> None:
    """Train the next run on the training part as it was split."""
    with session.editing() as state:
        state.oversampling = None
    session.record("oversample", targets={})


def parse_target(text: str) -> tuple[str, int]:
    """Read ``LABEL=N``.

    Raises:
        InvalidInput: it has another form, or N is not a positive whole number.
    """
    label, separator, number = text.rpartition("=")
    if not separator or not label or not number.isdecimal() or int(number) < 1:
        raise InvalidInput(
            "Unreadable target", f"{text!r} is not LABEL=N", "for example: --to threat=200"
        )
    return label, int(number)


def _split(state: SessionState) -> SplitState:
    if state.split is None or state.split.dataset != state.dataset.fingerprint:
        raise InvalidInput(
            "No split", "the present dataset is not split yet", "run: comprehend-tuner split"
        )
    return state.split


def _repeat(
    session: Session,
    state: SessionState,
    split: SplitState,
    targets: Mapping[str, int],
    seed: int,
) -> OversampleResult:
    dataset = load_dataset(session.path(state.dataset.path))
    parts = load_all_parts(session, split)
    pieces = [
        dataset.subset(np.flatnonzero(parts == position))
        for position in range(len(split.part_names))
    ]
    train = split.part_names.index("train")
    held_out = [piece for position, piece in enumerate(pieces) if position != train]
    return oversample(pieces[train], targets, seed, held_out)
