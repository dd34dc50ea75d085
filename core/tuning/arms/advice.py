"""Whether to repeat documents or to label more, by what the arms show."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.tuning.arms.effects import Group, Key, Study
from core.tuning.arms.figures import ArmRow, Effect, FigureName
from core.tuning.arms.verdicts import is_backed
from core.tuning.arms.words import change, figure, name
from core.tuning.evidence import Interval

_IN_WORDS: dict[FigureName, str] = {
    "average_precision": "average precision",
    "f1_tuned": "tuned F1",
}


def advise(
    study: Study,
    groups: Sequence[Group],
    rows: Sequence[ArmRow],
    chosen: Sequence[str],
    level: float,
) -> tuple[str, ...]:
    """One statement per chosen label that an arm draws from or repeats.

    The distinct side is what the base has over the arm with the fewest distinct positives, none
    repeated; the side of repeats is the arm with the most copies of all the base's positives, of
    those that are better for the label if any is. Where an arm repeats few positives up to a number
    that another arm has distinct, both are compared directly. Repeats are called helpful, or
    labelling more the better way, only where intervals at `level`, or the arm's verdict, bear it.

    Args:
        study: what makes the effects.
        groups: the base first.
        rows: what was found of every other group.
        chosen: labels that the arms raise.
        level: of every interval; `direct_looks` of them are no effects of `rows`.
    """
    found = [_statement(study, groups, rows, label, level) for label in chosen]
    return tuple(statement for statement in found if statement)


def direct_looks(groups: Sequence[Group], chosen: Sequence[str]) -> int:
    """How many pairs of arms `advise` compares with each other, neither of them the base."""
    base, *arms = groups
    count = 0
    for label in chosen:
        drawn, _, from_few = _by_side(base, arms, label)
        pair = _alike(base, drawn, from_few, label)
        count += pair is not None and pair[1] is not base
    return count


def _statement(
    study: Study, groups: Sequence[Group], rows: Sequence[ArmRow], label: str, level: float
) -> str:
    base, *arms = groups
    test = base.trained[0].run.test
    has_positives = bool(test.truth[:, test.labels.index(label)].any())
    if not has_positives and any(_by_side(base, arms, label)):
        return f"{name(label)}: no positives on {name(test.name)}: cannot tell"
    backed = {
        row.arm: found.f1_tuned_effect
        for row in rows
        for found in row.labels
        if found.name == label and is_backed(found, "better")
    }
    return _advice(_Sides.of(study, groups, backed, label, level))


@dataclass(frozen=True)
class _Sides:
    """What the arms show for one label."""

    label: str
    figure: FigureName
    base: int
    """Positives of the base."""
    fewest: int
    """Distinct positives of the arm that has the fewest."""
    distinct: tuple[float, float, Effect] | None
    """Figure of the arm with the fewest, of the base, and what the base has over it."""
    most: int
    """Positives that the base's are repeated to."""
    repeats: Effect | None
    tuned: Effect | None
    """Tuned F1 of that arm where its verdict calls the label better."""
    alike: tuple[int, int, Effect] | None
    """Positives alike, how many of them are repeated, and what as many distinct ones bring."""

    @classmethod
    def of(
        cls,
        study: Study,
        groups: Sequence[Group],
        backed: Mapping[str, Effect | None],
        label: str,
        level: float,
    ) -> "_Sides":
        base, *arms = groups
        place = next(
            at for at, line in enumerate(study.lines) if line.kind == "label" and line.name == label
        )
        key: Key = (place, "average_precision")
        if any(group.mean(key) is None for group in groups):
            key = (place, "f1_tuned")
        drawn, repeated, from_few = _by_side(base, arms, label)
        distinct = None
        if drawn:
            more = study.effect(drawn[0], base, key, level)
            ends = (drawn[0].mean(key), base.mean(key))
            if more is not None and ends[0] is not None and ends[1] is not None:
                distinct = (ends[0], ends[1], more)
        shown, repeats = _most_repeated(study, base, repeated, backed, key, level)
        pair, alike = _alike(base, drawn, from_few, label), None
        if pair and (effect := study.effect(*pair, key, level)):
            alike = (pair[0].runs.positives[label], pair[0].runs.distinct[label], effect)
        return cls(
            label, key[1], base.runs.positives[label],
            drawn[0].runs.distinct[label] if drawn else 0, distinct,
            shown.runs.positives[label] if shown else 0, repeats,
            backed.get(shown.runs.arm) if shown else None, alike,
        )  # fmt: skip


