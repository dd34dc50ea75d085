"""Linear candidates against the twin's engine: ranking, time, calibration and room for thresholds.

    python -m tests.benchmarks.bench_engine [CSV]

CSV is a wide file with a text column and 0/1 label columns; without it a seeded stand-in is made.
Times are CPU seconds of one thread for fitting and scoring, and ratios are to the fastest candidate
of the same run. The last table splits the documents 70/10/20 as the product does, with documents of
no label as a label of their own, and shows test macro-F1 at 0.5 and at thresholds that are best on
calibration.
"""

import csv
import importlib
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

BoolMatrix = npt.NDArray[np.bool_]
FloatMatrix = npt.NDArray[Any]

_SEEDS = (0, 1, 2)
_SPLIT_SEEDS = (*range(6), 7, *range(20, 26))
_TEST_SHARE = 0.3
_BINS = 15


@dataclass(frozen=True)
class Sample:
    """Labelled documents, divided."""

    labels: tuple[str, ...]
    texts: list[str]
    test_texts: list[str]
    truth: BoolMatrix
    test_truth: BoolMatrix


@dataclass(frozen=True)
class Result:
    """One candidate on one division."""

    name: str
    seconds: float
    area: float
    errors: npt.NDArray[np.float64] | None
    """Expected calibration error per label; None when scores are no probabilities."""


def main(arguments: list[str]) -> None:
    """Print the table of candidates and the engine's figures per label."""
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ[name] = "1"
    labels, texts, truth = _read(Path(arguments[0])) if arguments else _stand_in()
    print(f"{len(texts):,} documents, labels: {', '.join(labels)}; seeds {_SEEDS}")
    _warm_up()
    runs = [_run_all(_divide(labels, texts, truth, seed)) for seed in _SEEDS]
    _print_table(runs)
    errors = np.mean([run[-1].errors for run in runs if run[-1].errors is not None], axis=0)
    print("\nexpected calibration error of the engine, 15 equal bins")
    for label, error in zip(labels, errors, strict=True):
        print(f"  {label:<20} {error:.4f}")
    print(f"  {'mean':<20} {errors.mean():.4f}")
    _print_rises(texts, np.concatenate([truth, ~truth.any(axis=1, keepdims=True)], axis=1))


def _print_table(runs: list[list[Result]]) -> None:
    results = [run for run in zip(*runs, strict=True)]
    seconds = [min(one.seconds for one in group) for group in results]
    areas = [float(np.mean([one.area for one in group])) for group in results]
    fastest, best = min(seconds[:-1]), max(areas[:-1])
    print(f"\n{'candidate':<50} {'AUC':>7} {'to best':>8} {'CPU s':>7} {'ratio':>6} {'ECE':>7}")
    for group, taken, area in zip(results, seconds, areas, strict=True):
        measured = [one.errors.mean() for one in group if one.errors is not None]
        error = f"{np.mean(measured):.4f}" if measured else "-"
        print(
            f"{group[0].name:<50} {area:7.4f} {area - best:+8.4f} {taken:7.2f}"
            f" {taken / fastest:6.2f} {error:>7}"
        )
    print(
        f"\nengine: AUC {areas[-1]:.4f} (target >= 0.95 and >= {best - 0.005:.4f}),"
        f" time {seconds[-1] / fastest:.2f} x the fastest (target <= 3)"
    )


def _print_rises(texts: list[str], truth: BoolMatrix) -> None:
    from core.dataset.duplicates import duplicate_clusters

    clusters = duplicate_clusters(texts)
    print(f"\nmacro-F1 on test\n{'split seed':<11} {'at 0.5':>7} {'tuned':>7} {'rise':>7}")
    rises = []
    for seed in _SPLIT_SEEDS:
        before, after = _macro_f1s(texts, truth, clusters, seed)
        rises.append(after - before)
        print(f"{seed:<11} {before:7.3f} {after:7.3f} {after - before:+7.3f}", flush=True)
    enough = sum(rise >= 0.15 for rise in rises)
    print(
        f"rise: mean {np.mean(rises):+.3f}, least {min(rises):+.3f},"
        f" {enough} of {len(rises)} splits at 0.15 or more"
    )


