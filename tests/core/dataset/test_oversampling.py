"""Oversampling: evenly, from a seed, in the training part only, every count shown."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.dataset.arms import imbalance_of
from core.dataset.documents import Dataset, load_dataset, save_dataset
from core.dataset.resampling import Recipe, Resampled, resample
from core.dataset.splits import stratified_split
from core.errors import InvalidInput
from tests.core.dataset.oversampling_data import LABELS, held_out_part, part_of, train_part


def repeated(
    train: Dataset, targets: dict[str, int], seed: int = 0, held_out: Sequence[Dataset] = ()
) -> Resampled:
    return resample(train, Recipe(targets=targets, seed=seed), held_out)


def test_positives_are_repeated_evenly_up_to_the_target() -> None:
    result = repeated(train_part(), {"threat": 11}, seed=1, held_out=[held_out_part()])
    origins = result.dataset.origins
    assert origins is not None
    assert sorted(Counter(origins[18:]).values()) == [2, 3, 3]
    assert set(origins[18:]) == {"d0", "d1", "d2"}
    assert result.added == 8
    assert result.after["threat"] == 11


def test_copies_follow_the_untouched_originals_and_carry_id_text_and_labels() -> None:
    train = train_part()
    train = replace(train, groups=[f"g{row}" for row in range(len(train))])
    result = repeated(train, {"threat": 6}, seed=1)
    copied = result.dataset
    assert copied.ids[:18] == train.ids
    assert copied.texts[:18] == train.texts
    assert copied.ids[18:] == ["d0#copy1", "d1#copy1", "d2#copy1"]
    assert copied.origins == [""] * 18 + ["d0", "d1", "d2"]
    assert copied.texts[18:] == train.texts[:3]
    assert copied.groups is not None
    assert copied.groups[18:] == ["g0", "g1", "g2"]
    assert copied.membership[18:].tolist() == train.membership[:3].tolist()


def test_e6_counts_of_all_labels_are_given_before_and_after() -> None:
    result = repeated(train_part(), {"threat": 6}, seed=1)
    assert result.before == {"toxic": 7, "threat": 3, "clean": 10, "unused": 0}
    assert result.after == {"toxic": 9, "threat": 6, "clean": 10, "unused": 0}


def test_copies_made_for_a_rarer_label_count_for_the_next() -> None:
    result = repeated(train_part(), {"toxic": 9, "threat": 6}, seed=1)
    assert result.added == 3
    assert result.after["toxic"] == 9


def test_same_seed_repeats_the_same_documents() -> None:
    def made(seed: int) -> list[str]:
        return repeated(train_part(), {"toxic": 10}, seed).dataset.ids[18:]

    assert made(1) == made(1)
    assert len({tuple(made(seed)) for seed in range(20)}) > 1


def test_a_target_already_met_adds_nothing() -> None:
    result = repeated(train_part(), {"threat": 3}, seed=1)
    assert (result.added, result.before) == (0, result.after)


@pytest.mark.parametrize(
    ("targets", "said"),
    [
        ({"Threat": 9}, "no label 'Threat'"),
        ({"unused": 9}, "'unused' has no document"),
        ({"threat": 2}, "below the 3 present"),
        ({"th\x1b[31mreat": 9}, "no label 'threat'"),
    ],
)
def test_targets_that_cannot_be_met_are_refused(targets: dict[str, int], said: str) -> None:
    with pytest.raises(InvalidInput, match=said) as caught:
        repeated(train_part(), targets, seed=1)
    assert caught.value.hint


def test_e1_an_origin_that_is_also_held_out_is_refused_by_id() -> None:
    held_out = replace(held_out_part(), ids=["h0", "d1", "h2"])
    with pytest.raises(InvalidInput, match="d1 is also held out"):
        repeated(train_part(), {"threat": 9}, seed=1, held_out=[held_out_part(), held_out])


def test_e1_an_origin_whose_text_is_also_held_out_is_refused() -> None:
    held_out = replace(held_out_part(), texts=["other", "D says  THING 2", "more"])
    with pytest.raises(InvalidInput, match="d2 is also held out, as h1"):
        repeated(train_part(), {"threat": 9}, seed=1, held_out=[held_out])


def test_e1_a_shared_document_that_is_not_repeated_does_not_stop_it() -> None:
    held_out = replace(held_out_part(), ids=["h0", "h1", "d17"])
    assert repeated(train_part(), {"threat": 9}, 1, [held_out]).after["threat"] == 9


def test_e7_copies_in_a_held_out_part_are_refused() -> None:
    held_out = replace(held_out_part(), origins=["", "d9", ""])
    for recipe in (Recipe(targets={"threat": 9}), Recipe(distinct={"threat": 2}), Recipe()):
        with pytest.raises(InvalidInput, match="h1 is a copy of d9"):
            resample(train_part(), recipe, [held_out])


def test_e7_the_other_parts_stay_as_they_were() -> None:
    everything = part_of([["toxic"]] * 30 + [["threat"]] * 20 + [["clean"]] * 50)
    parts = stratified_split(everything.membership, (0.8, 0.2), 1)
    train, test = (everything.subset((parts == part).nonzero()[0]) for part in (0, 1))
    ids, support = list(test.ids), test.support.tolist()
    result = repeated(train, {"threat": 200}, seed=1, held_out=[test])
    assert result.after["threat"] == 200
    assert (test.ids, test.support.tolist(), test.origins) == (ids, support, None)


def test_a_training_part_with_copies_is_not_oversampled_again() -> None:
    once = repeated(train_part(), {"threat": 6}, seed=1).dataset
    with pytest.raises(InvalidInput, match="holds copies already"):
        repeated(once, {"threat": 9}, seed=1)


def test_a_copy_never_takes_an_id_that_exists() -> None:
    train = train_part()
    train.ids[5] = "d0#copy1"
    made = repeated(train, {"threat": 9}, seed=1).dataset.ids
    assert len(set(made)) == len(made)
    assert "d0#copy2" in made


def test_an_oversampled_part_survives_its_file(tmp_path: Path) -> None:
    path = tmp_path / "train.jsonl"
    made = repeated(train_part(), {"threat": 8}, seed=1).dataset
    save_dataset(made, path)
    read = load_dataset(path)
    assert (read.ids, read.origins) == (made.ids, made.origins)


def test_a_recipe_is_plain_json() -> None:
    recipe = Recipe(targets={"threat": 50}, distinct={"toxic": 5}, growth=0.25, seed=3)
    assert msgspec.json.decode(msgspec.json.encode(recipe), type=Recipe) == recipe
    assert msgspec.json.decode(b"{}", type=Recipe) == Recipe()


def test_the_same_seed_repeats_the_same_documents_in_every_version() -> None:
    made = repeated(train_part(), {"toxic": 11, "threat": 5}, seed=7)
    assert made.dataset.ids[18:] == ["d0#copy1", "d0#copy2", "d1#copy1", "d2#copy1", "d7#copy1"]


def test_an_empty_recipe_changes_nothing() -> None:
    train = train_part()
    made = resample(train, Recipe(seed=5), [held_out_part()])
    assert (made.dataset.ids, made.dataset.texts) == (train.ids, train.texts)
    assert made.dataset.membership.tolist() == train.membership.tolist()
    assert (made.added, made.removed, made.rows.tolist()) == (0, 0, list(range(18)))
    assert made.before == made.after == made.distinct
    assert made.dataset.origins is None


def test_rows_tell_which_document_each_is() -> None:
    train = train_part()
    recipe = Recipe(targets={"threat": 9}, distinct={"toxic": 4}, is_shuffled=True, seed=3)
    made = resample(train, recipe)
    assert [train.texts[row] for row in made.rows] == made.dataset.texts
    assert train.membership[made.rows].tolist() == made.dataset.membership.tolist()
    origins = made.dataset.origins or []
    assert [origin or name for origin, name in zip(origins, made.dataset.ids, strict=True)] == [
        train.ids[row] for row in made.rows
    ]


def test_shuffling_changes_the_order_and_nothing_else() -> None:
    plain = resample(train_part(), Recipe(targets={"threat": 9}, seed=3))
    shuffled = resample(train_part(), Recipe(targets={"threat": 9}, seed=3, is_shuffled=True))
    assert sorted(shuffled.dataset.ids) == sorted(plain.dataset.ids)
    assert shuffled.dataset.ids != plain.dataset.ids
    assert (shuffled.added, shuffled.after) == (plain.added, plain.after)
    other = resample(train_part(), Recipe(targets={"threat": 9}, seed=4, is_shuffled=True))
    assert other.dataset.ids != shuffled.dataset.ids


@pytest.mark.parametrize(
    ("recipe", "said"),
    [
        (Recipe(seed=-1), "seed -1 is negative"),
        (Recipe(growth=-0.1), "between 0 and 5"),
        (Recipe(growth=5.1), "between 0 and 5"),
        (Recipe(growth=float("nan")), "between 0 and 5"),
        (Recipe(distinct={"Threat": 1}), "no label 'Threat'"),
        (Recipe(distinct={"unused": 1}), "'unused' has no document"),
        (Recipe(distinct={"threat": 4}), "4 distinct positives of label 'threat' of 3"),
        (Recipe(distinct={"threat": 0}), "0 distinct positives"),
        (Recipe(distinct={"threat": 2}, targets={"threat": 1}), "below the 2 present"),
        (Recipe(targets={"threat": 1_000_001}), "1,000,001 documents"),
        (Recipe(targets={"threat": 10**30}), "documents"),
    ],
)
def test_recipes_that_cannot_be_followed_are_refused(recipe: Recipe, said: str) -> None:
    with pytest.raises(InvalidInput, match=said) as caught:
        resample(train_part(), recipe)
    assert caught.value.hint


def test_the_none_label_may_be_raised_and_drawn_from() -> None:
    assert repeated(train_part(), {"clean": 12}).after["clean"] == 12
    assert resample(train_part(), Recipe(distinct={"clean": 4})).after["clean"] == 4


def test_a_multi_class_part_is_resampled_alike() -> None:
    sets = [["a"]] * 20 + [["b"]] * 4 + [["c"]] * 6
    train = part_of(sets, labels=("a", "b", "c"), mode="multi-class")
    made = resample(train, Recipe(targets={"b": 10}, distinct={"a": 5, "c": 6}, seed=1))
    assert made.after == {"a": 5, "b": 10, "c": 6}
    assert (made.added, made.removed, made.dataset.mode) == (6, 15, "multi-class")
    assert (made.dataset.membership.sum(axis=1) == 1).all()


def test_e6_the_common_label_beside_a_rare_one_rises_with_it() -> None:
    sets = [["common", "rare"]] * 10 + [["common"]] * 190 + [["other"]] * 30
    train = part_of(sets, labels=("common", "rare", "other"))
    assert imbalance_of(train).scumble > 0.02
    made = resample(train, Recipe(targets={"rare": 100}))
    assert made.after == {"common": 290, "rare": 100, "other": 30}
    assert imbalance_of(made.dataset).irlbl["other"] > imbalance_of(train).irlbl["other"]


@settings(max_examples=60, deadline=None)
@given(
    label_sets=st.lists(
        st.lists(st.sampled_from(LABELS[:3]), unique=True), min_size=1, max_size=25
    ),
    extra=st.integers(0, 60),
    seed=st.integers(0, 2**32),
)
def test_any_oversampling_reaches_its_target_evenly(
    label_sets: list[list[str]], extra: int, seed: int
) -> None:
    train = part_of(
        [
            [*labels, "threat"] if row == 0 and "threat" not in labels else labels
            for row, labels in enumerate(label_sets)
        ]
    )
    present = int(train.support[1])
    result = repeated(train, {"threat": present + extra}, seed)
    assert result.after["threat"] == present + extra
    assert result.added == extra == len(result.dataset) - len(train)
    assert len(set(result.dataset.ids)) == len(result.dataset)
    times = Counter(result.dataset.origins or [])
    each = [times[name] for name, row in zip(train.ids, train.membership, strict=True) if row[1]]
    assert max(each) - min(each) <= 1
    assert sum(each) == extra
