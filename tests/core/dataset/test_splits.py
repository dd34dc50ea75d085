"""The stratified split: whole, exact in size, at the bound per label, repeatable."""

import hashlib
import os
import subprocess
import sys
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.dataset.documents import BoolMatrix
from core.dataset.splits import stratified_split
from core.errors import InvalidInput

THREE = (0.7, 0.1, 0.2)
TWO = (0.8, 0.2)
Counts = npt.NDArray[np.int64]


def documents(
    n_documents: int, supports: Sequence[int], seed: int = 0, none_label: bool = True
) -> BoolMatrix:
    """Labels drawn independently, each with exactly its support."""
    rng = np.random.default_rng(seed)
    membership = np.zeros((n_documents, len(supports)), dtype=np.bool_)
    for label, support in enumerate(supports):
        membership[rng.choice(n_documents, support, replace=False), label] = True
    if none_label:
        membership = np.column_stack((membership, ~membership.any(axis=1)))
    return membership


def classes(n_documents: int, n_classes: int, seed: int = 0) -> BoolMatrix:
    """One class per document, the last ones rare."""
    rng = np.random.default_rng(seed)
    shares = np.geomspace(1, 0.01, n_classes)
    chosen = rng.choice(n_classes, n_documents, p=shares / shares.sum())
    return np.eye(n_classes, dtype=np.bool_)[chosen]


def positives(membership: BoolMatrix, parts: npt.NDArray[np.int8], n_parts: int) -> Counts:
    """int64 (n_labels, n_parts)."""
    return np.stack([membership[parts == part].sum(axis=0) for part in range(n_parts)], axis=1)


def smallest_deviation(support: int, ratios: Sequence[float]) -> float:
    """The least possible worst relative deviation of whole rows, by bisection."""
    wanted = support * np.array(ratios)
    low, high = 0.0, 10.0 + support
    for _ in range(60):
        middle = (low + high) / 2
        least = np.ceil(wanted * (1 - middle) - 1e-9)
        most = np.floor(wanted * (1 + middle) + 1e-9)
        if np.all(least <= most) and least.sum() <= support <= most.sum():
            high = middle
        else:
            low = middle
    return high


def deviations(
    membership: BoolMatrix, parts: npt.NDArray[np.int8], ratios: Sequence[float]
) -> npt.NDArray[np.float64]:
    counts = positives(membership, parts, len(ratios))
    wanted = counts.sum(axis=1, keepdims=True) * np.array(ratios)
    worst: npt.NDArray[np.float64] = (np.abs(counts - wanted) / wanted).max(axis=1)
    return worst


def test_e3_each_document_is_in_exactly_one_part_and_the_ratio_holds() -> None:
    membership = documents(5_003, [900, 400, 77, 30], seed=1)
    parts = stratified_split(membership, TWO, seed=7)
    assert parts.shape == (5_003,)
    assert parts.dtype == np.int8
    assert np.bincount(parts).tolist() == [4_002, 1_001]
    in_test = positives(membership, parts, 2)[:, 1]
    assert np.abs(in_test - 0.2 * membership.sum(axis=0)).max() <= 0.5


def test_e4_same_seed_gives_the_same_bytes_and_exact_sizes() -> None:
    membership = documents(2_001, [300, 120, 40])
    first = stratified_split(membership, THREE, seed=3)
    assert first.tobytes() == stratified_split(membership, THREE, seed=3).tobytes()
    assert first.tobytes() != stratified_split(membership, THREE, seed=4).tobytes()
    assert np.abs(np.bincount(first) - 2_001 * np.array(THREE)).max() < 1


