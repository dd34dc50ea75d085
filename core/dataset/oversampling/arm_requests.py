"""Refuse requests for arms that make no sense."""

from collections.abc import Mapping, Sequence

from core.dataset.health.limits import MOST_DOCUMENTS
from core.dataset.oversampling.labels import SHOWN, refuse_label
from core.dataset.oversampling.plans import MOST_REPLICATES, ArmsRequest
from core.dataset.oversampling.recipe import MOST_GROWTH
from core.errors import InvalidInput
from core.text import printable

_TITLE = "Cannot plan these arms"
_MOST_FACTOR = 1_000_000.0


def chosen_labels(request: ArmsRequest) -> tuple[str, ...]:
    """The labels to raise, each once; none for ML-ROS, which looks at all labels."""
    return () if request.growths else tuple(dict.fromkeys(request.labels))


def refuse_request(support: Mapping[str, int], request: ArmsRequest) -> None:
    """Check a request against the training part.

    Args:
        support: positives of every label in the training part.
        request: what is asked for.

    Raises:
        InvalidInput: an unknown label or one without documents, an amount out of its range, no
            amounts or two kinds of them, or a `repeat_from` that no arm can begin with.
    """
    given = [request.positives, request.factors, request.ratios, request.growths]
    if sum(map(bool, given)) != 1:
        message = "no amounts" if not any(given) else "two kinds of amounts"
        hint = "ask for one of positives, factors, ratios and growths"
        raise InvalidInput(_TITLE, message, hint)
    if not request.labels and not request.growths:
        raise InvalidInput(_TITLE, "no label is chosen", "choose the labels to raise")
    for label in request.labels:
        refuse_label(label, support)
    _refuse_outside(request.positives, 1, MOST_DOCUMENTS, "positives")
    _refuse_outside(request.factors, 0, _MOST_FACTOR, "a factor", is_open=True)
    _refuse_outside(request.ratios, 0, 1, "a ratio", is_open=True)
    _refuse_outside(request.growths, 0, MOST_GROWTH, "a growth", is_open=True)
    _refuse_outside([request.replicates], 1, MOST_REPLICATES, "replicates")
    if request.seed < 0:
        raise InvalidInput(_TITLE, f"the seed {request.seed} is negative", "use 0 or above")
    _refuse_repeat_from(support, request)


def _refuse_outside(
    amounts: Sequence[float], least: float, most: float, what: str, is_open: bool = False
) -> None:
    for amount in amounts:
        if not (least < amount if is_open else least <= amount) or not amount <= most:
            range_ = f"above {least:,g}" if is_open else f"{least:,g} or more"
            shown = f"{amount:,}".removesuffix(".0")
            message = f"{shown} as {what}"
            raise InvalidInput(_TITLE, message, f"use a number {range_} and at most {most:,.0f}")


def _refuse_repeat_from(support: Mapping[str, int], request: ArmsRequest) -> None:
    first = request.repeat_from
    if first is None:
        return
    if first < 1:
        raise InvalidInput(_TITLE, f"repeating {first:,} distinct positives", "use 1 or more")
    if not request.positives or max(request.positives) <= first:
        message = f"no arm has more positives than the {first:,} to repeat"
        hint = f"ask for arms of more than {first:,} positives, or repeat fewer"
        raise InvalidInput(_TITLE, message, hint)
    for label in request.labels:
        if support[label] < first:
            shown = printable(label, SHOWN)
            message = f"label {shown!r} has {support[label]:,} positives, fewer than {first:,}"
            hint = f"repeat at most {support[label]:,} distinct positives"
            raise InvalidInput(_TITLE, message, hint)
