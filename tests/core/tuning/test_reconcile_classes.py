"""The service's multi-class matrix, reproduced from scores."""

import dataclasses

import numpy as np

from core.tuning.part import Part, multiclass_scores
from core.tuning.reconcile import ServiceMatrix, reconcile
from tests.core.tuning.test_reconcile import LABELS, CellCounts, cells_at, only, part_of


def classes(n: int = 800) -> tuple[Part, ServiceMatrix, CellCounts]:
    draws = np.random.default_rng(3)
    actual = draws.integers(4, size=n)
    truth = np.eye(4, dtype=np.bool_)[actual]
    scores = np.exp(draws.normal(size=(n, 4)) + 1.5 * truth)
    scores /= scores.sum(axis=1, keepdims=True)
    top = scores.argmax(axis=1)
    matrix = np.bincount(actual * 4 + top, minlength=16).reshape(4, 4).astype(np.int64)
    cells = cells_at(np.eye(4)[top], truth)
    part = part_of(scores, truth)
    return (
        dataclasses.replace(part, scores=multiclass_scores(part.scores)),
        ServiceMatrix(LABELS, matrix),
        cells,
    )


def test_the_matrix_of_classes_is_compared_element_by_element() -> None:
    part, matrix, cells = classes()
    found = reconcile(part, cells, {}, len(part), "multi-class", matrix=matrix)
    assert found.outcome == "reproduced" and not found.findings
    turned = ServiceMatrix(LABELS[::-1], matrix.counts[::-1, ::-1])
    assert not reconcile(part, cells, {}, len(part), "multi-class", matrix=turned).findings
    counts = matrix.counts.copy()
    counts[0, 1] += 1
    counts[0, 2] -= 1
    other = ServiceMatrix(LABELS, counts)
    found = reconcile(part, cells, {}, len(part), "multi-class", matrix=other)
    assert only(found) == "other-confusions" and "1 document " in found.findings[0].message


def test_shifted_lines_of_classes_are_named() -> None:
    part, matrix, cells = classes()
    moved = dataclasses.replace(part, scores=np.roll(part.scores, 1, axis=0))
    found = reconcile(moved, cells, {}, len(part), "multi-class", matrix=matrix)
    assert only(found) == "shifted-lines"