def test_e4_the_split_does_not_depend_on_the_hash_seed_of_the_process() -> None:
    program = (
        "import numpy as np, hashlib\n"
        "from core.dataset.splits import stratified_split\n"
        "m = np.random.default_rng(0).random((900, 70)) < 0.05\n"
        "parts = stratified_split(m, (0.7, 0.1, 0.2), 5, np.arange(900, dtype=np.int32) // 2)\n"
        "print(hashlib.sha256(parts.tobytes()).hexdigest())\n"
    )
    digests = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        for seed in ("1", "2")
    }
    here = np.random.default_rng(0).random((900, 70)) < 0.05
    parts = stratified_split(here, THREE, 5, np.arange(900, dtype=np.int32) // 2)
    assert digests == {hashlib.sha256(parts.tobytes()).hexdigest()}


def test_e4_documents_of_a_label_set_are_drawn_at_random_not_in_source_order() -> None:
    membership = np.ones((1_000, 1), dtype=np.bool_)
    test_rows = np.flatnonzero(stratified_split(membership, TWO, seed=1) == 1)
    assert 350 < test_rows.mean() < 650
    assert len(set(np.diff(test_rows).tolist())) > 5


@pytest.mark.parametrize(
    "ratios",
    [TWO, (0.5, 0.5), THREE, (0.6, 0.2, 0.2), (0.1,) * 10],
    ids=lambda r: f"{len(r)} parts",
)
@pytest.mark.parametrize("seed", range(4))
def test_every_label_reaches_the_bound_of_whole_rows(ratios: Sequence[float], seed: int) -> None:
    membership = documents(4_000, [1_200, 517, 333, 148, 97, 41, 23], seed)
    parts = stratified_split(membership, ratios, seed)
    bounds = [smallest_deviation(int(n), ratios) for n in membership.sum(axis=0)]
    assert deviations(membership, parts, ratios).max() <= max(bounds) + 1e-6
    assert np.abs(np.bincount(parts) - 4_000 * np.array(ratios)).max() < 1


def test_classes_reach_their_share_as_labels_do() -> None:
    membership = classes(6_000, 12)
    parts = stratified_split(membership, THREE, seed=2)
    counts = positives(membership, parts, 3)
    assert np.abs(counts - membership.sum(axis=0)[:, None] * np.array(THREE)).max() < 1
    assert counts.sum(axis=0).tolist() == [4_200, 600, 1_200]


def test_sizes_are_rounded_so_that_classes_reach_their_bound() -> None:
    membership = np.repeat(np.eye(2, dtype=np.bool_), (802, 302), axis=0)
    parts = stratified_split(membership, TWO, seed=1)
    assert positives(membership, parts, 2)[:, 1].tolist() == [160, 60]
    assert np.bincount(parts).tolist() == [884, 220]


def test_label_pairs_keep_their_share() -> None:
    membership = documents(6_000, [1_500, 1_500, 1_500, 1_500], none_label=False)
    parts = stratified_split(membership, TWO, seed=2)
    for first in range(4):
        for second in range(first):
            both = membership[:, first] & membership[:, second]
            assert abs(both[parts == 1].sum() - 0.2 * both.sum()) < 8


@pytest.mark.parametrize("n_labels", [8, 9, 16, 17, 63, 64, 65, 100, 200])
def test_any_number_of_labels_is_told_apart(n_labels: int) -> None:
    membership = np.repeat(np.eye(n_labels, dtype=np.bool_), 10, axis=0)
    parts = stratified_split(membership, TWO, seed=1)
    assert positives(membership, parts, 2).tolist() == [[8, 2]] * n_labels


@pytest.mark.parametrize("n_labels", [0, 3, 20])
def test_documents_without_any_label_are_split_too(n_labels: int) -> None:
    parts = stratified_split(np.zeros((50, n_labels), dtype=np.bool_), TWO, seed=1)
    assert np.bincount(parts).tolist() == [40, 10]


def test_e5_a_label_with_11_positives_is_in_every_part() -> None:
    membership = documents(1_000, [11, 300], seed=5)
    counts = positives(membership, stratified_split(membership, THREE, seed=1), 3)
    assert counts[0].tolist() == [8, 1, 2]


@pytest.mark.parametrize(
    ("support", "expected"), [(1, [1, 0, 0]), (2, [1, 0, 1]), (3, [1, 1, 1]), (4, [2, 1, 1])]
)
def test_e5_very_rare_labels_go_to_train_then_test_then_calibration(
    support: int, expected: list[int]
) -> None:
    membership = documents(600, [support, 200], seed=support)
    for seed in range(5):
        counts = positives(membership, stratified_split(membership, THREE, seed), 3)
        assert counts[0].tolist() == expected


def test_e2_clusters_stay_together_and_labels_keep_their_share() -> None:
    membership = documents(3_000, [700, 150, 60], seed=2)
    clusters = np.arange(3_000, dtype=np.int32)
    clusters[:400] = clusters[400:800]
    clusters[800:900] = 800
    parts = stratified_split(membership, THREE, 1, clusters)
    for number in np.unique(clusters):
        assert len(set(parts[clusters == number].tolist())) == 1
    assert np.bincount(parts).tolist() == [2_100, 300, 600]
    counts = positives(membership, parts, 3)
    assert np.abs(counts - membership.sum(axis=0)[:, None] * np.array(THREE)).max() < 1


def test_e1_copies_made_before_the_split_stay_with_their_origin() -> None:
    membership = documents(500, [40, 120], seed=3)
    copies = np.flatnonzero(membership[:, 0]).repeat(5)
    clusters = np.concatenate((np.arange(500), copies)).astype(np.int32)
    parts = stratified_split(membership[clusters], THREE, 1, clusters)
    assert (parts == parts[clusters]).all()
    assert set(parts[copies].tolist()) == {0, 1, 2}


def test_groups_alone_can_be_split() -> None:
    membership = documents(2_000, [500, 200], seed=4)
    clusters = np.random.default_rng(1).integers(0, 300, 2_000).astype(np.int32)
    parts = stratified_split(membership, TWO, 1, clusters)
    assert all(len(set(parts[clusters == number].tolist())) == 1 for number in range(300))
    assert abs(int((parts == 1).sum()) - 400) <= 10
    assert deviations(membership, parts, TWO).max() < 0.1


@pytest.mark.parametrize(
    ("n_documents", "ratios", "part"),
    [(3, THREE, "calibration"), (0, TWO, "train"), (2, (0.9, 0.1), "test"), (1, TWO, "test")],
)
def test_a_part_that_would_be_empty_is_refused(
    n_documents: int, ratios: Sequence[float], part: str
) -> None:
    with pytest.raises(InvalidInput, match=f"part {part}"):
        stratified_split(np.ones((n_documents, 2), dtype=np.bool_), ratios, 1)


def test_one_cluster_cannot_fill_two_parts() -> None:
    with pytest.raises(InvalidInput, match="part test") as caught:
        stratified_split(np.ones((30, 1), dtype=np.bool_), TWO, 1, np.zeros(30, dtype=np.int32))
    assert "stay together" in caught.value.hint


@pytest.mark.parametrize("ratios", [(1.0,), (0.5, 0.0), (0.5, -1.0), (0.5, float("nan")), ()])
def test_ratios_that_make_no_sense_are_refused(ratios: Sequence[float]) -> None:
    with pytest.raises(InvalidInput):
        stratified_split(np.ones((30, 1), dtype=np.bool_), ratios, 1)


def test_a_negative_seed_and_wrong_clusters_are_refused() -> None:
    membership = np.ones((30, 1), dtype=np.bool_)
    with pytest.raises(InvalidInput, match="seed -1"):
        stratified_split(membership, TWO, -1)
    with pytest.raises(InvalidInput, match="29 cluster numbers for 30 documents"):
        stratified_split(membership, TWO, 1, np.zeros(29, dtype=np.int32))


@settings(max_examples=60, deadline=None)
@given(
    n_documents=st.integers(30, 400),
    rates=st.lists(st.floats(0.0, 0.6), min_size=1, max_size=9),
    ratios=st.sampled_from([TWO, THREE, (0.5, 0.5), (0.34, 0.33, 0.33), (0.2,) * 5]),
    seed=st.integers(0, 2**32),
)
def test_any_split_is_whole_exact_in_size_and_close_per_label(
    n_documents: int, rates: list[float], ratios: tuple[float, ...], seed: int
) -> None:
    membership = np.random.default_rng(seed).random((n_documents, len(rates))) < rates
    parts = stratified_split(membership, ratios, seed)
    assert len(parts) == n_documents
    assert set(parts.tolist()) == set(range(len(ratios)))
    assert np.abs(np.bincount(parts) - n_documents * np.array(ratios)).max() < 1
    counts = positives(membership, parts, len(ratios))
    wanted = membership.sum(axis=0)[:, None] * np.array(ratios)
    frequent = wanted.min(axis=1) >= 1
    assert np.abs(counts - wanted)[frequent].max(initial=0) < 2


@settings(max_examples=40, deadline=None)
@given(
    n_documents=st.integers(40, 300),
    n_clusters=st.integers(20, 300),
    ratios=st.sampled_from([TWO, THREE]),
    seed=st.integers(0, 2**32),
)
def test_any_clusters_stay_whole(
    n_documents: int, n_clusters: int, ratios: tuple[float, ...], seed: int
) -> None:
    rng = np.random.default_rng(seed)
    membership = rng.random((n_documents, 4)) < 0.2
    clusters = rng.integers(0, n_clusters, n_documents).astype(np.int32)
    parts = stratified_split(membership, ratios, seed, clusters)
    assert (parts >= 0).all()
    assert all(
        len(set(parts[clusters == one].tolist())) == 1
        for one in range(n_clusters)
        if (clusters == one).any()
    )
    assert (
        np.abs(np.bincount(parts) - n_documents * np.array(ratios)).max()
        < 1 + np.bincount(clusters).max()
    )
