"""The oversample step: repeat positives of rare labels, in the training part only."""

from collections.abc import Mapping
from dataclasses import dataclass

from core.dataset.resampling import Recipe, Resampled, resample
from core.errors import InvalidInput
from core.files import fingerprint
from core.text import printable
from core.workflow.session import Session
from core.workflow.split import changed_training, load_pieces
from core.workflow.state import OversamplingState, SessionState, SplitState

_MOST_DIGITS = 18
"""Of a target; Python refuses to read thousands of them."""


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
    result = _repeat(session, state, state.present_split(), targets, seed)
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
        split = state.present_split()
        result = _repeat(session, state, split, targets, seed)
        key = fingerprint(split.fingerprint, repr(sorted(targets.items())), str(seed))[7:15]
        path = f"data/{split.id}/train-oversampled-{key}.csv"
        made = changed_training(session, split, _recipe(targets, seed), result, path)
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
    is_number = number.isdecimal() and len(number) <= _MOST_DIGITS
    if not separator or not label or not is_number or int(number) < 1:
        raise InvalidInput(
            "Unreadable target",
            f"{printable(text, 60)!r} is not LABEL=N",
            "for example: --to threat=200",
        )
    return label, int(number)


def _repeat(
    session: Session, state: SessionState, split: SplitState, targets: Mapping[str, int], seed: int
) -> Resampled:
    pieces = load_pieces(session, state, split)
    return resample(pieces.train, _recipe(targets, seed), pieces.held_out)


def _recipe(targets: Mapping[str, int], seed: int) -> Recipe:
    return Recipe(targets=dict(targets), seed=seed)
