"""Compare the arms of an experiment with its base on the same documents."""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np

from core.errors import InvalidInput
from core.progress import UNWATCHED, Watch
from core.text import plural, printable
from core.tuning.arm_effects import (
    CLAIMED,
    FIGURES,
    ArmFigures,
    ArmRow,
    ArmRuns,
    ArmsComparison,
    Effect,
    FigureName,
    Group,
    Key,
    Line,
    Outcome,
    RunFigures,
    Study,
    Trained,
    change,
    figure,
    lines_of,
    measure,
    name,
    names,
    noise_between,
    percent,
    support_of,
)
from core.tuning.intervals import Interval
from core.tuning.paired import Verdict, family_level, matched
from core.tuning.part import Part
from core.tuning.ranking import rank_runs

# What may be said of an arm, in plain words.


NOTHING = "no difference we can tell"
_MOST_SHOWN = 3


def judge(lines: Sequence[Line], figures: Sequence[ArmFigures]) -> tuple[str, Outcome]:
    """The verdict on an arm against the base, and its outcome.

    Better: of a chosen label or of macro, tuned F1 is better, average precision looked at by itself
    is better too, and tuned F1 of none of them is worse. Tuned F1 alone does not do: a threshold
    that happens to suit the test part raises it as well, but no threshold moves average precision.
    Average precision needs no share of the level for that, since it can only take claims away.
    Where it is not known, tuned F1 decides alone, and the verdict says so. Worse: the opposite.
    Everything else cannot be told apart, and the verdict says what moved all the same.

    Whatever tuned F1 moves without its ranking is told as well.

    Args:
        lines, figures: of the arm, in the same order.
    """
    pairs = list(zip(lines, figures, strict=True))
    claimed = [found for line, found in pairs if line.is_claimed]
    others = [found for line, found in pairs if line.kind == "label" and not line.is_claimed]
    tuned = {_verdict(found.f1_tuned_effect) for found in claimed}
    better, worse = _backed(claimed, "better"), _backed(claimed, "worse")
    outcome: Outcome = "cannot tell apart"
    if better and "worse" not in tuned:
        outcome = "better"
    elif worse and "better" not in tuned:
        outcome = "worse"
    parts = [
        f"{word}: {_listed(found)}"
        for word, found in (("better", better), ("worse", worse))
        if found
    ]
    unbacked = [
        found
        for found in claimed
        if _verdict(found.f1_tuned_effect) in ("better", "worse") and found not in (*better, *worse)
    ]
    parts += [_without_ranking(unbacked)] if unbacked else []
    parts = parts or [_moved(claimed)]
    lost = [found for found in others if _is_lost(found)]
    if lost:
        parts.append(f"worse for {names([found.name for found in lost])}, not chosen")
    return "; ".join(parts), outcome


def _backed(claimed: Sequence[ArmFigures], word: Verdict) -> list[ArmFigures]:
    """Those whose tuned F1 differs this way, and whose ranking does too or is not known."""
    return [found for found in claimed if is_backed(found, word)]


def is_backed(found: ArmFigures, word: Verdict) -> bool:
    """Whether tuned F1 differs this way, and the ranking does too or is not known."""
    ranking = _verdict(found.ranking_alone)
    return _verdict(found.f1_tuned_effect) == word and ranking in (word, None)


def _is_lost(found: ArmFigures) -> bool:
    return "worse" in (_verdict(found.f1_tuned_effect), _verdict(found.average_precision_effect))


def _verdict(effect: Effect | None) -> Verdict | None:
    return None if effect is None else effect.verdict


def _listed(found: Sequence[ArmFigures]) -> str:
    """Tuned F1 and average precision of labels whose tuned F1 differs."""
    shown = "; ".join(
        f"{name(one.name)} tuned F1 {_change(one.f1_tuned_effect)}, {_ranking(one)}"
        for one in found[:_MOST_SHOWN]
    )
    left = len(found) - _MOST_SHOWN
    return f"{shown}; and {left} more" if left > 0 else shown


def _ranking(found: ArmFigures) -> str:
    effect = found.average_precision_effect
    if effect is None:
        return "ranking not known"
    if effect.verdict == "cannot tell apart":
        return f"average precision by itself {_change(found.ranking_alone)}"
    return f"average precision {_change(effect)}"


