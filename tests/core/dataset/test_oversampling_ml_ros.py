"""ML-ROS against the stopping rules of its paper, and the measures it goes by."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.dataset.arms import Imbalance, imbalance_of
from core.dataset.documents import Dataset
from core.dataset.resampling import Recipe, resample
from core.errors import InvalidInput
from tests.core.dataset.oversampling_data import part_of

LABELS = ("common", "middle", "rare", "rarest", "none")


def skewed_part() -> Dataset:
    """IRLbl 1, 2, 10, 20 and 1.25 with MeanIR 6.85: two minority labels."""
    sets = [["common"]] * 185 + [["common", "rare"]] * 10 + [["common", "rarest"]] * 5
    sets += [["middle"]] * 85 + [["middle", "rare"]] * 10 + [["middle", "rarest"]] * 5
    return part_of(sets + [["none"]] * 160, labels=LABELS)


def test_imbalance_is_that_of_the_paper() -> None:
    measured = imbalance_of(skewed_part())
    assert isinstance(measured, Imbalance)
    assert measured.irlbl == {"common": 1, "middle": 2, "rare": 10, "rarest": 20, "none": 1.25}
    assert measured.mean_ir == pytest.approx(6.85)
    assert measured.cvir == pytest.approx(np.std([1, 2, 10, 20, 1.25], ddof=1) / 6.85)
    assert measured.scumble > 0


def test_imbalance_of_a_label_without_documents_is_infinite() -> None:
    measured = imbalance_of(part_of([["common"], ["none"]], labels=LABELS))
    assert measured.irlbl["rare"] == float("inf")
    assert measured.mean_ir == 1.0


def test_so_many_documents_are_cloned_as_the_growth_says() -> None:
    train = skewed_part()
    made = resample(train, Recipe(growth=0.05, seed=1))
    assert (made.added, made.removed) == (round(0.05 * len(train)), 0)
    assert made.dataset.ids[: len(train)] == train.ids
    assert made.rows[: len(train)].tolist() == list(range(len(train)))


def test_only_documents_of_minority_labels_are_cloned() -> None:
    train = skewed_part()
    made = resample(train, Recipe(growth=0.05, seed=1))
    cloned = train.membership[made.rows[len(train) :]]
    assert cloned[:, [2, 3]].any(axis=1).all()
    assert not cloned[:, 4].any()


def test_bags_take_turns() -> None:
    train = skewed_part()
    made = resample(train, Recipe(growth=0.05, seed=1))
    cloned = train.membership[made.rows[len(train) :][:20]]
    assert cloned[0::2, 2].all()
    assert cloned[1::2, 3].all()


def test_it_ends_when_no_label_is_above_the_mean_of_the_start() -> None:
    train = skewed_part()
    aim = imbalance_of(train).mean_ir
    made = resample(train, Recipe(growth=5, seed=1))
    assert made.added < 5 * len(train)
    after = imbalance_of(made.dataset)
    for column in (2, 3):
        label = LABELS[column]
        assert after.irlbl[label] <= aim * 1.1
        own = made.after[label] - 1
        assert max(made.after.values()) / own > aim * 0.9
    assert after.mean_ir < aim


def test_e6_ml_ros_raises_the_common_labels_beside_the_rare_ones() -> None:
    made = resample(skewed_part(), Recipe(growth=5, seed=1))
    assert made.after["common"] > made.before["common"]
    assert made.after["none"] == made.before["none"]


def test_labels_in_balance_give_nothing_to_clone() -> None:
    train = part_of([["common"], ["middle"], ["none"]] * 5, labels=LABELS)
    made = resample(train, Recipe(growth=1))
    assert (made.added, made.dataset.ids) == (0, train.ids)


def test_growth_counts_the_copies_that_were_made_before() -> None:
    recipe = Recipe(targets={"rarest": 400}, growth=0.01, seed=1)
    made = resample(skewed_part(), recipe)
    cloned = made.added - 390
    assert cloned == round(0.01 * (460 + 390))
    assert len(set(made.dataset.ids)) == len(made.dataset)
    assert all(skewed_part().membership[row][2] for row in made.rows[850:])


def test_e1_a_minority_document_that_is_held_out_is_refused() -> None:
    train = skewed_part()
    held_out = part_of([["rare"], ["none"]], prefix="h", labels=LABELS)
    assert resample(train, Recipe(growth=0.01), [held_out]).added == 5
    held_out.ids[0] = "d459"
    assert resample(train, Recipe(growth=0.01), [held_out]).added == 5
    held_out.texts[0] = "D SAYS thing 190."
    with pytest.raises(InvalidInput, match="d190 is also held out, as d459"):
        resample(train, Recipe(growth=0.01), [held_out])


def by_hand(train: Dataset, cloned: list[int], budget: int) -> None:
    """Walk through the clones as Algorithm 4 makes them, and check every choice."""
    counts = Counter({label: int(n) for label, n in zip(LABELS, train.support, strict=True)})
    present = [label for label in LABELS if counts[label]]
    most = max(counts.values())
    aim = sum(most / counts[label] for label in present) / len(present)
    bags = [label for label in present if most / counts[label] > aim + 1e-12]
    sets = train.label_sets()
    left = list(cloned)
    while bags and len(cloned) - len(left) < budget:
        for label in list(bags):
            if len(cloned) - len(left) == budget:
                break
            row = left.pop(0)
            assert label in sets[row]
            counts.update(sets[row])
            if max(counts.values()) / counts[label] <= aim:
                bags.remove(label)
    assert not left


@settings(max_examples=100, deadline=None)
@given(
    sets=st.lists(st.lists(st.sampled_from(LABELS), unique=True), min_size=1, max_size=40).filter(
        any
    ),
    growth=st.floats(0.01, 5),
    seed=st.integers(0, 2**40),
)
def test_every_clone_follows_the_algorithm(sets: list[list[str]], growth: float, seed: int) -> None:
    train = part_of(sets, labels=LABELS)
    made = resample(train, Recipe(growth=growth, seed=seed))
    by_hand(train, made.rows[len(train) :].tolist(), round(growth * len(train)))
    assert made.after == {label: sum(label in sets[row] for row in made.rows) for label in LABELS}
    assert made.distinct == made.before
