"""Drawing distinct positives: exactly so many, nested over amounts, other labels respected."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.dataset.documents import Dataset
from core.dataset.resampling import Recipe, Resampled, resample
from core.errors import InvalidInput
from tests.core.dataset.oversampling_data import held_out_part, part_of, train_part

ABC = ("a", "b", "c")
label_sets = st.lists(st.lists(st.sampled_from(ABC), unique=True), min_size=1, max_size=40)


def drawn(train: Dataset, numbers: dict[str, int], seed: int = 0) -> Resampled:
    return resample(train, Recipe(distinct=numbers, seed=seed))


def positives_arm(train: Dataset, amount: int, seed: int) -> Recipe:
    """The recipe of an arm of `amount` positives of every label."""
    present = {
        label: count
        for label, count in zip(train.labels, train.support.tolist(), strict=True)
        if count
    }
    return Recipe(
        distinct={label: amount for label, count in present.items() if count >= amount},
        targets={label: amount for label, count in present.items() if count < amount},
        seed=seed,
    )


def kept(made: Resampled) -> set[int]:
    return set(made.rows.tolist())


def test_surplus_positives_are_left_out_and_the_rest_stays_in_order() -> None:
    train = train_part()
    made = drawn(train, {"clean": 4, "threat": 2})
    assert (made.removed, made.added) == (7, 0)
    assert made.rows.tolist() == sorted(kept(made))
    assert made.dataset.ids == [train.ids[row] for row in made.rows]
    assert made.after == made.distinct
    assert (made.after["threat"], made.after["clean"]) == (2, 4)
    assert made.before == {"toxic": 7, "threat": 3, "clean": 10, "unused": 0}


def test_documents_are_left_out_and_never_relabelled() -> None:
    train = train_part()
    made = drawn(train, {"threat": 1})
    assert made.dataset.membership.tolist() == train.membership[made.rows].tolist()


def test_the_kept_documents_of_every_amount_are_among_those_of_the_next() -> None:
    train = part_of([["a"]] * 60 + [["a", "b"]] * 9 + [["b"]] * 20 + [[]] * 5, labels=ABC)
    draws = [kept(drawn(train, {"a": amount}, seed=3)) for amount in range(1, 70)]
    assert all(small < large for small, large in pairwise(draws))


def test_which_are_drawn_depends_on_the_seed() -> None:
    train = part_of([["a"]] * 30, labels=ABC)
    assert len({tuple(drawn(train, {"a": 5}, seed).rows.tolist()) for seed in range(20)}) > 15
    times = np.zeros(30)
    for seed in range(400):
        times[drawn(train, {"a": 15}, seed).rows] += 1
    assert 140 < times.min() <= times.max() < 260


def test_a_label_draws_the_same_documents_whether_or_not_another_is_drawn_from() -> None:
    train = part_of([["a"]] * 30 + [["b"]] * 40, labels=ABC)
    together = kept(drawn(train, {"a": 7, "b": 9}))
    assert together == kept(drawn(train, {"a": 7})) & kept(drawn(train, {"b": 9}))


def test_documents_that_another_chosen_label_needs_are_left_out_last() -> None:
    train = part_of([["a", "b"]] * 5 + [["a"]] * 60, labels=ABC)
    for seed in range(10):
        assert drawn(train, {"a": 8, "b": 5}, seed).after == {"a": 8, "b": 5, "c": 0}
        spared = resample(train, Recipe(distinct={"a": 8}, targets={"b": 20}, seed=seed))
        assert (spared.distinct["a"], spared.distinct["b"], spared.after["b"]) == (8, 5, 20)


def test_a_label_that_need_not_be_spared_is_drawn_from_like_any_other() -> None:
    train = part_of([["a", "b"]] * 30 + [["a"]] * 30, labels=ABC)
    shares = [drawn(train, {"a": 20}, seed).after["b"] for seed in range(30)]
    assert 8 < np.mean(shares) < 12


def test_where_labels_leave_no_choice_the_number_of_the_larger_is_kept() -> None:
    train = part_of([["a", "b"]] * 12, labels=ABC)
    made = drawn(train, {"a": 4, "b": 8})
    assert made.after == {"a": 4, "b": 4, "c": 0}


def test_ten_distinct_ones_are_repeated_to_five_hundred() -> None:
    train = part_of([["a"]] * 40 + [["a", "b"]] * 10 + [[]] * 50, labels=ABC)
    made = resample(train, Recipe(distinct={"a": 10}, targets={"a": 500}, seed=2))
    assert (made.distinct["a"], made.after["a"]) == (10, 500)
    assert kept(made) == kept(drawn(train, {"a": 10}, seed=2))
    assert (made.added, made.removed) == (490, 40)
    assert set(np.unique(made.rows, return_counts=True)[1].tolist()) == {1, 50}


def test_e1_a_document_that_was_left_out_does_not_count_as_repeated() -> None:
    train = train_part()
    recipe = Recipe(distinct={"threat": 1}, targets={"threat": 5})
    rows = kept(resample(train, recipe))
    gone = next(train.ids[row] for row in range(3) if row not in rows)
    held_out = held_out_part()
    held_out.ids[1] = gone
    assert resample(train, recipe, [held_out]).after["threat"] == 5
    held_out.ids[1] = next(train.ids[row] for row in range(3) if row in rows)
    with pytest.raises(InvalidInput, match="also held out"):
        resample(train, recipe, [held_out])


def test_only_a_document_that_is_repeated_must_not_be_held_out() -> None:
    held_out = held_out_part()
    held_out.ids[0] = "d0"
    assert resample(train_part(), Recipe(distinct={"threat": 1}), [held_out]).after["threat"] == 1


@settings(max_examples=150, deadline=None)
@given(sets=label_sets, amount=st.integers(1, 12), larger=st.integers(0, 12), seed=st.integers(0))
def test_arms_of_many_labels_are_nested_and_never_above_their_number(
    sets: list[list[str]], amount: int, larger: int, seed: int
) -> None:
    train = part_of(sets, labels=ABC)
    small = resample(train, positives_arm(train, amount, seed))
    large = resample(train, positives_arm(train, amount + larger, seed))
    assert kept(small) <= kept(large)
    assert all(
        small.distinct[label] <= number
        for label, number in positives_arm(train, amount, seed).distinct.items()
    )
    chosen = train.membership.any(axis=1)
    assert set(np.flatnonzero(~chosen).tolist()) <= kept(small)


@settings(max_examples=150, deadline=None)
@given(
    sets=label_sets,
    numbers=st.fixed_dictionaries({"a": st.integers(1, 9), "b": st.integers(1, 9)}),
    seed=st.integers(0, 2**40),
)
def test_counts_are_those_of_a_count_by_hand(
    sets: list[list[str]], numbers: dict[str, int], seed: int
) -> None:
    train = part_of(sets, labels=ABC)
    present = {label: sum(label in names for names in sets) for label in ABC}
    asked = {label: min(number, present[label]) for label, number in numbers.items()}
    asked = {label: number for label, number in asked.items() if number}
    made = drawn(train, asked, seed)
    remaining = [sets[row] for row in made.rows]
    assert made.before == present
    assert made.after == {label: sum(label in names for names in remaining) for label in ABC}
    assert made.removed == len(sets) - len(remaining)
    assert all(made.after[label] <= number for label, number in asked.items())
    if len(asked) == 1:
        assert all(made.after[label] == number for label, number in asked.items())
