"""Whether to repeat documents or to label more, by what the arms show."""

from collections.abc import Sequence
from dataclasses import dataclass

from core.tuning.arms.effects import Group, Key, Study
from core.tuning.arms.figures import Effect, FigureName
from core.tuning.arms.words import change, figure, name
from core.tuning.evidence import Interval

_IN_WORDS: dict[FigureName, str] = {
    "average_precision": "average precision",
    "f1_tuned": "tuned F1",
}


def advise(
    study: Study, groups: Sequence[Group], chosen: Sequence[str], level: float
) -> tuple[str, ...]:
    """One statement per chosen label that an arm draws from or repeats.

    The distinct side is what the base has over the arm with the fewest distinct positives, none
    repeated; the side of repeats is the arm with the most copies of all the base's positives. Where
    an arm repeats few positives up to a number that another arm has distinct, both are compared
    directly. Repeats are called helpful, or labelling more the better way, only where intervals at
    `level` bear it.

    Args:
        study: what makes the effects.
        groups: the base first.
        chosen: labels that the arms raise.
        level: of every interval.
    """
    found = [_advice(_Sides.of(study, groups, label, level)) for label in chosen]
    return tuple(statement for statement in found if statement)


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
    alike: tuple[int, int, Effect] | None
    """Positives alike, how many of them are repeated, and what as many distinct ones bring."""

    @classmethod
    def of(cls, study: Study, groups: Sequence[Group], label: str, level: float) -> "_Sides":
        base, *arms = groups
        place = next(
            at for at, line in enumerate(study.lines) if line.kind == "label" and line.name == label
        )
        key: Key = (place, "average_precision")
        if any(group.mean(key) is None for group in groups):
            key = (place, "f1_tuned")
        drawn, repeated, from_few = _by_side(base, arms, label)
        distinct, repeats, most = None, None, 0
        if drawn:
            more = study.effect(drawn[0], base, key, level)
            ends = (drawn[0].mean(key), base.mean(key))
            if more is not None and ends[0] is not None and ends[1] is not None:
                distinct = (ends[0], ends[1], more)
        if repeated:
            most = repeated[-1].runs.positives[label]
            repeats = study.effect(base, repeated[-1], key, level)
        return cls(
            label, key[1], base.runs.positives[label],
            drawn[0].runs.distinct[label] if drawn else 0, distinct, most, repeats,
            _alike(study, (*drawn, base), from_few, label, key, level),
        )  # fmt: skip


def _by_side(
    base: Group, arms: Sequence[Group], label: str
) -> tuple[list[Group], list[Group], list[Group]]:
    """Arms with fewer distinct positives, with copies of all, with copies of fewer; ascending."""
    had = base.runs.distinct[label]
    drawn: list[Group] = []
    repeated: list[Group] = []
    from_few: list[Group] = []
    for arm in sorted(arms, key=lambda arm: arm.runs.positives[label]):
        distinct, positives = arm.runs.distinct[label], arm.runs.positives[label]
        if arm.runs.kind == "ml-ros":
            continue
        if distinct < had:
            (drawn if positives == distinct else from_few).append(arm)
        elif positives > distinct:
            repeated.append(arm)
    return drawn, repeated, from_few


def _alike(
    study: Study,
    distinct: Sequence[Group],
    from_few: Sequence[Group],
    label: str,
    key: Key,
    level: float,
) -> tuple[int, int, Effect] | None:
    """The largest number of positives that is there both as distinct and as repeated ones."""
    by_number = {group.runs.positives[label]: group for group in distinct}
    for few in reversed(from_few):
        number = few.runs.positives[label]
        if number in by_number:
            effect = study.effect(few, by_number[number], key, level)
            if effect is not None:
                return number, few.runs.distinct[label], effect
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
    return [
        f"repeating the {sides.base:,} up to {sides.most:,} changed {what} by"
        f" {_changed(sides.repeats)}"
    ]


def _on_alike(sides: _Sides) -> list[str]:
    if sides.alike is None:
        return []
    number, few, effect = sides.alike
    return [f"{number:,} distinct against {few:,} repeated as often: {_changed(effect)}"]


def _conclusion(sides: _Sides) -> str:
    repeats = sides.repeats.verdict if sides.repeats else "cannot tell apart"
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
