"""Thresholds on the screen: what is seen is what is saved, with the evidence that goes with it."""

import shlex
from pathlib import Path

import numpy as np
import pytest

from core.errors import InvalidInput
from core.tuning.aim import Aim
from core.tuning.evaluation import pool
from core.tuning.joint import choose_all
from core.tuning.objectives import MENU, MenuEntry, Objective
from core.tuning.part import Part
from core.workflow.parts import RunCurves, load_run_curves
from core.workflow.session import Session
from core.workflow.state import ThresholdsState
from core.workflow.thresholds import TuningSettings, load_report, tune_thresholds
from core.workflow.working_thresholds import (
    KnownEvidence,
    WorkingThresholds,
    aim_of,
    equivalent_command,
    evidence_of_report,
    gather_known,
    is_known,
    planned_change,
    start_working,
    tuning_settings,
)

Board = tuple[Session, RunCurves, WorkingThresholds, KnownEvidence]


def kept(session: Session) -> ThresholdsState:
    """The thresholds that the session holds."""
    found = session.state().runs[-1].thresholds
    assert found is not None
    return found


def opened(folder: Path, settings: TuningSettings | None = None) -> Board:
    """What the screen holds after a tuning."""
    session = Session(folder)
    if settings is not None:
        tune_thresholds(session, settings)
    run = session.state().runs[-1]
    curves, working = load_run_curves(session, run.name), start_working(run)
    report = load_report(session, run)
    known = evidence_of_report(report, working.saved_aim.per_label, curves.default)
    assert known is not None
    return session, curves, working, known


def measured(board: Board, known: KnownEvidence | None) -> KnownEvidence:
    """Evidence of the thresholds as they stand, gathered as the screen does when keys rest."""
    _, curves, working, _ = board
    for _ in range(3):
        if is_known(working, curves, known):
            break
        aim = aim_of(working, curves, known)
        known = gather_known(curves, working.tuned_on, aim)
        working.settle(curves, known)
    assert known is not None and is_known(working, curves, known)
    return known


def take(board: Board, name: str, label: str | None = None) -> None:
    """Take an objective."""
    _, curves, working, _ = board
    working.take(planned_change(curves, working.tuned_on, working.values, working.aim, name, label))


@pytest.mark.parametrize("objective", ["max_f1", "cost:0.5", "precision:0.9", "joint_micro_f1"])
@pytest.mark.parametrize("by_hand", [{}, {"bug": 0.25, "login": 0.5}])
def test_what_the_session_holds_is_known_and_saves_as_it_is(
    tickets_session: Path, objective: str, by_hand: dict[str, float]
) -> None:
    settings = TuningSettings(aim=Aim(objective=objective, by_hand=by_hand))
    session, curves, working, known = opened(tickets_session, settings)
    before = kept(session)
    assert is_known(working, curves, known) and not working.is_changed
    wanted = tuning_settings(working, curves, known)
    assert (wanted.aim.by_hand, wanted.forget_by_hand, wanted.aim.adopt) == ({}, False, ())
    tune_thresholds(session, wanted)
    after = kept(session)
    assert (after.values, after.edited, after.adopted) == (
        before.values,
        before.edited,
        before.adopted,
    )


@pytest.mark.parametrize("tune_on", ["calibration", "test"])
def test_gathered_evidence_is_that_of_the_command(tickets_session: Path, tune_on: str) -> None:
    settings = TuningSettings(tune_on=tune_on, aim=Aim(objective="cost:0.5", adopt=("bug",)))
    board = opened(tickets_session, settings)
    _, curves, working, known = board
    again = gather_known(curves, working.tuned_on, aim_of(working, curves, known))
    assert again.evidence == known.evidence
    assert (again.against, dict(again.values)) == (known.against, dict(known.values))
    assert again.measured_on == known.measured_on
    assert again.measured_on == ("test" if tune_on == "calibration" else "test, cross-fitted")
    assert again.macro == known.macro and again.macro_interval == known.macro_interval
    assert "bug" in again.against and working.values["bug"] == known.of["bug"]


