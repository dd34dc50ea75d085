"""Arms to compare: simulated scores, and planted texts that real models are trained on."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from core.dataset.documents import Dataset
from core.dataset.resampling import Recipe, resample
from core.offline.model import score, train
from core.tuning.arm_effects import ArmFigures, ArmRow, ArmRuns, RunFigures
from core.tuning.joint import choose_all
from core.tuning.part import Part

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Texts = tuple[list[str], Bools]
Planted = Callable[[tuple[int, int], int], Texts]
"""Texts and membership from a seed and a number of documents."""

LABELS = ("rare", "common", "clean")
SHARES = (0.06, 0.3, 0.6)
SIZES = (600, 600, 800)
"""Documents to train, to tune and to measure."""


def truth_of(n: int, seed: int, shares: Sequence[float] = SHARES) -> Bools:
    return np.asarray(np.random.default_rng(seed).random((n, len(shares))) < np.array(shares))


def scores_of(truth: Bools, seed: int, skill: Sequence[float] = (2, 2, 2)) -> Floats:
    """Scores that rank by truth with fresh noise, best cut about .5."""
    noise = np.random.default_rng(seed).normal(size=truth.shape)
    margins = noise + truth * np.array(skill) - np.array(skill) / 2
    return np.asarray(np.round(1 / (1 + np.exp(-margins)), 4))


def run_of(
    name: str,
    truth: Bools,
    scores: Floats,
    thresholds: Mapping[str, float] | None = None,
    clusters: npt.NDArray[np.int32] | None = None,
    labels: tuple[str, ...] = LABELS,
) -> RunFigures:
    part = Part("test", labels, scores.astype(np.float32), truth, clusters=clusters)
    own = dict(thresholds or dict.fromkeys(labels, 0.5))
    return RunFigures(name, part, part.decide(dict.fromkeys(labels, 0.5)), part.decide(own), own)


def arm_of(
    name: str, *runs: RunFigures, kind: str = "repeats", positives: int = 100, distinct: int = 40
) -> ArmRuns:
    """An arm that raises the label "rare"."""
    others = {label: 200 for label in runs[0].test.labels}
    return ArmRuns(name, kind, {**others, "rare": positives}, {**others, "rare": distinct}, runs)


def base_of(*runs: RunFigures) -> ArmRuns:
    return arm_of("base", *runs, kind="base", positives=40)


def null_arms(seed: int, n: int = 400, arms: int = 6) -> tuple[ArmRuns, list[ArmRuns]]:
    """A base and arms that are equally good in the population and differ by noise alone."""
    truth = truth_of(n, seed)
    runs = [run_of(f"run{k}", truth, scores_of(truth, 1_000 * seed + k)) for k in range(arms + 1)]
    return base_of(runs[0]), [arm_of(f"n{k}", run) for k, run in enumerate(runs[1:])]


def figures(row: ArmRow, label: str) -> ArmFigures:
    return next(found for found in row.labels if found.name == label)


def _filler(generator: np.random.Generator, n: int, words: int, vocabulary: int) -> list[list[str]]:
    drawn = generator.integers(0, vocabulary, (n, words)).tolist()
    return [[f"w{word}" for word in row] for row in drawn]


def repeats_cannot_help(seed: tuple[int, int], n: int) -> Texts:
    """Label "noise" is independent of the text; of "plain" one word tells all there is to know."""
    generator = np.random.default_rng(seed)
    texts = _filler(generator, n, 12, 150)
    noise, signal, other = (generator.random(n) < share for share in (0.08, 0.12, 0.4))
    plain = generator.random(n) < np.where(signal, 0.7, 0.02)
    for words, has_signal, has_topic in zip(texts, signal, other, strict=True):
        words += ["signal"] * bool(has_signal) + ["topic"] * bool(has_topic)
    return [" ".join(words) for words in texts], np.column_stack((noise, plain, other))


def repeats_help(seed: tuple[int, int], n: int) -> Texts:
    """An alarm is of label "rare" unless the text also says that it is a drill.

    With few positives the regularised model gives the word that speaks against the label too small
    a weight, so that many drills rank among the alarms; repeats let it grow.
    """
    generator = np.random.default_rng(seed)
    texts = _filler(generator, n, 30, 30)
    kind = generator.random(n)
    rare, drill = kind < 0.06, (kind >= 0.06) & (kind < 0.46)
    other = generator.random(n) < 0.4
    for words, is_rare, is_drill, has_topic in zip(texts, rare, drill, other, strict=True):
        words += ["alarm"] * bool(is_rare or is_drill) + ["drill"] * bool(is_drill)
        words += ["topic"] * bool(has_topic)
    return [" ".join(words) for words in texts], np.column_stack((rare, other))


def trained_arms(
    planted: Planted,
    labels: tuple[str, ...],
    chosen: Sequence[str],
    targets: Sequence[int],
    seed: int,
    sizes: tuple[int, int, int] = SIZES,
) -> tuple[ArmRuns, list[ArmRuns]]:
    """The base and arms of repeats, trained, tuned and scored as the product does."""
    train_part, tuning, test = (planted((seed, part), n) for part, n in enumerate(sizes))
    ids = [f"d{row}" for row in range(sizes[0])]
    dataset = Dataset(ids, train_part[0], labels, train_part[1], "multi-label")

    def arm(name: str, kind: str, recipe: Recipe) -> ArmRuns:
        changed = resample(dataset, recipe)
        model = train(changed.dataset.texts, changed.dataset.membership, labels, "multi-label")
        tuned, measured = (
            Part(part, labels, np.round(score(model, texts), 4), truth)
            for part, (texts, truth) in (("calibration", tuning), ("test", test))
        )
        own = {label: choice.threshold for label, choice in choose_all(tuned.curves()).items()}
        run = RunFigures(
            name, measured, measured.decide(dict.fromkeys(labels, 0.5)), measured.decide(own), own
        )
        return ArmRuns(name, kind, changed.after, changed.distinct, (run,))

    base = arm("base", "base", Recipe())
    had = base.distinct
    arms = [
        arm(
            f"n{target}",
            "repeats",
            Recipe(targets={label: max(target, had[label]) for label in chosen}),
        )
        for target in targets
    ]
    return base, arms
