"""Oversampling: evenly, from a seed, in the training part only, every count shown."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.dataset.documents import Dataset, load_dataset, membership_of, save_dataset
from core.dataset.oversampling import OversampleSettings, oversample
from core.dataset.splits import stratified_split
from core.errors import InvalidInput

LABELS = ("toxic", "threat", "clean", "unused")


def part_of(label_sets: list[list[str]], prefix: str = "d") -> Dataset:
    return Dataset(
        ids=[f"{prefix}{row}" for row in range(len(label_sets))],
        texts=[f"{prefix} says thing {row}" for row in range(len(label_sets))],
        labels=LABELS,
        membership=membership_of(label_sets, LABELS),
        mode="multi-label",
        none_label="clean",
    )


def train_part() -> Dataset:
    """Three threats (two of them toxic), seven toxic, ten clean."""
    return part_of([["toxic", "threat"]] * 2 + [["threat"]] + [["toxic"]] * 5 + [["clean"]] * 10)


def held_out_part() -> Dataset:
    return part_of([["toxic"], ["threat"], ["clean"]], prefix="h")


def test_positives_are_repeated_evenly_up_to_the_target() -> None:
    result = oversample(train_part(), {"threat": 11}, seed=1, held_out=[held_out_part()])
    origins = result.dataset.origins
    assert origins is not None
    assert sorted(Counter(origins[18:]).values()) == [2, 3, 3]
    assert set(origins[18:]) == {"d0", "d1", "d2"}
    assert result.added == 8
    assert result.after["threat"] == 11


def test_copies_follow_the_untouched_originals_and_carry_id_text_and_labels() -> None:
    train = train_part()
    train = replace(train, groups=[f"g{row}" for row in range(len(train))])
    result = oversample(train, {"threat": 6}, seed=1)
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
    result = oversample(train_part(), {"threat": 6}, seed=1)
    assert result.before == {"toxic": 7, "threat": 3, "clean": 10, "unused": 0}
    assert result.after == {"toxic": 9, "threat": 6, "clean": 10, "unused": 0}


def test_copies_made_for_a_rarer_label_count_for_the_next() -> None:
    result = oversample(train_part(), {"toxic": 9, "threat": 6}, seed=1)
    assert result.added == 3
    assert result.after["toxic"] == 9


def test_same_seed_repeats_the_same_documents() -> None:
    def made(seed: int) -> list[str]:
        return oversample(train_part(), {"toxic": 10}, seed).dataset.ids[18:]

    assert made(1) == made(1)
    assert len({tuple(made(seed)) for seed in range(20)}) > 1


def test_a_target_already_met_adds_nothing() -> None:
    result = oversample(train_part(), {"threat": 3}, seed=1)
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
        oversample(train_part(), targets, seed=1)
    assert caught.value.hint


def test_e1_an_origin_that_is_also_held_out_is_refused_by_id() -> None:
    held_out = replace(held_out_part(), ids=["h0", "d1", "h2"])
    with pytest.raises(InvalidInput, match="d1 is also held out"):
        oversample(train_part(), {"threat": 9}, seed=1, held_out=[held_out_part(), held_out])


def test_e1_an_origin_whose_text_is_also_held_out_is_refused() -> None:
    held_out = replace(held_out_part(), texts=["other", "D says  THING 2", "more"])
    with pytest.raises(InvalidInput, match="d2 is also held out, as h1"):
        oversample(train_part(), {"threat": 9}, seed=1, held_out=[held_out])


def test_e1_a_shared_document_that_is_not_repeated_does_not_stop_it() -> None:
    held_out = replace(held_out_part(), ids=["h0", "h1", "d17"])
    assert oversample(train_part(), {"threat": 9}, 1, [held_out]).after["threat"] == 9


def test_e7_copies_in_a_held_out_part_are_refused() -> None:
    held_out = replace(held_out_part(), origins=["", "d9", ""])
    with pytest.raises(InvalidInput, match="h1 is a copy of d9"):
        oversample(train_part(), {"threat": 9}, seed=1, held_out=[held_out])


def test_e7_the_other_parts_stay_as_they_were() -> None:
    everything = part_of([["toxic"]] * 30 + [["threat"]] * 20 + [["clean"]] * 50)
    parts = stratified_split(everything.membership, (0.8, 0.2), 1)
    train, test = (everything.subset((parts == part).nonzero()[0]) for part in (0, 1))
    ids, support = list(test.ids), test.support.tolist()
    result = oversample(train, {"threat": 200}, seed=1, held_out=[test])
    assert result.after["threat"] == 200
    assert (test.ids, test.support.tolist(), test.origins) == (ids, support, None)


def test_a_training_part_with_copies_is_not_oversampled_again() -> None:
    once = oversample(train_part(), {"threat": 6}, seed=1).dataset
    with pytest.raises(InvalidInput, match="holds copies already"):
        oversample(once, {"threat": 9}, seed=1)


def test_a_copy_never_takes_an_id_that_exists() -> None:
    train = train_part()
    train.ids[5] = "d0#copy1"
    made = oversample(train, {"threat": 9}, seed=1).dataset.ids
    assert len(set(made)) == len(made)
    assert "d0#copy2" in made


def test_an_oversampled_part_survives_its_file(tmp_path: Path) -> None:
    path = tmp_path / "train.jsonl"
    made = oversample(train_part(), {"threat": 8}, seed=1).dataset
    save_dataset(made, path)
    read = load_dataset(path)
    assert (read.ids, read.origins) == (made.ids, made.origins)


def test_settings_are_plain_json() -> None:
    settings_ = OversampleSettings(targets={"threat": 50}, seed=3)
    encoded = msgspec.json.encode(settings_)
    assert msgspec.json.decode(encoded, type=OversampleSettings) == settings_


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
    train = part_of([[*labels, "threat"] if row == 0 and "threat" not in labels else labels
                     for row, labels in enumerate(label_sets)])  # fmt: skip
    present = int(train.support[1])
    result = oversample(train, {"threat": present + extra}, seed)
    assert result.after["threat"] == present + extra
    assert result.added == extra == len(result.dataset) - len(train)
    assert len(set(result.dataset.ids)) == len(result.dataset)
    times = Counter(result.dataset.origins or [])
    each = [times[name] for name, row in zip(train.ids, train.membership, strict=True) if row[1]]
    assert max(each) - min(each) <= 1
    assert sum(each) == extra
