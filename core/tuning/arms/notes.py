"""What a reader of the arms' figures must know besides."""

from core.text import plural
from core.tuning.arms.figures import ArmsComparison
from core.tuning.arms.words import name, names, percent

_FEW_POSITIVES = 20


def notes_of(found: ArmsComparison, direct: int, none_label: str | None) -> tuple[str, ...]:
    """Number of looks, how the intervals were made, and where they are rough.

    Args:
        found: the comparison.
        direct: looks of the advice at two arms.
        none_label: left out of macro and micro.
    """
    chosen = names(found.chosen) + " and macro" if found.chosen else "macro"
    between = f" and {plural(direct, 'comparison')} of two arms" if direct else ""
    notes = [
        f"{plural(found.claims, 'look')}: average precision and tuned F1 of {chosen} in"
        f" {plural(len(found.arms), 'arm')}{between}; together they claim nothing wrongly at"
        f" {percent(found.level)}, each interval at {percent(found.claim_level, 2)}",
        f"the other {plural(found.others, 'interval')} are a family of their own, each at"
        f" {percent(found.other_level, 2)}",
    ]
    labels = {one.name for one in found.base.labels}
    if none_label in labels and len(labels) > 1:
        notes.append(f"macro and micro leave out {name(str(none_label))}")
    empty = [one.name for one in found.base.labels if not one.support]
    if empty:
        notes.append(f"no positives on {found.part}, not in macro: {names(empty)}")
    few = [one.name for one in found.base.labels if 0 < one.support < _FEW_POSITIVES]
    if few:
        notes.append(f"fewer than {_FEW_POSITIVES} positives on {found.part}, rough: {names(few)}")
    hidden = [
        one.name
        for place, one in enumerate(found.base.labels)
        if one.support
        and any(row.labels[place].average_precision is None for row in (found.base, *found.arms))
    ]
    if hidden:
        notes.append(f"scores were not returned, ranking not known: {names(hidden)}")
    notes.append(_on_noise(found))
    return tuple(notes)


def _on_noise(found: ArmsComparison) -> str:
    if not found.noise:
        return (
            "every arm was trained once: the noise between trainings is not in the intervals;"
            " replicates measure it"
        )
    degrees = max(one.degrees for one in found.noise)
    return (
        "intervals hold the noise between trainings, from replicates with"
        f" {plural(degrees, 'degree')} of freedom"
    )
