"""Compare the arms of an experiment with its base on the same documents."""

import dataclasses
from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np

from core.errors import InvalidInput
from core.progress import CancelToken, Progress, Reporter, silent
from core.text import printable
from core.tuning.arms.advice import advise, direct_looks
from core.tuning.arms.effects import Group, Key, Study, Trained, noise_between
from core.tuning.arms.figures import (
    ArmFigures,
    ArmRow,
    ArmRuns,
    ArmsComparison,
    Outcome,
    RunFigures,
)
from core.tuning.arms.lines import CLAIMED, FIGURES, Line, lines_of, measure, support_of
from core.tuning.arms.notes import notes_of
from core.tuning.arms.verdicts import judge
from core.tuning.comparison.differences import family_level
from core.tuning.comparison.pairs import in_order, matched
from core.tuning.comparison.ranking import rank_runs
from core.tuning.parts import PartArrays

_OF_BASE: tuple[str, Outcome] = ("the training part as it was split", "base")
_RANKING = 1
"""Rankings are drawn from a stream of their own."""


def compare_arms(  # noqa: PLR0913 - one comparison, named settings
    base: ArmRuns,
    arms: Sequence[ArmRuns],
    chosen: Sequence[str],
    *,
    level: float = 0.95,
    resamples: int = 2000,
    seed: int = 0,
    none_label: str | None = None,
    reporter: Reporter = silent,
    cancel: CancelToken | None = None,
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
        reporter: told after each block of resamples and each arm.
        cancel: looked at as often.

    Raises:
        InvalidInput: runs of different documents or labels, an arm without a run, or a chosen
            label that the scores do not have.
        Interrupted: stopped through `cancel`.
    """
    groups = _grouped((base, *arms))
    chosen = tuple(dict.fromkeys(chosen))
    lines = lines_of(groups[0].replicates[0], chosen, none_label)
    trained = _trained(groups, lines, resamples, seed, reporter, cancel)
    noise = noise_between(trained, lines)
    study = Study(lines, noise, level, resamples, seed, cancel)
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
        reporter(Progress("comparing arms", done, len(arms), "arms"))
    first = trained[0].trained[0]
    found = ArmsComparison(
        base=_row(study, trained[0], None, levels), arms=tuple(rows), chosen=chosen,
        part=first.run.test.name, documents=len(first.run.test),
        distinct_documents=first.rankings.n_units, level=level, claim_level=levels[0],
        claims=claims, other_level=levels[1], others=others, resamples=resamples, seed=seed,
        noise=tuple(noise.values()), notes=(),
        advice=advise(study, trained, rows, chosen, levels[0]),
    )  # fmt: skip
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


def _matched(first: PartArrays, run: RunFigures) -> RunFigures:
    test, order = matched(first, run.test)
    if test is run.test:
        return run
    return dataclasses.replace(
        run, test=test, default=in_order(run.default, order), tuned=in_order(run.tuned, order)
    )


def _trained(
    groups: Sequence[ArmRuns],
    lines: Sequence[Line],
    resamples: int,
    seed: int,
    reporter: Reporter,
    cancel: CancelToken | None,
) -> list[Group]:
    """Every run ranked on the same resamples, and measured."""
    runs = [run for group in groups for run in group.replicates]
    draws = np.random.default_rng((seed, _RANKING))
    ranked = rank_runs([run.test for run in runs], resamples, draws, reporter, cancel)
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
        arm=shown.runs.arm, kind=shown.runs.kind,
        runs=tuple(run.name for run in shown.runs.replicates),
        positives=dict(shown.runs.positives), distinct=dict(shown.runs.distinct),
        labels=tuple(figures[:-2]), macro=figures[-2], micro=figures[-1], verdict=verdict,
        outcome=outcome,
    )  # fmt: skip


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
        name=line.name, support=support_of(runs[0], line),
        threshold=float(np.mean(own)) if own else None, **values,
    )  # fmt: skip
