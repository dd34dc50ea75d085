"""A short, seeded part of `make weather`."""

import random
from pathlib import Path

import pytest

from tests.weather import faults, kills, races
from tests.weather.cells import Cell, Step
from tests.weather.steps import prepared


@pytest.fixture(scope="module")
def steps(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Step]:
    return prepared(tmp_path_factory.mktemp("weather") / "steps", ("split", "train", "thresholds"))


def good(cells: list[Cell], least: int = 1) -> None:
    assert len(cells) >= least
    assert not [cell for cell in cells if cell.outcome == "BAD"]


@pytest.mark.timeout(240)
def test_a_command_killed_at_a_write_is_finished_by_repeating_it(
    steps: dict[str, Step], tmp_path: Path
) -> None:
    good([*kills.planned(steps["split"], tmp_path, every=9)], 2)
    good([*kills.planned(steps["train"], tmp_path, every=17)], 2)


@pytest.mark.timeout(240)
def test_killed_workers_leave_one_classifier_and_the_same_ledger(
    steps: dict[str, Step], tmp_path: Path
) -> None:
    random_ = random.Random(1)
    good([*kills.workers_at_random(steps["train"], tmp_path, 2, random_)])
    good([*kills.workers_at_random(steps["train"], tmp_path, 1, random_, with_command=True)])


@pytest.mark.timeout(240)
def test_what_the_machine_refuses_is_said_in_one_line_and_nothing_is_lost(
    steps: dict[str, Step], tmp_path: Path
) -> None:
    names = ("ulimit -n 12", "ulimit -f 1 KiB", "no locks (ENOLCK)", "no home", "clock set back")
    good([*faults.within(steps["split"], tmp_path, names)], len(names))
    good([*faults.within(steps["train"], tmp_path, ("ulimit -f 1 KiB", "umask 777"))], 2)
    good([*faults.vanishing(steps["split"], tmp_path, 2, random.Random(1))], 2)


@pytest.mark.timeout(240)
def test_two_commands_and_the_app_lose_nothing_of_each_other(
    steps: dict[str, Step], tmp_path: Path
) -> None:
    good([*races.rounds(steps["thresholds"], tmp_path, 4, random.Random(1))], 4)
