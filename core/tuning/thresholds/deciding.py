"""Which labels one document has, from the scores that the service returned for it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from core.errors import InvalidInput
from core.text import printable


@dataclass(frozen=True)
class Decision:
    """The labels of one document."""

    labels: tuple[str, ...]
    """Labels whose score reaches their threshold, in label order."""
    undecided: tuple[str, ...]
    """Labels that were not returned and whose unknown score may reach their threshold."""


def scores_by_name(
    pairs: Iterable[tuple[str, float]], known: Mapping[str, object]
) -> dict[str, float]:
    """The returned scores by label name.

    Args:
        pairs: name and score of each returned label.
        known: the labels that may occur.

    Raises:
        InvalidInput: a label is unknown or occurs twice.
    """
    scores: dict[str, float] = {}
    for name, score in pairs:
        if name not in known:
            raise InvalidInput(
                "Unknown label",
                f"{printable(name, 60)} has no threshold in this file",
                "use the thresholds file of the classifier that gave these scores",
            )
        if name in scores:
            raise InvalidInput(
                "Repeated label",
                f"{printable(name, 60)} has two scores for one document",
                "with several classifiers, give the ARN of the one that answered",
            )
        scores[name] = score
    return scores


def decide_labels(
    scores: Mapping[str, float], groups: Sequence[tuple[Sequence[str], Sequence[str]]],
    limits: Mapping[str, float],
) -> Decision:  # fmt: skip
    """Multi-label: every label whose score reaches its threshold.

    A label that was not returned has a score at most as high as the lowest one that its classifier
    returned: below the threshold it is decided against, otherwise it is undecided.

    Args:
        scores: the returned ones, by name.
        groups: per classifier, the labels it knows and those of them that it decides.
        limits: per label, the lowest score that reaches its threshold.
    """
    labels: list[str] = []
    undecided: list[str] = []
    for known, decided in groups:
        ceiling = min((scores[name] for name in known if name in scores), default=1.0)
        for name in decided:
            if name in scores:
                if scores[name] >= limits[name]:
                    labels.append(name)
            elif ceiling >= limits[name]:
                undecided.append(name)
    order = {name: place for place, name in enumerate(limits)}
    return Decision(tuple(sorted(labels, key=order.__getitem__)),
                    tuple(sorted(undecided, key=order.__getitem__)))  # fmt: skip


def decide_class(scores: Mapping[str, float], limits: Mapping[str, float]) -> Decision:
    """Multi-class: the class of highest score when it reaches its threshold, else none.

    The first in label order of equal classes wins. Without any score all classes are undecided.

    Args:
        scores: the returned ones, by name.
        limits: per class in label order, the lowest score that reaches its threshold.
    """
    if not scores:
        return Decision((), tuple(limits))
    returned = [name for name in limits if name in scores]
    top = max(returned, key=lambda name: np.float32(scores[name]))
    return Decision((top,) if scores[top] >= limits[top] else (), ())
