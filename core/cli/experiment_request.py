"""Read the arms of an oversampling experiment from the options of ``oversample``."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from core.errors import InvalidInput
from core.text import printable

if TYPE_CHECKING:
    from core.dataset.oversampling import ArmsRequest

Number = TypeVar("Number", int, float)

_STRATEGIES = {
    "arms": "--arms 10,25,50",
    "factors": "--factors 2,5,10",
    "ratios": "--ratios .01,.05",
    "ml_ros": "--ml-ros 10,25",
}
"""The ways to give arms, by parameter, each with an example."""


@dataclass(frozen=True)
class ArmOptions:
    """The options that make up a request, as typed; None is not given."""

    labels: tuple[str, ...] = ()
    arms: str | None = None
    factors: str | None = None
    ratios: str | None = None
    ml_ros: str | None = None
    repeat_from: int | None = None
    replicates: int = 1
    seed: int = 0


def arms_request(given: ArmOptions, known: Sequence[str]) -> "ArmsRequest":
    """The request that the options ask for; labels without a strategy get the default arms.

    Args:
        known: the labels of the dataset.

    Raises:
        InvalidInput: two strategies, a strategy without labels, or numbers that cannot be read.
    """
    from core.dataset.oversampling import DEFAULT_POSITIVES, ArmsRequest
    from core.workflow.actions.label_needs import parse_labels

    chosen = [name for name in _STRATEGIES if getattr(given, name) is not None]
    if len(chosen) > 1:
        raise InvalidInput(
            "Choose one strategy",
            f"{' and '.join(_flag(name) for name in chosen)} were given together",
            f"one of them, such as: {_STRATEGIES[chosen[0]]}",
        )
    labels = parse_labels(given.labels, known)
    if chosen == ["ml_ros"] and labels:
        raise InvalidInput(
            "Labels or the whole set?",
            "--ml-ros chooses by itself which labels are rare",
            f"leave out --labels, or give positives: {_STRATEGIES['arms']}",
        )
    if chosen != ["ml_ros"] and not labels:
        raise InvalidInput(
            "No label is chosen", "the arms raise labels", "such as: --labels threat,insult"
        )
    return ArmsRequest(
        labels=labels,
        positives=_read(given.arms, "arms", _whole) if chosen else DEFAULT_POSITIVES,
        factors=_read(given.factors, "factors", _real),
        ratios=_read(given.ratios, "ratios", _real),
        growths=tuple(percent / 100 for percent in _read(given.ml_ros, "ml_ros", _percent)),
        repeat_from=given.repeat_from,
        replicates=given.replicates,
        seed=given.seed,
    )


def _flag(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def _read(text: str | None, name: str, read: Callable[[str], Number]) -> tuple[Number, ...]:
    """Numbers separated by commas.

    Raises:
        InvalidInput: none is given, or one cannot be read.
    """
    if text is None:
        return ()
    pieces = [piece.strip() for piece in text.split(",") if piece.strip()]
    numbers = []
    for piece in pieces:
        try:
            numbers.append(read(piece))
        except ValueError:
            raise InvalidInput(
                f"Unreadable {_flag(name)}",
                f"{printable(piece, 40)!r} is not {_KINDS[name]}",
                f"for example: {_STRATEGIES[name]}",
            ) from None
    if not numbers:
        raise InvalidInput(
            f"Empty {_flag(name)}", "no number was given", f"for example: {_STRATEGIES[name]}"
        )
    return tuple(numbers)


_KINDS = {
    "arms": "a whole number of positives above 0",
    "factors": "a number above 0",
    "ratios": "a number above 0",
    "ml_ros": "a percentage above 0",
}


def _whole(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or int(text) < 1:
        raise ValueError
    return int(text)


def _real(text: str) -> float:
    number = float(text)
    if not text.isascii() or not 0 < number < math.inf:
        raise ValueError
    return number


def _percent(text: str) -> float:
    return _real(text.removesuffix("%").strip())