def _moved(claimed: Sequence[ArmFigures]) -> str:
    """What moved although tuned F1 did not."""
    ranked = [
        f"{word} (average precision of {_shown(found)})"
        for word in ("better", "worse")
        if (found := [one for one in claimed if _verdict(one.average_precision_effect) == word])
    ]
    if ranked:
        return f"ranks {', and '.join(ranked)}, tuned F1: {NOTHING}"
    for one in claimed:
        if _verdict(one.f1_default_effect) in ("better", "worse"):
            return (
                f"{NOTHING}; F1 of {name(one.name)} at the default threshold"
                f" {_change(one.f1_default_effect)}: the scores moved, which a threshold does for"
                " free"
            )
    return NOTHING


def _shown(ranked: Sequence[ArmFigures]) -> str:
    return ", ".join(
        f"{name(one.name)} {_change(one.average_precision_effect)}" for one in ranked[:_MOST_SHOWN]
    )


def _without_ranking(moved: Sequence[ArmFigures]) -> str:
    """Labels whose tuned F1 differs while their ranking does not, or the other way."""
    shown = ", ".join(
        f"{name(one.name)} {_change(one.f1_tuned_effect)}" for one in moved[:_MOST_SHOWN]
    )
    left = len(moved) - _MOST_SHOWN
    more = f" and {left} more" if left > 0 else ""
    its = "its ranking does" if len(moved) == 1 else "their rankings do"
    return f"tuned F1 of {shown}{more}, but {its} not bear it out: the threshold may be why"


def _change(effect: Effect | None) -> str:
    return "" if effect is None else change(effect.difference, effect.interval)


# Whether to repeat documents or to label more, by what the arms show.


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
            label,
            key[1],
            base.runs.positives[label],
            drawn[0].runs.distinct[label] if drawn else 0,
            distinct,
            shown.runs.positives[label] if shown else 0,
            repeats,
            backed.get(shown.runs.arm) if shown else None,
            alike,
        )


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


# What a reader of the arms' figures must know besides.


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


_OF_BASE: tuple[str, Outcome] = ("the training part as it was split", "base")
_RANKING = 1
"""Rankings are drawn from a stream of their own."""


def compare_arms(
    base: ArmRuns,
    arms: Sequence[ArmRuns],
    chosen: Sequence[str],
    *,
    level: float = 0.95,
    resamples: int = 2000,
    seed: int = 0,
    none_label: str | None = None,
    watch: Watch = UNWATCHED,
) -> ArmsComparison:
    """Compare every arm with the base in pairs, each at the thresholds tuned on its own scores.

    Verdicts rest on average precision and tuned F1 of the chosen labels and of macro. These looks,
    over all arms, and those of the advice at two arms share `level` (Šidák 1967); all other effects
    are a family of their own, which shares it too. See `verdicts.judge` for what counts as better.

    The intervals are those of `core.tuning.comparison`: documents are drawn with their copies and
    with the decisions of both runs. With replicates the noise between trainings widens them.

    Args:
        base: the training part as it was split.
        arms: the others, in the order to show them; each with at least one replicate.
        chosen: labels that the arms raise, each counted once; empty for a whole-set strategy, then
            macro decides.
        level: at which nothing is claimed wrongly.
        resamples: of the bootstrap and of the randomisation test.
        seed: the same seed gives the same intervals.
        none_label: left out of macro and micro.
        watch: told after each block of resamples and each arm.

    Raises:
        InvalidInput: runs of different documents or labels, an arm without a run, or a chosen
            label that the scores do not have.
        Interrupted: stopped through `watch`.
    """
    groups = _grouped((base, *arms))
    chosen = tuple(dict.fromkeys(chosen))
    lines = lines_of(groups[0].replicates[0], chosen, none_label)
    trained = _trained(groups, lines, resamples, seed, watch)
    noise = noise_between(trained, lines)
    study = Study(lines, noise, level, resamples, seed, watch)
    claimed = sum(line.is_claimed for line in lines)
    direct = direct_looks(trained, chosen)
    against_base = len(arms) * claimed * len(CLAIMED)
    claims = against_base + direct
    others = len(arms) * len(lines) * len(FIGURES) - len(arms) - against_base
    levels = (family_level(level, claims), family_level(level, others))
    rows = []
    for done, arm in enumerate(trained[1:], start=1):
        rows.append(_row(study, trained[0], arm, levels))
        study.forget()
        watch.report("comparing arms", done, len(arms), "arms")
    first = trained[0].trained[0]
    found = ArmsComparison(
        base=_row(study, trained[0], None, levels),
        arms=tuple(rows),
        chosen=chosen,
        part=first.run.test.name,
        documents=len(first.run.test),
        distinct_documents=first.rankings.n_units,
        level=level,
        claim_level=levels[0],
        claims=claims,
        other_level=levels[1],
        others=others,
        resamples=resamples,
        seed=seed,
        noise=tuple(noise.values()),
        notes=(),
        advice=advise(study, trained, rows, chosen, levels[0]),
    )
    return msgspec.structs.replace(found, notes=notes_of(found, direct, none_label))


