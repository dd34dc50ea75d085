"""Score matrices are merged, measured, saved and loaded without losing what is unknown."""

from pathlib import Path

import numpy as np
import pytest

from core.comprehend.predictions import (
    Scores,
    load_scores,
    merge_scores,
    returned_share,
    save_scores,
)
from core.errors import InvalidInput

NAN = float("nan")


def scores_of(labels: tuple[str, ...], values: list[list[float]], ceilings: list[float]) -> Scores:
    return Scores(
        labels,
        np.array(values, dtype=np.float32),
        np.array(ceilings, dtype=np.float32)[:, None],
        np.zeros(len(labels), dtype=np.int16),
    )


FIRST = scores_of(("a", "b", "none"), [[0.5, NAN, 0.4], [0.1, 0.2, NAN]], [0.4, 0.1])
SECOND = scores_of(("none", "c"), [[0.9, 0.8], [0.7, NAN]], [0.8, 0.7])


def test_merged_labels_come_from_the_first_piece_that_has_them() -> None:
    merged = merge_scores([FIRST, SECOND], ["c", "none", "a", "b"])
    assert merged.labels == ("c", "none", "a", "b")
    assert merged.source.tolist() == [1, 0, 0, 0]
    expected = np.array([[0.8, 0.4, 0.5, NAN], [NAN, NAN, 0.1, 0.2]], dtype=np.float32)
    assert np.array_equal(merged.values, expected, equal_nan=True)
    assert np.array_equal(
        merged.label_ceilings[:, :2], np.array([[0.8, 0.4], [0.7, 0.1]], dtype=np.float32)
    )
    again = merge_scores([merged, scores_of(("d",), [[0.1], [0.2]], [0.1, 0.2])], ["d", "c"])
    assert again.source.tolist() == [2, 1]


def test_pieces_that_do_not_fit_are_refused() -> None:
    with pytest.raises(InvalidInput, match="no classifier scores"):
        merge_scores([FIRST, SECOND], ["a", "z"])
    with pytest.raises(InvalidInput, match="documents"):
        merge_scores([FIRST, scores_of(("c",), [[0.1]], [0.1])], ["a"])
    with pytest.raises(InvalidInput, match="documents"):
        merge_scores([], ["a"])


def test_returned_share_counts_positives_with_a_score() -> None:
    truth = np.array([[True, True, False], [True, True, False]])
    share = returned_share(FIRST, truth)
    assert share[:2].tolist() == [1.0, 0.5]
    assert np.isnan(share[2])


def test_scores_survive_a_file_and_equal_scores_give_equal_bytes(tmp_path: Path) -> None:
    odd = Scores(("x\0", "ü|"), FIRST.values[:, :2], FIRST.ceilings, FIRST.source[:2])
    save_scores(odd, tmp_path / "one.npz")
    save_scores(odd, tmp_path / "two.npz")
    assert (tmp_path / "one.npz").read_bytes() == (tmp_path / "two.npz").read_bytes()
    loaded = load_scores(tmp_path / "one.npz")
    assert loaded.labels == odd.labels
    assert np.array_equal(loaded.values, odd.values, equal_nan=True)
    assert np.array_equal(loaded.ceilings, odd.ceilings)
    assert loaded.values.dtype == np.float32 and loaded.source.dtype == np.int16


def test_damaged_score_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "scores.npz"
    with pytest.raises(InvalidInput, match="Cannot read the scores"):
        load_scores(path)
    save_scores(FIRST, path)
    whole = path.read_bytes()
    for damaged in (b"", b"text", whole[:-40], whole[:200]):
        path.write_bytes(damaged)
        with pytest.raises(InvalidInput):
            load_scores(path)
    bad = Scores(FIRST.labels, FIRST.values[:, :2], FIRST.ceilings, FIRST.source)
    save_scores(bad, path)
    with pytest.raises(InvalidInput, match="3 labels"):
        load_scores(path)


def test_rows_are_picked_with_their_ceilings() -> None:
    picked = FIRST.rows(np.array([1]))
    assert picked.values.shape == (1, 3) and picked.ceilings[0, 0] == np.float32(0.1)
