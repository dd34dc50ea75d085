"""Groups of labels: few, small, covering, the same every time; and the files made from them."""

import csv
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.dataset.documents import Dataset, membership_of
from core.dataset.formats.comprehend_files import write_training_csv
from core.dataset.label_groups import NONE_NAME, RETURNED, plan_groups, project
from core.errors import InvalidInput

LABELS = ("a", "b", "c", "d", "clean")


def dataset(*label_sets: str) -> Dataset:
    """Documents whose labels are the letters of each text."""
    names = [[name for name in LABELS if name in label_set.split()] for label_set in label_sets]
    return Dataset(
        ids=[str(at) for at in range(len(names))],
        texts=[f"text {at}" for at in range(len(names))],
        labels=LABELS,
        membership=membership_of(names, LABELS),
        mode="multi-label",
        none_label="clean",
        origins=["" for _ in names],
    )


@given(st.integers(1, 12), st.data(), st.integers(2, 5))
def test_the_groups_are_the_fewest_that_cover_every_label_in_need(
    n_labels: int, data: st.DataObject, returned: int
) -> None:
    labels = [f"l{at}" for at in range(n_labels)]
    in_need = data.draw(st.sets(st.sampled_from(labels)))
    cells = data.draw(st.lists(st.integers(0, 9), min_size=n_labels**2, max_size=n_labels**2))
    together = np.array(cells, dtype=np.int64).reshape(n_labels, n_labels)

    groups = plan_groups(labels, None, in_need, returned, together)

    covered = [label for group in groups for label in group.labels]
    assert sorted(covered) == sorted(in_need), "each label once and no other"
    assert all(len(group.all_labels) <= returned for group in groups)
    assert len(groups) == -(-len(in_need) // (returned - 1))
    assert plan_groups(labels, None, sorted(in_need, reverse=True), returned, together) == groups


def test_a_label_is_joined_by_the_one_it_shares_the_fewest_documents_with() -> None:
    together = np.zeros((5, 5), dtype=np.int64)
    together[0, 1] = together[1, 0] = 9
    together[0, 2] = together[2, 0] = 4
    together[0, 3] = together[3, 0] = 1

    groups = plan_groups(LABELS, "clean", set("abcd"), together=together)

    assert [group.labels for group in groups] == [("a", "d"), ("b", "c")]
    plain = plan_groups(LABELS, "clean", set("abcd"))
    assert [group.labels for group in plain] == [("a", "b"), ("c", "d")]


def test_the_none_label_of_the_dataset_is_in_no_group() -> None:
    groups = plan_groups(LABELS, "clean", LABELS)
    assert [group.labels for group in groups] == [("a", "b"), ("c", "d")]
    assert {group.none_label for group in groups} == {NONE_NAME}
    assert max(len(group.all_labels) for group in groups) == RETURNED


def test_the_none_label_of_a_group_is_called_like_no_label() -> None:
    labels = ("None of these", "none_of_these-2", "x")
    (group, _) = plan_groups(labels, None, labels)
    assert group.none_label == "none-of-these-3"


def test_a_label_that_is_not_there_and_a_service_without_room_are_refused() -> None:
    with pytest.raises(InvalidInput, match="not a label here"):
        plan_groups(LABELS, None, {"e"})
    with pytest.raises(InvalidInput, match="no room"):
        plan_groups(LABELS, None, {"a"}, returned=1)


def test_documents_without_a_label_of_the_group_get_its_none_label() -> None:
    (group,) = plan_groups(LABELS, "clean", {"a", "c"})
    whole = dataset("a", "a c", "b", "b c", "clean")
    own = project(whole, group)
    assert own.label_sets() == [["a"], ["a", "c"], [NONE_NAME], ["c"], [NONE_NAME]]
    assert (own.ids, own.texts, own.origins) == (whole.ids, whole.texts, whole.origins)
    assert own.none_label == NONE_NAME and own.mode == "multi-label"


def test_the_training_file_of_a_group_holds_the_same_documents(tmp_path: Path) -> None:
    (group,) = plan_groups(LABELS, "clean", {"b"})
    assert write_training_csv(project(dataset("a b", "a", "clean"), group), tmp_path / "g.csv") == 3
    with (tmp_path / "g.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    assert rows == [["b", "text 0"], [NONE_NAME, "text 1"], [NONE_NAME, "text 2"]]
