"""The audit of a split: counts, shares, deviations, gaps and clusters that were torn apart."""

import numpy as np
import pytest

from core.dataset.documents import Dataset, membership_of
from core.dataset.splits import audit_split, stratified_split
from core.errors import InvalidInput
from core.views.frames import split_frame

NAMES = ("train", "test")
RATIOS = (0.8, 0.2)


def dataset_of(label_sets: list[list[str]], labels: tuple[str, ...]) -> Dataset:
    return Dataset(
        ids=[f"d{row}" for row in range(len(label_sets))],
        texts=[f"text number {row}" for row in range(len(label_sets))],
        labels=labels,
        membership=membership_of(label_sets, labels),
        mode="multi-label",
    )


def ten() -> tuple[Dataset, np.ndarray[tuple[int], np.dtype[np.int8]]]:
    """Ten documents: a in all, b in five (two of them in test), c in none."""
    dataset = dataset_of(
        [["a", "b"] if row in (0, 1, 2, 8, 9) else ["a"] for row in range(10)], ("a", "b", "c")
    )
    return dataset, np.array([0] * 8 + [1] * 2, dtype=np.int8)


def test_counts_shares_and_deviations_of_a_known_split() -> None:
    dataset, parts = ten()
    audit = audit_split(parts, dataset, NAMES, RATIOS)
    assert audit.sizes == (8, 2)
    assert [label.counts for label in audit.labels] == [(8, 2), (3, 2), (0, 0)]
    assert audit.labels[1].shares == (0.6, 0.4)
    assert [label.deviation for label in audit.labels] == pytest.approx([0.0, 1.0, 0.0])
    assert audit.worst_deviation == pytest.approx(1.0)
    assert audit.mean_deviation == pytest.approx(0.5)
    assert audit.pair_deviation == pytest.approx(1.0)
    assert audit.clusters_split == 0


def test_e5_the_quota_is_checked_after_the_split() -> None:
    rows = [["rare"] if row < 11 else ["often"] for row in range(200)]
    dataset = dataset_of(rows, ("rare", "often"))
    names, ratios = ("train", "calibration", "test"), (0.7, 0.1, 0.2)
    parts = stratified_split(dataset.membership, ratios, 1)
    audit = audit_split(parts, dataset, names, ratios)
    assert audit.labels[0].counts == (8, 1, 2)
    assert audit.too_few == ("rare",)
    assert audit.missing == ()


def test_e5_labels_without_a_positive_in_a_part_are_named() -> None:
    rows = [["one"] if row == 5 else ["often"] for row in range(100)]
    dataset = dataset_of(rows, ("one", "often", "never"))
    audit = audit_split(stratified_split(dataset.membership, RATIOS, 1), dataset, NAMES, RATIOS)
    assert audit.missing == (("one", "test"), ("never", "train"), ("never", "test"))
    assert audit.too_few == ("one", "never")


def test_e2_duplicates_in_two_parts_are_counted() -> None:
    dataset, parts = ten()
    dataset.texts[0] = "The very same  words"
    dataset.texts[9] = "the very same words"
    assert audit_split(parts, dataset, NAMES, RATIOS).clusters_split == 1


def test_given_clusters_are_used_instead_of_the_texts() -> None:
    dataset, parts = ten()
    clusters = np.array([0, 1, 2, 3, 4, 5, 6, 1, 0, 1], dtype=np.int32)
    assert audit_split(parts, dataset, NAMES, RATIOS, clusters).clusters_split == 2


def test_documents_in_no_part_are_left_out() -> None:
    dataset, parts = ten()
    parts[0] = -1
    audit = audit_split(parts, dataset, NAMES, RATIOS)
    assert audit.sizes == (7, 2)
    assert audit.labels[1].counts == (2, 2)


def test_the_table_has_a_row_per_label_and_columns_per_part() -> None:
    dataset, parts = ten()
    table = split_frame(audit_split(parts, dataset, NAMES, RATIOS))
    assert table.columns.tolist() == [
        "label",
        "in_train",
        "in_test",
        "share_train",
        "share_test",
        "deviation",
    ]
    assert table.iloc[1].tolist() == ["b", 3, 2, 0.6, 0.4, pytest.approx(1.0)]


@pytest.mark.parametrize(
    ("parts", "names", "said"),
    [
        ([0] * 9, NAMES, "9 part numbers for 10 documents"),
        ([0] * 10, ("train",), "1 part names for 2 ratios"),
        ([0] * 9 + [2], NAMES, "part number 2"),
    ],
)
def test_an_audit_of_something_else_is_refused(
    parts: list[int], names: tuple[str, ...], said: str
) -> None:
    with pytest.raises(InvalidInput, match=said):
        audit_split(np.array(parts, dtype=np.int8), ten()[0], names, RATIOS)