def _macro_f1s(
    texts: list[str], truth: BoolMatrix, clusters: npt.NDArray[np.int32], seed: int
) -> tuple[float, float]:
    """Test macro-F1 at 0.5, and at each label's best threshold on calibration."""
    from core.dataset.splits import stratified_split
    from core.offline.model import score, train

    part = stratified_split(truth, (0.7, 0.1, 0.2), seed, clusters)
    fit, calibration, test = (np.flatnonzero(part == number) for number in range(3))
    labels = [str(column) for column in range(truth.shape[1])]
    model = train([texts[row] for row in fit.tolist()], truth[fit], labels, "multi-label")
    tuned_on, tested_on = (
        np.round(score(model, [texts[row] for row in rows.tolist()]).astype(np.float64), 4)
        for rows in (calibration, test)
    )
    thresholds = np.array(
        [_best_threshold(*pair) for pair in zip(tuned_on.T, truth[calibration].T, strict=True)]
    )
    return (
        float(_f1s(tested_on >= 0.5, truth[test]).mean()),
        float(_f1s(tested_on >= thresholds, truth[test]).mean()),
    )


def _best_threshold(scores: FloatMatrix, truth: npt.NDArray[np.bool_]) -> float:
    """The score from which calling documents positive gives the highest F1."""
    order = np.argsort(-scores, kind="stable")
    ordered = scores[order]
    called = np.arange(1, len(ordered) + 1)
    f1 = 2 * np.cumsum(truth[order]) / (called + truth.sum())
    is_cut = np.append(ordered[1:] != ordered[:-1], True)
    return float(ordered[np.argmax(np.where(is_cut, f1, -1))])


def _f1s(called: BoolMatrix, truth: BoolMatrix) -> npt.NDArray[np.float64]:
    either = called.sum(axis=0) + truth.sum(axis=0)
    return np.asarray(2 * (called & truth).sum(axis=0) / np.maximum(either, 1), np.float64)


def _run_all(sample: Sample) -> list[Result]:
    return [*_candidates(sample), _engine(sample)]


def _candidates(sample: Sample) -> list[Result]:
    from scipy import sparse
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.svm import LinearSVC

    word = {"sublinear_tf": True, "min_df": 2, "dtype": np.float32}
    character = {**word, "min_df": 3, "analyzer": "char_wb", "ngram_range": (2, 5)}
    vectorizers = {
        "words": TfidfVectorizer(dtype=np.float32),
        "words, log tf": TfidfVectorizer(**word),
        "words and pairs, log tf": TfidfVectorizer(**word, ngram_range=(1, 2)),
        "characters 2-5, log tf": TfidfVectorizer(**character),
    }
    models = {
        "LR dual C=1": lambda: LogisticRegression(solver="liblinear", dual=True, C=1),
        "LR dual C=3": lambda: LogisticRegression(solver="liblinear", dual=True, C=3),
        "SVC C=0.1": lambda: LinearSVC(C=0.1),
    }
    features: dict[str, tuple[Any, Any, float]] = {}
    for name, vectorizer in vectorizers.items():
        started = time.process_time()
        pair = vectorizer.fit_transform(sample.texts), vectorizer.transform(sample.test_texts)
        features[name] = (*pair, time.process_time() - started)
    words, characters = features["words and pairs, log tf"], features["characters 2-5, log tf"]
    features["words, pairs and characters, log tf"] = (
        sparse.csr_matrix(sparse.hstack([words[0], characters[0]])),
        sparse.csr_matrix(sparse.hstack([words[1], characters[1]])),
        words[2] + characters[2],
    )
    found = [
        _fit(f"{feature} + {model}", make, features[feature], sample)
        for feature in features
        for model, make in models.items()
    ]
    return [*found, _weighted(features["words and pairs, log tf"], sample)]


def _fit(
    name: str, make: Callable[[], Any], features: tuple[Any, Any, float], sample: Sample
) -> Result:
    train, test, seconds = features
    started = time.process_time()
    columns = []
    for column in sample.truth.T:
        model = make().fit(train, column)
        is_probability = hasattr(model, "predict_proba")
        columns.append(
            model.predict_proba(test)[:, 1] if is_probability else model.decision_function(test)
        )
    seconds += time.process_time() - started
    return _result(name, seconds, np.array(columns).T, sample, is_probability)