def _grouped(groups: Sequence[ArmRuns]) -> list[ArmRuns]:
    """The arms with the columns of every run in the order of the first."""
    for group in groups:
        if not group.replicates:
            raise InvalidInput(
                "An arm without a run",
                f"no run of arm {printable(group.arm, 60)} was trained and scored",
                "leave it out",
            )
    first = groups[0].replicates[0].test
    return [
        dataclasses.replace(
            group, replicates=tuple(_matched(first, run) for run in group.replicates)
        )
        for group in groups
    ]


def _matched(first: Part, run: RunFigures) -> RunFigures:
    test, order = matched(first, run.test)
    if test is run.test:
        return run
    return dataclasses.replace(
        run, test=test, default=run.default.take(columns=order), tuned=run.tuned.take(columns=order)
    )


def _trained(
    groups: Sequence[ArmRuns],
    lines: Sequence[Line],
    resamples: int,
    seed: int,
    watch: Watch,
) -> list[Group]:
    """Every run ranked on the same resamples, and measured."""
    runs = [run for group in groups for run in group.replicates]
    draws = np.random.default_rng((seed, _RANKING))
    ranked = rank_runs([run.test for run in runs], resamples, draws, watch)
    measured = iter(
        Trained(run, rankings, measure(run, rankings, lines))
        for run, rankings in zip(runs, ranked, strict=True)
    )
    return [Group(group, tuple(next(measured) for _ in group.replicates)) for group in groups]


def _row(study: Study, base: Group, arm: Group | None, levels: tuple[float, float]) -> ArmRow:
    """One arm against the base; the base itself when `arm` is None."""
    shown = base if arm is None else arm
    figures = [_figures(study, base, arm, place, levels) for place in range(len(study.lines))]
    verdict, outcome = _OF_BASE
    if arm is not None:
        verdict, outcome = judge(study.lines, figures)
    return ArmRow(
        arm=shown.runs.arm,
        kind=shown.runs.kind,
        runs=tuple(run.name for run in shown.runs.replicates),
        positives=dict(shown.runs.positives),
        distinct=dict(shown.runs.distinct),
        labels=tuple(figures[:-2]),
        macro=figures[-2],
        micro=figures[-1],
        verdict=verdict,
        outcome=outcome,
    )


def _figures(
    study: Study, base: Group, arm: Group | None, place: int, levels: tuple[float, float]
) -> ArmFigures:
    line, shown = study.lines[place], base if arm is None else arm
    values: dict[str, Any] = {name: shown.mean((place, name)) for name in FIGURES}
    if arm is not None:
        for name in FIGURES:
            level = levels[0] if line.is_claimed and name in CLAIMED else levels[1]
            values[f"{name}_effect"] = study.effect(base, arm, (place, name), level)
        tuned = values["f1_tuned_effect"]
        if line.is_claimed and tuned is not None and tuned.verdict != "cannot tell apart":
            key: Key = (place, "average_precision")
            values["ranking_alone"] = study.effect(base, arm, key, study.level)
    for name in ("f1_default", "f1_tuned"):
        values[f"{name}_range"] = shown.range((place, name))
    runs = shown.runs.replicates
    own = [run.thresholds[line.name] for run in runs] if line.kind == "label" else []
    return ArmFigures(
        name=line.name,
        support=support_of(runs[0], line),
        threshold=float(np.mean(own)) if own else None,
        **values,
    )
