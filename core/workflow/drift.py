"""Check new predictions against the scores that a thresholds file was made from."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from core.errors import InvalidInput
from core.progress import UNWATCHED, Watch
from core.text import printable
from core.tuning.decimals import FloatArray
from core.tuning.drift import DriftReference, DriftReport, Tally, count_scores, drift_check
from core.tuning.part import multiclass_scores
from core.tuning.thresholds import (
    Thresholds,
    at_line,
    load,
    prediction_pairs,
    read_predictions,
    scores_by_name,
)

_BLOCK = 10_000
"""Predictions counted at once."""


def check_drift(
    thresholds_path: Path,
    predictions: Path,
    arn: str | None = None,
    level: float = 0.95,
    watch: Watch = UNWATCHED,
) -> DriftReport:
    """Say per label whether new predictions moved away from the file's reference.

    Args:
        thresholds_path: a thresholds file with references.
        predictions: ``predictions.jsonl``, the same gzipped, or the ``output.tar.gz`` with it.
        arn: the classifier that made them; needed when the thresholds are for several.
        level: chance that no label is wrongly said to have moved.
        watch: told after each block of predictions.

    Raises:
        InvalidInput: a file is damaged or of another classifier, or the thresholds file has no
            reference.
        Interrupted: cancelled.
    """
    thresholds = load(thresholds_path)
    reference = references_of(thresholds)
    if not reference:
        raise InvalidInput(
            "No reference",
            f"{printable(str(thresholds_path))} does not say what scores looked like then",
            "save the thresholds again: comprehend-tuner thresholds --save PATH",
        )
    return drift_of(thresholds, reference, predictions, arn, level, watch)


def references_of(thresholds: Thresholds) -> dict[str, DriftReference]:
    """The references that a thresholds file holds, by label."""
    references = {
        label: getattr(thresholds.labels[label], "drift_reference", None)
        for label in thresholds.label_order
    }
    return {label: reference for label, reference in references.items() if reference is not None}


def drift_of(
    thresholds: Thresholds,
    reference: dict[str, DriftReference],
    predictions: Path,
    arn: str | None = None,
    level: float = 0.95,
    watch: Watch = UNWATCHED,
) -> DriftReport:
    """As `check_drift`, with references from elsewhere."""
    labels = _decided_labels(thresholds, arn)
    tallies: dict[str, Tally] = {}
    rows: list[dict[str, float]] = []
    done = errored = 0
    for scores in _predictions(thresholds, predictions, arn, watch):
        if scores is None:
            errored += 1
            continue
        rows.append(scores)
        if len(rows) == _BLOCK:
            _count(thresholds, reference, labels, rows, tallies)
            done += len(rows)
            rows = []
            watch.report("reading predictions", done, None, "documents")
    if rows:
        _count(thresholds, reference, labels, rows, tallies)
    return drift_check(reference, tallies, level=level, errored=errored)


def _decided_labels(thresholds: Thresholds, arn: str | None) -> dict[str, tuple[str, ...]]:
    """The labels that the classifier decides, with all the labels it knows."""
    if arn is not None:
        thresholds.check_classifier(arn)
    elif len(thresholds.classifiers) > 1:
        raise InvalidInput(
            "Which classifier?",
            f"the thresholds are for {len(thresholds.classifiers)} classifiers",
            "give the ARN of the one that made the predictions",
        )
    decided: dict[str, tuple[str, ...]] = {}
    taken: set[str] = set()
    for classifier in thresholds.classifiers:
        if arn in (None, classifier.arn):
            decided |= {name: classifier.labels for name in classifier.labels if name not in taken}
        taken.update(classifier.labels)
    return decided


def _predictions(
    thresholds: Thresholds, source: Path, arn: str | None, watch: Watch
) -> Iterator[dict[str, float] | None]:
    """The returned scores of every document, None for one that the service could not score."""
    names = {
        name: None
        for classifier in thresholds.classifiers
        if arn in (None, classifier.arn)
        for name in classifier.labels
    }
    for number, prediction in read_predictions(source, watch):
        scores = None
        if prediction.ErrorCode is None:
            with at_line(source, number):
                scores = scores_by_name(prediction_pairs(thresholds, prediction), names)
        yield scores


def _count(
    thresholds: Thresholds,
    reference: dict[str, DriftReference],
    labels: dict[str, tuple[str, ...]],
    rows: list[dict[str, float]],
    tallies: dict[str, Tally],
) -> None:
    """Add a block of predictions to the counts of every label."""
    ceilings = np.array([min(row.values(), default=1.0) for row in rows], dtype=np.float32)
    listed = [[row.get(name, np.nan) for name in labels] for row in rows]
    scores: FloatArray = np.array(listed, dtype=np.float32)
    if thresholds.mode == "multi-class":
        scores = multiclass_scores(scores)
    for column, name in enumerate(labels):
        if name not in reference:
            continue
        then = reference[name]
        counted = count_scores(
            scores[:, column], ceilings, then.threshold, [point.score for point in then.points]
        )
        tallies[name] = tallies[name] + counted if name in tallies else counted