def _weighted(features: tuple[Any, Any, float], sample: Sample) -> Result:
    """Log-count ratios as weights (Wang and Manning 2012, "Baselines and bigrams")."""
    from sklearn.linear_model import LogisticRegression

    train, test, seconds = features
    started = time.process_time()
    columns = []
    for column in sample.truth.T:
        inside = 1 + np.asarray(train[column].sum(axis=0)).ravel()
        outside = 1 + np.asarray(train[~column].sum(axis=0)).ravel()
        ratio = np.log((inside / inside.sum()) / (outside / outside.sum())).astype(np.float32)
        model = LogisticRegression(solver="liblinear", dual=True, C=1)
        model.fit(train.multiply(ratio).tocsr(), column)
        columns.append(model.predict_proba(test.multiply(ratio).tocsr())[:, 1])
    seconds += time.process_time() - started
    return _result(
        "words and pairs, NB weights + LR dual C=1", seconds, np.array(columns).T, sample
    )


def _engine(sample: Sample) -> Result:
    from core.offline.model import score, train

    started = time.process_time()
    model = train(sample.texts, sample.truth, sample.labels, "multi-label")
    scores = score(model, sample.test_texts)
    return _result("engine", time.process_time() - started, scores, sample)


def _result(
    name: str, seconds: float, scores: FloatMatrix, sample: Sample, is_probability: bool = True
) -> Result:
    from sklearn.metrics import roc_auc_score

    pairs = list(zip(scores.T, sample.test_truth.T, strict=True))
    area = float(np.mean([roc_auc_score(truth, column) for column, truth in pairs]))
    errors = np.array([_calibration_error(*pair) for pair in pairs]) if is_probability else None
    return Result(name, seconds, area, errors)


def _calibration_error(scores: FloatMatrix, truth: npt.NDArray[np.bool_]) -> float:
    """Mean gap of score and rate over equal bins (Naeini et al. 2015), weighted by documents."""
    place = np.minimum((scores * _BINS).astype(np.intp), _BINS - 1)
    gaps = np.bincount(place, scores - truth, minlength=_BINS)
    return float(np.abs(gaps).sum() / len(scores))


def _divide(labels: tuple[str, ...], texts: list[str], truth: BoolMatrix, seed: int) -> Sample:
    from iterstrat.ml_stratifiers import MultilabelStratifiedShuffleSplit

    splitter = MultilabelStratifiedShuffleSplit(1, test_size=_TEST_SHARE, random_state=seed)
    train, test = next(splitter.split(np.zeros(len(texts)), truth.astype(int)))
    return Sample(
        labels,
        [texts[row] for row in train.tolist()],
        [texts[row] for row in test.tolist()],
        truth[train],
        truth[test],
    )


def _read(path: Path) -> tuple[tuple[str, ...], list[str], BoolMatrix]:
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    labels = tuple(name for name in rows[0] if all(row[name] in ("0", "1") for row in rows))
    column = max((n for n in rows[0] if n not in labels), key=lambda n: len(rows[0][n]))
    truth = np.array([[row[label] == "1" for label in labels] for row in rows], np.bool_)
    return labels, [row[column] for row in rows], truth


def _stand_in() -> tuple[tuple[str, ...], list[str], BoolMatrix]:
    """6,000 documents of made-up words in which labels shift the word frequencies."""
    generator = np.random.default_rng(0)
    syllables = [a + b for a in "bdfgklmnprst" for b in "aeiou"]
    words = np.array(["".join(generator.choice(syllables, 3)) for _ in range(8_000)])
    rates, lean = np.array([0.1, 0.03, 0.01]), generator.random((3, 8_000)) < 0.01
    truth = generator.random((6_000, 3)) < rates
    base = 1 / np.arange(10, 8_010)
    texts = []
    for row in truth:
        weight = base * (1 + 12 * lean[row].any(axis=0))
        texts.append(" ".join(generator.choice(words, 40, p=weight / weight.sum())))
    return ("one", "two", "three"), texts, truth


def _warm_up() -> None:
    """Load what every candidate needs, so that none pays for another's imports."""
    for name in ("feature_extraction.text", "linear_model", "metrics", "svm"):
        importlib.import_module(f"sklearn.{name}")
    importlib.import_module("scipy.optimize")


if __name__ == "__main__":
    main(sys.argv[1:])
