"""Measures of imbalance against figures worked out by hand, and checks on real data."""

import csv
import math
from pathlib import Path

import numpy as np
import pytest

from core.dataset.documents import Dataset
from core.dataset.health.checks import run_checks
from core.dataset.health.findings import (
    HealthContext,
    cooccurrence,
    cvir,
    irlbl,
    label_distribution,
    mean_ir,
    scumble,
    scumble_of_documents,
    scumble_of_labels,
)
from tests.core.dataset.health_data import dataset_of, found_in, sentence


def test_distribution_is_sorted_and_counts_shares_of_documents() -> None:
    rows = [("t", ["b"]), ("t", ["a", "b"]), ("t", ["b"]), ("t", [])]
    counts = label_distribution(dataset_of(rows, labels=("a", "b", "unused")))
    assert [(c.label, c.count, c.share, c.imbalance) for c in counts] == [
        ("b", 3, 0.75, 1.0),
        ("a", 1, 0.25, 3.0),
        ("unused", 0, 0.0, math.inf),
    ]


def test_cooccurrence_has_support_on_the_diagonal() -> None:
    rows = [("t", ["a"]), ("t", ["a", "b"]), ("t", ["a", "b", "c"])]
    matrix = cooccurrence(dataset_of(rows))
    assert matrix.tolist() == [[3, 2, 1], [2, 2, 1], [1, 1, 1]]
    assert matrix.dtype == np.int64


def test_imbalance_ratios_by_hand() -> None:
    support = np.array([100, 50, 10, 0])
    assert irlbl(support).tolist() == [1.0, 2.0, 10.0, math.inf]
    assert mean_ir(support) == pytest.approx(13 / 3)
    spread = math.sqrt(sum((value - 13 / 3) ** 2 for value in (1, 2, 10)) / 2)
    assert cvir(support) == pytest.approx(spread / (13 / 3))


def test_e6_scumble_by_hand() -> None:
    common_alone, both, rare_alone = [True, False], [True, True], [False, True]
    membership = np.array([common_alone] * 8 + [both] * 2 + [[False, False]])
    expected = 1 - math.sqrt(1 * 5) / 3  # IRLbl 1 and 5: geometric over arithmetic mean
    assert scumble_of_documents(membership).tolist() == pytest.approx(
        [0] * 8 + [expected] * 2 + [0]
    )
    assert scumble(membership) == pytest.approx(2 * expected / 11)
    assert scumble_of_labels(membership).tolist() == pytest.approx([2 * expected / 10, expected])
    apart = np.array([common_alone] * 8 + [rare_alone] * 2)
    assert scumble(apart) == 0


def test_e6_labels_of_high_scumble_are_named_with_their_figures() -> None:
    rows = [(sentence(n), ["common", "rare"] if n < 10 else ["common"]) for n in range(100)]
    finding = found_in(dataset_of(rows), "label-concurrence")
    expected = 1 - math.sqrt(10) / 5.5
    assert finding.labels == ("rare",)
    assert finding.measures["SCUMBLE rare"] == pytest.approx(expected)
    assert finding.measures["SCUMBLE"] == pytest.approx(expected / 10)


def test_skew_is_measured_with_and_without_the_none_label() -> None:
    rows = [(sentence(n), ["none"]) for n in range(200)]
    rows += [(sentence(200 + n), ["a"]) for n in range(40)]
    rows += [(sentence(300 + n), ["b"]) for n in range(10)]
    finding = found_in(dataset_of(rows, none_label="none"), "skew")
    assert finding.labels == ("b",)
    assert finding.measures == {"ratio": 20.0, "ratio_without_none_label": 4.0}


def test_labels_that_always_come_together_are_a_warning() -> None:
    rows = [(sentence(n), ["a", "twin"] if n % 2 else ["b"]) for n in range(100)]
    finding = found_in(dataset_of(rows), "implied-labels")
    assert (finding.severity, set(finding.labels)) == ("warning", {"a", "twin"})
    assert finding.measures == {"always_together": 2.0}


def test_real_comments_get_few_and_useful_findings(shared_data: Path) -> None:
    with (shared_data / "jigsaw" / "comments.csv").open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    named = np.array([[cell == "1" for cell in row[2:]] for row in rows])
    dataset = Dataset(
        ids=[row[0] for row in rows],
        texts=[row[1] for row in rows],
        labels=(*header[2:], "clean"),
        membership=np.column_stack((named, ~named.any(axis=1))),
        mode="multi-label",
        none_label="clean",
    )
    found = {f.id: f for f in run_checks(HealthContext(dataset=dataset))}
    assert [f.id for f in found.values() if f.severity == "error"] == []
    assert {f.id for f in found.values() if f.severity == "warning"} == {"exact-duplicates", "skew"}
    assert found["skew"].measures["ratio"] == pytest.approx(16_272 / 61)
    assert found["skew"].labels[0] == "threat"
    assert found["embedded-newlines"].share == pytest.approx(0.42, abs=0.01)
    assert found["implied-labels"].labels == ("severe_toxic",)
    assert 0.01 < found["near-duplicates"].share < 0.05
