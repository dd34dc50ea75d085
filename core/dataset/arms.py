"""Plan the arms of a sweep: which recipe each has, and which need no training."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Literal

import msgspec
import numpy as np

from core.dataset.documents import Dataset
from core.dataset.health.balance import MOST_DOCUMENTS
from core.dataset.health.findings import cvir, irlbl, mean_ir, scumble
from core.dataset.resampling import (
    MOST_GROWTH,
    SHOWN_LENGTH,
    Recipe,
    minority_columns,
    refuse_label,
)
from core.errors import InvalidInput
from core.text import plural, printable

DEFAULT_POSITIVES = (10, 25, 50, 100, 200, 500)
"""Positives of the chosen labels in the arms of a sweep, unless others are asked for."""
MOST_ARMS = 60
"""Most arms of one sweep, the base and all replicates included: each is a paid training."""
MOST_REPLICATES = 10

ArmKind = Literal["base", "distinct", "repeats", "mixed", "repeats-from", "ml-ros"]


class ArmsRequest(msgspec.Struct, frozen=True, kw_only=True):
    """The arms of a sweep; exactly one of positives, factors, ratios and growths is given."""

    labels: tuple[str, ...] = ()
    """Labels to raise together; may be empty only with `growths`, which raise every rare label."""
    positives: tuple[int, ...] = ()
    """Positives of each chosen label: below what is there drawn, above it repeated."""
    factors: tuple[float, ...] = ()
    """Positives as a multiple of those that are there, above 1."""
    ratios: tuple[float, ...] = ()
    """Positives as a share of those of the commonest label as it is (1 / IRLbl), in (0, 1]."""
    growths: tuple[float, ...] = ()
    """ML-ROS: copies as a share of the documents, in (0, 5]."""
    repeat_from: int | None = None
    """With `positives`: further arms that repeat so many distinct positives to each larger one."""
    replicates: int = 1
    """Trainings of every arm, each with a seed of its own; 1 to 10."""
    seed: int = 0
    """Seed of the first replicate; replicate k has this plus k - 1."""


class PlannedArm(msgspec.Struct, frozen=True, kw_only=True):
    """One arm of a sweep, once."""

    id: str
    """``base``, ``n500``, ``n500-from10``, ``x2.5``, ``ratio0.1``, ``ros25``; then ``-2`` …"""
    group: str
    """The id without the number of the replicate."""
    kind: ArmKind
    """What happens to the chosen labels; mixed: some are drawn from, some repeated."""
    amount: float
    """Positives, factor, ratio or growth; 0 for the base."""
    replicate: int
    """From 1."""
    recipe: Recipe


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
            shown = printable(label, SHOWN_LENGTH)
            message = f"label {shown!r} has {support[label]:,} positives, fewer than {first:,}"
            hint = f"repeat at most {support[label]:,} distinct positives"
            raise InvalidInput(_TITLE, message, hint)


@dataclass(frozen=True)
class _Group:
    """An arm before it is replicated."""

    name: str
    kind: ArmKind
    amount: float
    recipe: Recipe


def plan_arms(support: Mapping[str, int], request: ArmsRequest) -> tuple[PlannedArm, ...]:
    """Plan the arms of a sweep: the base, then ascending, the replicates of an arm together.

    An amount of positives N leaves out positives of a label that has more (kind ``distinct``) and
    repeats those of a label that has fewer (``repeats``; ``mixed`` when labels differ in this). A
    label that has exactly N is spared when documents are left out. Factors and ratios repeat only,
    to the next whole number, and let a label be that has as many already. An arm is left out when
    it would be the base, and an arm that repeats distinct positives when nothing is drawn for it.

    Replicates differ in the seed. Each after the first has its documents shuffled as well, since an
    arm in which the seed draws nothing, as the base, would be the same training again.

    Args:
        support: positives of every label in the training part as it was split.
        request: what is asked for.

    Raises:
        InvalidInput: an unknown label or one without documents, an amount out of its range, no
            amounts or two kinds of them, too many arms, or no arm that differs from the base.
    """
    refuse_request(support, request)
    present = {label: support[label] for label in chosen_labels(request)}
    seed = request.seed
    groups = [_Group("base", "base", 0.0, Recipe(seed=seed))]
    groups += _positives(present, request)
    commonest = max(support.values(), default=0)
    for factor in sorted(set(map(float, request.factors))):
        targets = {label: _up(factor, count) for label, count in present.items()}
        groups += _raised("x", factor, present, targets, seed)
    for ratio in sorted(set(map(float, request.ratios))):
        targets = dict.fromkeys(present, _up(ratio, commonest))
        groups += _raised("ratio", ratio, present, targets, seed)
    if minority_columns(np.array(list(support.values()), dtype=np.int64)):
        for growth in sorted(set(map(float, request.growths))):
            name = f"ros{_short(Decimal(repr(growth)) * 100)}"
            groups.append(_Group(name, "ml-ros", growth, Recipe(growth=growth, seed=seed)))
    _refuse_count(groups, request.replicates)
    return tuple(arm for group in groups for arm in _replicates(group, request.replicates))


def _positives(present: Mapping[str, int], request: ArmsRequest) -> Iterator[_Group]:
    first = request.repeat_from
    for amount in sorted(set(request.positives)):
        distinct = {label: amount for label, count in present.items() if count >= amount}
        targets = {label: amount for label, count in present.items() if count < amount}
        is_drawn = any(present[label] > amount for label in distinct)
        kind: ArmKind = "mixed" if is_drawn and targets else "repeats" if targets else "distinct"
        if is_drawn or targets:
            recipe = Recipe(
                targets=targets, distinct=distinct if is_drawn else {}, seed=request.seed
            )
            yield _Group(f"n{amount}", kind, float(amount), recipe)
        if first is not None and amount > first and any(n > first for n in present.values()):
            recipe = Recipe(
                targets=dict.fromkeys(present, amount),
                distinct=dict.fromkeys(present, first),
                seed=request.seed,
            )
            yield _Group(f"n{amount}-from{first}", "repeats-from", float(amount), recipe)


def _raised(
    prefix: str, amount: float, present: Mapping[str, int], wanted: Mapping[str, int], seed: int
) -> list[_Group]:
    """The arm in which each label has as many as wanted, unless all of them have already."""
    targets = {label: number for label, number in wanted.items() if number > present[label]}
    if not targets:
        return []
    name = f"{prefix}{_short(Decimal(repr(amount)))}"
    return [_Group(name, "repeats", amount, Recipe(targets=targets, seed=seed))]


def _up(amount: float, count: int) -> int:
    """`amount` times `count`, up to a whole number, with the amount as it is written."""
    product = Fraction(repr(amount)) * count
    return -(-product.numerator // product.denominator)


def _short(number: Decimal) -> str:
    """A number without an exponent or zeros at its end."""
    return format(number.normalize(), "f")


def _replicates(group: _Group, replicates: int) -> Iterator[PlannedArm]:
    for replicate in range(1, replicates + 1):
        recipe = group.recipe
        if replicate > 1:
            seed = recipe.seed + replicate - 1
            recipe = msgspec.structs.replace(recipe, seed=seed, is_shuffled=True)
        yield PlannedArm(
            id=group.name if replicate == 1 else f"{group.name}-{replicate}",
            group=group.name,
            kind=group.kind,
            amount=group.amount,
            replicate=replicate,
            recipe=recipe,
        )


def _refuse_count(groups: Sequence[_Group], replicates: int) -> None:
    if len(groups) == 1:
        raise InvalidInput(
            "No arm to train",
            "every arm would be the training part as it is",
            "ask for other amounts, or choose rarer labels",
        )
    arms = len(groups) * replicates
    if arms > MOST_ARMS:
        counted = f"{plural(len(groups), 'arm')} × {plural(replicates, 'replicate')}"
        raise InvalidInput(
            "Too many arms",
            f"{counted} are {arms:,} trainings, and each is paid for",
            f"ask for {MOST_ARMS} at most: fewer amounts or fewer replicates",
        )


@dataclass(frozen=True)
class Imbalance:
    """Measures of imbalance over all labels, the none-label among them.

    Charte, Rivera, del Jesus, Herrera, Neurocomputing 163 (2015), section 3; see
    `core.dataset.health.measures`.
    """

    irlbl: dict[str, float]
    """Support of the commonest label over each label's; 1 for the commonest, infinite for none."""
    mean_ir: float
    """Mean of IRLbl over the labels with documents; NaN without any."""
    cvir: float
    """Coefficient of variation of IRLbl."""
    scumble: float
    """How much rare and common labels stand together, in [0, 1); high above 0.1."""


def imbalance_of(dataset: Dataset) -> Imbalance:
    """Measure the imbalance of a dataset, copies counted like any document."""
    support = dataset.support
    return Imbalance(
        irlbl=dict(zip(dataset.labels, irlbl(support).tolist(), strict=True)),
        mean_ir=mean_ir(support),
        cvir=cvir(support),
        scumble=scumble(dataset.membership),
    )