def test_a_choice_against_the_evidence_is_adopted_and_only_that(tickets_session: Path) -> None:
    board = opened(tickets_session, TuningSettings(aim=Aim(objective="cost:0.5")))
    session, curves, working, known = board
    assert known.decision("bug", working.chosen(curves)["bug"], "cost:0.5") == "default"
    choice = working.best(curves, "bug")
    working.best(curves, "billing")
    settings = tuning_settings(working, curves, known)
    assert settings.aim.adopt == ("bug",) and not settings.aim.by_hand
    tune_thresholds(session, settings)
    saved = kept(session)
    assert saved.values == working.values and saved.values["bug"] == choice.threshold
    assert (saved.adopted, saved.edited) == (("bug",), ())


def test_the_default_is_by_hand_only_where_the_evidence_does_not_keep_it(
    tickets_session: Path,
) -> None:
    _, curves, working, known = opened(
        tickets_session, TuningSettings(aim=Aim(objective="cost:0.5"))
    )
    assert known.against >= {"bug", "login"} and "billing" not in known.against
    working.set("billing", 0.5)
    working.set("bug", 0.6)
    working.set("bug", 0.5)
    assert tuning_settings(working, curves, known).aim.by_hand == {"billing": 0.5}


def test_a_label_set_by_hand_stays_so_until_its_choice_is_taken(tickets_session: Path) -> None:
    at = opened(tickets_session)[2].values["bug"]
    board = opened(tickets_session, TuningSettings(aim=Aim(by_hand={"bug": at})))
    session, curves, working, known = board
    working.set("login", 0.2)
    tune_thresholds(session, tuning_settings(working, curves, measured(board, known)))
    assert set(kept(session).edited) == {"bug", "login"}
    session, curves, working, known = board = opened(tickets_session)
    working.best(curves, "bug")
    assert working.is_changed and not working.unsaved
    tune_thresholds(session, tuning_settings(working, curves, measured(board, known)))
    assert kept(session).edited == ("login",)
    assert working.undo() == frozenset() and not working.is_changed


def test_another_objective_settles_where_the_evidence_puts_it(tickets_session: Path) -> None:
    board = opened(tickets_session)
    session, curves, working, known = board
    before = dict(working.values)
    take(board, "cost:0.5")
    assert {label: c.threshold for label, c in working.chosen(curves).items()} == working.values
    assert "bug" in working.undecided
    known = measured(board, known)
    assert working.values["bug"] == 0.5 and not working.undecided
    settings = tuning_settings(working, curves, known)
    assert not settings.aim.by_hand and not settings.aim.adopt
    tune_thresholds(session, settings)
    assert kept(session).values == working.values
    assert working.undo() and working.values == before and working.aim.objective == "max_f1"
    assert working.undo() is None


def test_an_objective_of_one_label_is_saved_with_it(tickets_session: Path) -> None:
    board = opened(tickets_session)
    session, curves, working, known = board
    take(board, "recall:0.9", "login")
    known = measured(board, known)
    settings = tuning_settings(working, curves, known)
    assert settings.aim.per_label == {"login": "recall:0.9"} and settings.aim.objective == "max_f1"
    tune_thresholds(session, settings)
    assert kept(session).per_label == {"login": "recall:0.9"}
    assert kept(session).values == working.values
    take(board, "max_f1", "login")
    assert working.aim.per_label == {}


