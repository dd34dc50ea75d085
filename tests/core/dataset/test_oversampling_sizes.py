"""Sizes of training files that are not written, and of parts as large as real ones."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.dataset.documents import Dataset
from core.dataset.formats.comprehend_files import training_row_bytes, write_training_csv
from core.dataset.resampling import Recipe, resample
from core.errors import InvalidInput
from tests.core.dataset.oversampling_data import part_of

LABELS = ("plain", "with, comma", 'with "quotes"', "ünï")
HOSTILE = st.text(
    st.one_of(
        st.characters(codec="utf-8"),
        st.sampled_from("\n\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029\x00\ufeff \t,\"';|"),
    ),
    max_size=60,
).map(lambda text: f"x{text}")


def hostile_part(texts: list[str], seed: int) -> Dataset:
    rng = np.random.default_rng(seed)
    sets = [[name for name in LABELS if rng.random() < 0.5] or ["plain"] for _ in texts]
    return replace(part_of(sets, labels=LABELS), texts=texts)


@given(texts=st.lists(HOSTILE, min_size=1, max_size=12), seed=st.integers(0, 99))
def test_sizes_of_rows_add_up_to_the_file(
    texts: list[str], seed: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    train = hostile_part(texts, seed)
    path = tmp_path_factory.getbasetemp() / "sizes.csv"
    for delimiter in "|~":
        sizes = training_row_bytes(train, delimiter)
        assert sizes.dtype == np.int64
        write_training_csv(train, path, delimiter)
        assert [len(line) for line in path.read_bytes().splitlines(keepends=True)] == sizes.tolist()


def test_the_size_of_a_resampled_file_is_known_from_its_rows(tmp_path: Path) -> None:
    train = hostile_part([f'{row} says "a", b\r\n|ü' for row in range(3000)], seed=1)
    recipe = Recipe(targets={"ünï": 4000}, distinct={"plain": 400}, is_shuffled=True)
    made = resample(train, recipe)
    path = tmp_path / "train.csv"
    write_training_csv(made.dataset, path, "|")
    assert path.stat().st_size == training_row_bytes(train, "|")[made.rows].sum()


def test_what_the_file_refuses_has_no_size() -> None:
    with pytest.raises(InvalidInput, match="without any text"):
        training_row_bytes(hostile_part(["x", " \n "], seed=1), "|")
    with pytest.raises(InvalidInput, match="not a delimiter"):
        training_row_bytes(hostile_part(["x"], seed=1), "||")


def test_a_refused_file_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput):
        write_training_csv(hostile_part(["x"] * 5000 + [" \n "], seed=1), tmp_path / "train.csv")
    assert not list(tmp_path.glob("*.csv"))