def _most_repeated(
    study: Study,
    base: Group,
    repeated: Sequence[Group],
    backed: Mapping[str, Effect | None],
    key: Key,
    level: float,
) -> tuple[Group | None, Effect | None]:
    """The arm that speaks for repeats, and its effect: the last that is better, else the last."""
    found = [(arm, study.effect(base, arm, key, level)) for arm in repeated]
    better = [
        (arm, effect)
        for arm, effect in found
        if arm.runs.arm in backed or (effect is not None and effect.verdict == "better")
    ]
    return (better or found)[-1] if found else (None, None)


def _by_side(
    base: Group, arms: Sequence[Group], label: str
) -> tuple[list[Group], list[Group], list[Group]]:
    """Arms with fewer distinct positives, with copies of all, with copies of fewer; ascending."""
    had = base.runs.distinct[label]
    drawn: list[Group] = []
    repeated: list[Group] = []
    from_few: list[Group] = []
    for arm in sorted(arms, key=lambda arm: (arm.runs.positives[label], arm.runs.arm)):
        distinct, positives = arm.runs.distinct[label], arm.runs.positives[label]
        if arm.runs.kind == "ml-ros":
            continue
        if distinct < had:
            (drawn if positives == distinct else from_few).append(arm)
        elif positives > distinct:
            repeated.append(arm)
    return drawn, repeated, from_few


def _alike(
    base: Group, drawn: Sequence[Group], from_few: Sequence[Group], label: str
) -> tuple[Group, Group] | None:
    """Few positives repeated, and the largest number of them that another arm has distinct."""
    by_number = {group.runs.positives[label]: group for group in (*drawn, base)}
    for few in reversed(from_few):
        if few.runs.positives[label] in by_number:
            return few, by_number[few.runs.positives[label]]
    return None


def _advice(sides: _Sides) -> str:
    said = [*_on_distinct(sides), *_on_repeats(sides), *_on_alike(sides)]
    if not said:
        return ""
    return f"{name(sides.label)}: {'; '.join(said)}: {_conclusion(sides)}"


def _on_distinct(sides: _Sides) -> list[str]:
    if sides.distinct is None:
        return []
    low, high, effect = sides.distinct
    verb = "rose" if effect.verdict == "better" else "went"
    return [
        f"from {sides.fewest:,} to {sides.base:,} distinct positives {_IN_WORDS[sides.figure]}"
        f" {verb} from {figure(low)} to {figure(high)} ({_changed(effect)})"
    ]


def _on_repeats(sides: _Sides) -> list[str]:
    if sides.repeats is None:
        return []
    what = "it" if sides.distinct else _IN_WORDS[sides.figure]
    tuned = ""
    if sides.tuned is not None and sides.figure != "f1_tuned":
        tuned = f", tuned F1 by {_changed(sides.tuned)}"
    return [
        f"repeating the {sides.base:,} up to {sides.most:,} changed {what} by"
        f" {_changed(sides.repeats)}{tuned}"
    ]


def _on_alike(sides: _Sides) -> list[str]:
    if sides.alike is None:
        return []
    number, few, effect = sides.alike
    return [f"{number:,} distinct against {few:,} repeated as often: {_changed(effect)}"]


def _conclusion(sides: _Sides) -> str:
    repeats = sides.repeats.verdict if sides.repeats else "cannot tell apart"
    repeats = "better" if sides.tuned else repeats
    more = sides.distinct[2] if sides.distinct else None
    if repeats == "better":
        both = more is not None and more.verdict == "better"
        return "both help" if both else "repeating helps"
    if sides.alike and sides.alike[2].verdict == "better":
        return "label more documents rather than repeat"
    if more is not None and more.verdict == "better":
        if sides.repeats and _is_below(sides.repeats.interval, more.interval):
            return "label more documents rather than repeat"
        return "distinct documents help; whether repeats do we cannot tell"
    return "repeating harms" if repeats == "worse" else "cannot tell"


def _is_below(one: Interval, other: Interval) -> bool:
    return one.high <= other.low


def _changed(effect: Effect) -> str:
    return change(effect.difference, effect.interval)
