"""Plans of a sweep: which arms there are, what each trains on, and what is refused."""

import re

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.dataset.arms import DEFAULT_POSITIVES, ArmsRequest, PlannedArm, plan_arms
from core.dataset.resampling import Recipe, resample
from core.errors import InvalidInput
from tests.core.dataset.oversampling_data import part_of

SUPPORT = {"toxic": 300, "threat": 30, "insult": 120, "clean": 1000, "unused": 0}


def planned(support: dict[str, int] = SUPPORT, /, **request: object) -> dict[str, PlannedArm]:
    arms = plan_arms(support, msgspec.convert(request, ArmsRequest))
    by_id = {arm.id: arm for arm in arms}
    assert len(by_id) == len(arms)
    return by_id


def test_default_arms_draw_below_what_is_there_and_repeat_above() -> None:
    arms = planned(labels=("threat",), positives=DEFAULT_POSITIVES)
    assert list(arms) == ["base", "n10", "n25", "n50", "n100", "n200", "n500"]
    assert arms["base"] == PlannedArm(
        id="base", group="base", kind="base", amount=0, replicate=1, recipe=Recipe()
    )
    assert (arms["n25"].kind, arms["n25"].amount) == ("distinct", 25)
    assert arms["n25"].recipe == Recipe(distinct={"threat": 25})
    assert arms["n50"].kind == "repeats"
    assert arms["n50"].recipe == Recipe(targets={"threat": 50})


def test_labels_raised_together_may_be_drawn_and_repeated_in_one_arm() -> None:
    arms = planned(labels=("threat", "toxic"), positives=(100, 30, 400))
    assert list(arms) == ["base", "n30", "n100", "n400"]
    assert arms["n100"].kind == "mixed"
    assert arms["n100"].recipe == Recipe(targets={"threat": 100}, distinct={"toxic": 100})
    assert (arms["n30"].kind, arms["n400"].kind) == ("distinct", "repeats")
    assert arms["n30"].recipe.distinct == {"threat": 30, "toxic": 30}


def test_an_arm_that_would_be_the_base_is_left_out() -> None:
    assert list(planned(labels=("threat",), positives=(30, 60))) == ["base", "n60"]
    assert list(planned(labels=("threat",), factors=(1, 0.5, 2))) == ["base", "x2"]
    assert list(planned(labels=("toxic",), ratios=(0.3, 0.1, 0.5))) == ["base", "ratio0.5"]


def test_amounts_are_sorted_and_given_once() -> None:
    arms = planned(labels=("threat", "threat"), factors=(4, 2.5, 2, 2.50))
    assert list(arms) == ["base", "x2", "x2.5", "x4"]
    assert [arm.amount for arm in arms.values()] == [0, 2, 2.5, 4]


def test_factors_and_ratios_ask_for_the_next_whole_number() -> None:
    factors = planned(labels=("threat", "insult"), factors=(1.01, 1.1))
    assert factors["x1.01"].recipe == Recipe(targets={"threat": 31, "insult": 122})
    assert factors["x1.1"].recipe == Recipe(targets={"threat": 33, "insult": 132})
    ratios = planned(labels=("threat", "insult"), ratios=(0.07, 0.1203))
    assert ratios["ratio0.07"].recipe == Recipe(targets={"threat": 70})
    assert ratios["ratio0.1203"].recipe == Recipe(targets={"threat": 121, "insult": 121})


def test_ml_ros_needs_no_labels() -> None:
    arms = planned(growths=(0.25, 0.07, 1, 0.125), seed=4)
    assert list(arms) == ["base", "ros7", "ros12.5", "ros25", "ros100"]
    assert arms["ros25"].recipe == Recipe(growth=0.25, seed=4)
    assert {arm.kind for arm in arms.values()} == {"base", "ml-ros"}
    assert planned(growths=(0.25,), labels=("threat",))["ros25"].recipe == Recipe(growth=0.25)


def test_distinct_ones_are_repeated_to_every_larger_amount() -> None:
    arms = planned(labels=("threat", "toxic"), positives=(10, 25, 100), repeat_from=10)
    assert list(arms) == ["base", "n10", "n25", "n25-from10", "n100", "n100-from10"]
    arm = arms["n100-from10"]
    assert (arm.kind, arm.amount, arm.group) == ("repeats-from", 100, "n100-from10")
    assert arm.recipe == Recipe(
        targets={"threat": 100, "toxic": 100}, distinct={"threat": 10, "toxic": 10}
    )


def test_repeating_all_that_is_there_is_the_plain_arm_and_not_planned_twice() -> None:
    arms = planned(labels=("threat",), positives=(60,), repeat_from=30)
    assert list(arms) == ["base", "n60"]


def test_the_repeated_ones_are_those_that_the_small_arm_draws() -> None:
    sets = [["a", "b"]] * 20 + [["a"]] * 60 + [["b"]] * 30 + [["c"]] * 100
    train = part_of(sets, labels=("a", "b", "c"))
    support = {"a": 80, "b": 50, "c": 100}
    arms = planned(support, labels=("a", "b"), positives=(10, 70), repeat_from=10, seed=3)
    small = set(resample(train, arms["n10"].recipe).rows.tolist())
    repeated = resample(train, arms["n70-from10"].recipe)
    assert set(repeated.rows.tolist()) == small
    assert repeated.distinct == {"a": 10, "b": 10, "c": 100}
    assert repeated.after["a"] >= 70 <= repeated.after["b"]
    assert small <= set(resample(train, arms["n70"].recipe).rows.tolist())


