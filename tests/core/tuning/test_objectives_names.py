"""The written form of objectives, and the menu of them."""

import click
import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.cli.thresholds_command import command
from core.errors import InvalidInput
from core.tuning.aim import Aim
from core.tuning.evidence import gather_evidence
from core.tuning.joint import choose_all
from core.tuning.objectives import _ENTRIES, FORMS, MENU, MenuEntry, Objective, parse_objective
from core.tuning.part import Part

with_value = [entry for entry in MENU if entry.value_name]


@given(st.sampled_from(with_value), st.integers(0, 10_000_000))
def test_every_objective_is_read_back_from_its_name(entry: MenuEntry, steps: int) -> None:
    value = min(max(steps / 10_000, entry.lowest), entry.highest)
    objective = Objective(entry.kind, value)
    assert parse_objective(objective.name) == objective
    assert float(objective.ratio) == value


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("max_f1", "max_f1"),
        ("f_beta:2", "f_beta:2"),
        (" Precision : .90 ", "precision:0.9"),
        ("recall:1.", "recall:1"),
        ("cost:5.0", "cost:5"),
        ("flags:20", "flags:20"),
        ("joint_micro_f1", "joint_micro_f1"),
        ("joint_micro_macro_f1", "joint_micro_macro_f1"),
    ],
)
def test_names_are_canonical(text: str, name: str) -> None:
    assert parse_objective(text).name == name


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "nothing"),
        ("f1", "f1"),
        ("max_f1:2", "takes no value"),
        ("max_f1:", "not a plain number"),
        ("precision", "needs a value (precision)"),
        ("precision:", "not a plain number"),
        ("precision:high", "not a plain number"),
        ("precision:0.9:1", "not a plain number"),
        ("precision:1.5", "between 0.01 and 1"),
        ("recall:0", "between 0.01 and 1"),
        ("recall:0.81234", "4 decimals"),
        ("cost:-1", "not a plain number"),
        ("cost:nan", "not a plain number"),
        ("cost:1e3", "not a plain number"),
        ("cost:٥", "not a plain number"),
        ("flags:1001", "between 0.01 and 1000"),
        ("joint_micro_f1:1", "takes no value"),
        ("best\x1b[2J:1", "best"),
    ],
)
def test_a_bad_text_gives_one_clear_error_with_the_forms(text: str, reason: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_objective(text)
    assert caught.value.title == "No such objective"
    assert reason in caught.value.message
    assert "\x1b" not in caught.value.message
    for entry in MENU:
        assert entry.kind in caught.value.hint


def test_an_objective_cannot_be_made_with_a_value_that_its_text_could_not_have() -> None:
    for kind, value in (
        ("precision", 2.0),
        ("max_f1", 1.0),
        ("cost", float("inf")),
        ("recall", None),
    ):
        with pytest.raises(InvalidInput):
            Objective(kind, value)


def test_objectives_survive_json() -> None:
    objective = Objective("precision", 0.9)
    encoded = msgspec.json.encode(objective)
    assert msgspec.json.decode(encoded, type=Objective) == objective


def test_the_menu_can_be_applied_as_it_stands() -> None:
    for entry in MENU:
        objective = Objective(entry.kind, entry.example_value)
        assert parse_objective(objective.name).is_joint == entry.is_joint
        assert entry.title and entry.purpose
        assert (entry.example_value is not None) == bool(entry.value_name)


def test_help_names_every_objective() -> None:
    (option,) = (option for option in command.params if option.name == "objective")
    assert isinstance(option, click.Option) and option.help == f"{FORMS}."


def test_a_row_is_all_that_an_objective_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    row = MenuEntry(
        "precise",
        "Precision at a recall",
        "the highest precision at that recall",
        "recall",
        0.5,
        0.01,
        1.0,
        worth=lambda curve, value: np.where(curve.recall >= float(value), curve.precision, -np.inf),
        needs_no_scores=lambda curve, value, index: "",
        target="recall",
    )
    monkeypatch.setitem(_ENTRIES, row.kind, row)
    generator = np.random.default_rng(0)
    truth = generator.random((400, 1)) < 0.3
    scores = np.round(np.clip(generator.random((400, 1)) * 0.6 + truth * 0.3, 0, 1), 4)
    tuning, measured = (Part(name, ("a",), scores, truth) for name in ("calibration", "test"))
    choices = choose_all(tuning.curves(), "precise:0.5")
    assert choices["a"].threshold == choose_all(tuning.curves(), "recall:0.5")["a"].threshold
    evidence = gather_evidence(tuning, measured, choices, Aim("precise:0.5"), resamples=50)
    assert "precise:0.5 may be met" in evidence.of("a").why