@pytest.mark.parametrize("seed", range(6))
def test_whatever_is_done_what_is_seen_is_what_is_saved(tickets_session: Path, seed: int) -> None:
    generator = np.random.default_rng(seed)
    board = opened(tickets_session, TuningSettings(aim=Aim(by_hand={"bug": 0.3})))
    session, curves, working, start = board
    known: KnownEvidence | None = start
    for _ in range(8):
        label = str(generator.choice(curves.labels))
        name = str(generator.choice(["cost:0.5", "precision:0.9", "joint_micro_f1", "f_beta:2"]))
        match int(generator.integers(6)):
            case 0:
                working.set(label, round(float(generator.random()), 2))
            case 1:
                working.best(curves, label)
            case 2:
                working.best_of_all(curves, known)
            case 3:
                take(board, name)
            case 4:
                take(board, "recall:0.9", label)
            case _:
                working.undo()
        if generator.random() < 0.5:
            known = measured(board, known)
    known = measured(board, known)
    tune_thresholds(session, tuning_settings(working, curves, known))
    assert kept(session).values == working.values
    assert kept(session).objective == working.aim.objective


def test_a_change_counts_what_it_would_do(tickets_session: Path) -> None:
    _, curves, working, _ = opened(tickets_session)
    change = planned_change(
        curves, "calibration", working.values, working.aim, "recall:0.9", "login"
    )
    shown = curves.of("calibration")
    (row,) = change.rows
    assert row.before == shown["login"].at(working.values["login"])
    assert row.after.recall >= 0.9
    after = {**working.values, "login": row.after.threshold}
    pooled = pool([shown[label].at(after[label]) for label in shown])
    assert change.micro_after.low == pooled.f1_low
    supported = [shown[label].at(after[label]).f1_low for label in shown]
    assert change.macro_after.low == pytest.approx(sum(supported) / len(supported))
    with pytest.raises(InvalidInput, match="together"):
        planned_change(
            curves, "calibration", working.values, working.aim, "joint_micro_f1", "login"
        )


def test_the_command_carries_every_setting() -> None:
    settings = TuningSettings(
        run="base",
        forget_by_hand=True,
        aim=Aim(
            objective="cost:5",
            per_label={"a b": "recall:0.8"},
            adopt=("x=y",),
            adopt_all=True,
            by_hand={"c": 0.25},
        ),
    )
    assert shlex.split(equivalent_command("s", settings, Path("f.json"))) == [
        "comprehend-tuner",
        "--session",
        "s",
        "thresholds",
        "--run",
        "base",
        "--objective",
        "cost:5",
        "--objective-for",
        "a b=recall:0.8",
        "--reset",
        "--adopt-all",
        "--adopt",
        "x=y",
        "--set",
        "c=0.25",
        "--save",
        "f.json",
    ]


@pytest.mark.parametrize("entry", MENU, ids=lambda entry: entry.kind)
def test_a_change_shows_what_taking_the_objective_gives(entry: MenuEntry) -> None:
    generator = np.random.default_rng(4)
    truth = generator.random((300, 3)) < (0.1, 0.3, 0.7)
    scores = np.round(np.clip(generator.random((300, 3)) * 0.6 + truth * 0.3, 0, 1), 4)
    part = Part("calibration", ("threat", "insult", "clean"), scores, truth)
    curves = RunCurves("base", "", "calibration", {"calibration": part})
    objective = Objective(entry.kind, entry.example_value)
    current = {"threat": 0.7, "insult": 0.5, "clean": 0.5}
    change = planned_change(curves, "calibration", current, Aim(), objective.name)
    choices = choose_all(part.curves(), objective)
    now = part.evaluate(current).averages
    then = part.evaluate({label: choice.threshold for label, choice in choices.items()}).averages
    for figure, expected in (
        (change.macro_before, now.macro_f1),
        (change.macro_after, then.macro_f1),
        (change.micro_before, now.micro_f1),
        (change.micro_after, then.micro_f1),
    ):
        assert figure.low == figure.high == pytest.approx(expected)
    for row in change.rows:
        choice = choices[row.label]
        assert row.before == part.curves()[row.label].at(current[row.label])
        assert (row.after, row.status, row.note) == (choice.counts, choice.status, choice.note)
