"""Plan the arms of a sweep: which recipe each has, and which need no training."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

import msgspec
import numpy as np

from core.dataset.oversampling.arm_requests import chosen_labels, refuse_request
from core.dataset.oversampling.ml_ros import minority_columns
from core.dataset.oversampling.plans import MOST_ARMS, ArmsRequest, Kind, PlannedArm
from core.dataset.oversampling.recipe import Recipe
from core.errors import InvalidInput
from core.text import plural


@dataclass(frozen=True)
class _Group:
    """An arm before it is replicated."""

    name: str
    kind: Kind
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
        wanted = {label: _up(factor, count) for label, count in present.items()}
        groups += _raised("x", factor, present, wanted, seed)
    for ratio in sorted(set(map(float, request.ratios))):
        wanted = dict.fromkeys(present, _up(ratio, commonest))
        groups += _raised("ratio", ratio, present, wanted, seed)
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
        kind: Kind = "mixed" if is_drawn and targets else "repeats" if targets else "distinct"
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