def test_replicates_have_seeds_of_their_own_and_stand_together() -> None:
    arms = planned(labels=("threat",), positives=(10, 50), replicates=3, seed=5)
    assert list(arms) == [
        "base",
        "base-2",
        "base-3",
        "n10",
        "n10-2",
        "n10-3",
        "n50",
        "n50-2",
        "n50-3",
    ]
    assert arms["base"].recipe == Recipe(seed=5)
    assert arms["base-3"].recipe == Recipe(seed=7, is_shuffled=True)
    assert arms["n10-2"].recipe == Recipe(distinct={"threat": 10}, seed=6, is_shuffled=True)
    assert (arms["n50-3"].group, arms["n50-3"].replicate) == ("n50", 3)


def test_replicates_are_never_the_same_training_twice() -> None:
    train = part_of([["a"]] * 10 + [["b"]] * 40, labels=("a", "b"))
    arms = planned({"a": 10, "b": 40}, labels=("a",), factors=(2,), replicates=3)
    orders = {tuple(resample(train, arm.recipe).rows.tolist()) for arm in arms.values()}
    assert len(orders) == len(arms) == 6


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        ({"labels": ("threat",)}, "no amounts"),
        ({"labels": ("threat",), "positives": (9,), "factors": (2,)}, "two kinds"),
        ({"positives": (9,)}, "no label is chosen"),
        ({"labels": ("thr\x1bxeat",), "positives": (9,)}, "no label"),
        ({"labels": ("unused",), "positives": (9,)}, "has no document"),
        ({"labels": ("threat",), "positives": (0,)}, "0 as positives"),
        ({"labels": ("threat",), "positives": (-5,)}, "-5 as positives"),
        ({"labels": ("threat",), "positives": (2_000_000,)}, "2,000,000 as positives"),
        ({"labels": ("threat",), "factors": (0,)}, "0 as a factor"),
        ({"labels": ("threat",), "factors": (float("inf"),)}, "inf as a factor"),
        ({"labels": ("threat",), "factors": (float("nan"),)}, "nan as a factor"),
        ({"labels": ("threat",), "ratios": (1.5,)}, "1.5 as a ratio"),
        ({"growths": (5.5,)}, "5.5 as a growth"),
        ({"growths": (0,)}, "0 as a growth"),
        ({"labels": ("threat",), "positives": (9,), "seed": -1}, "seed -1"),
        ({"labels": ("threat",), "positives": (9,), "replicates": 0}, "0 as replicates"),
        ({"labels": ("threat",), "positives": (9,), "replicates": 11}, "11 as replicates"),
        ({"labels": ("threat",), "positives": (50,), "repeat_from": 31}, "has 30 positives"),
        ({"labels": ("threat",), "positives": (50,), "repeat_from": 0}, "repeating 0"),
        ({"labels": ("threat",), "positives": (10,), "repeat_from": 10}, "no arm has more"),
        ({"labels": ("threat",), "factors": (2,), "repeat_from": 10}, "no arm has more"),
        ({"labels": ("threat",), "positives": (30,)}, "every arm would be"),
        ({"labels": ("threat",), "factors": (1,)}, "every arm would be"),
        ({"labels": ("threat",), "positives": tuple(range(100, 160))}, "61 trainings"),
        ({"labels": ("threat",), "positives": tuple(range(40, 46)), "replicates": 10}, "are 70"),
    ],
)
def test_requests_that_make_no_sense_are_refused(request_: dict[str, object], said: str) -> None:
    with pytest.raises(InvalidInput, match=re.escape(said)) as caught:
        planned(**request_)
    assert caught.value.hint


def test_ml_ros_on_labels_in_balance_has_no_arm() -> None:
    with pytest.raises(InvalidInput, match="every arm would be"):
        planned({"a": 10, "b": 10}, growths=(0.25,))


def test_a_plan_survives_its_file() -> None:
    arms = plan_arms(SUPPORT, ArmsRequest(labels=("threat",), positives=(10, 50), repeat_from=10))
    read = msgspec.json.decode(msgspec.json.encode(arms), type=tuple[PlannedArm, ...])
    assert read == arms


amounts = st.one_of(
    st.fixed_dictionaries({"positives": st.lists(st.integers(1, 10**6), min_size=1, max_size=6)}),
    st.fixed_dictionaries({"factors": st.lists(st.floats(1e-9, 1e6), min_size=1, max_size=6)}),
    st.fixed_dictionaries({"ratios": st.lists(st.floats(1e-9, 1), min_size=1, max_size=6)}),
    st.fixed_dictionaries({"growths": st.lists(st.floats(1e-9, 5), min_size=1, max_size=6)}),
)


@settings(max_examples=150, deadline=None)
@given(amount=amounts, replicates=st.integers(1, 10))
def test_ids_are_unique_and_fit_in_the_name_of_a_run(
    amount: dict[str, list[float]], replicates: int
) -> None:
    try:
        arms = planned(labels=("threat", "insult"), replicates=replicates, **amount)
    except InvalidInput:
        return
    assert len(arms) <= 60
    for arm in arms.values():
        assert re.fullmatch(r"[A-Za-z0-9._-]+", arm.id)
        assert all(SUPPORT[label] < target for label, target in arm.recipe.targets.items())
        assert arm.kind == "base" or arm.recipe != Recipe(seed=arm.recipe.seed)
