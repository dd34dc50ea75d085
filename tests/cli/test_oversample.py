"""``oversample`` and the comparison of its arms, as a user calls them."""

import json
import shutil
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner, Result

import core.workflow.experiments.run as experiment_running
from core.cli.main import cli
from core.comprehend.engine import TwinOptions
from core.errors import InvalidInput, OperationFailed, Refused
from core.text import cell_width
from core.workflow.experiments.arms import arm_statuses
from core.workflow.experiments.plan import ArmStatus, ExperimentReport
from core.workflow.following import stop_job
from core.workflow.session import Session
from tests.cli.running import run

SWEEP = ("oversample", "--labels", "login", "--arms", "12,150")


def call(*arguments: str) -> Result:
    return CliRunner().invoke(cli, arguments)


def fits(text: str) -> bool:
    """Whether every line has room in 80 columns."""
    wide = [line for line in text.splitlines() if cell_width(line) > 80]
    assert not wide, wide
    return True


@pytest.fixture(scope="module")
def swept(finished_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A working folder whose session went through an experiment, and what that printed."""
    here = tmp_path_factory.mktemp("swept")
    shutil.copytree(finished_folder, here / ".comprehend-tuner" / "small")
    done = run(*SWEEP, folder=here)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    return here, done.stdout


@pytest.fixture
def here(swept: tuple[Path, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Session:
    """A copy of that session, in the working directory."""
    copy = Path(shutil.copytree(swept[0], tmp_path / "copy"))
    monkeypatch.chdir(copy)
    return Session(copy / ".comprehend-tuner" / "small")


@pytest.fixture
def fresh(tickets_session: Path, monkeypatch: pytest.MonkeyPatch) -> Session:
    """A finished session without an experiment, in the working directory."""
    monkeypatch.chdir(tickets_session.parents[1])
    return Session(tickets_session)


def rows_of(text: str, first: str) -> list[str]:
    return [line for line in text.splitlines() if line.split()[:1] == [first]]


def test_a_dry_run_counts_every_label_and_keeps_nothing(fresh: Session) -> None:
    before = fresh.state_path.read_bytes()
    shown = call("--dry-run", *SWEEP, "--repeat-from", "10", "--patience", "2")
    assert shown.exit_code == 0, shown.output
    assert fresh.state_path.read_bytes() == before
    assert fits(shown.stdout)
    train = fresh.state().splits[-1].support["login"]["train"]
    for words in (
        "experiment e1 (new) on OFFLINE",
        "stops after 2 arms",
        "MeanIR",
        "SCUMBLE",
        f"150={train}+{150 - train}",
        "150=10+140",
        "n150-from10",
        "on AWS about $",
        "keeping:",
        "still to start, up to",
    ):
        assert words in shown.stdout, words
    for label in fresh.state().dataset.labels:
        assert rows_of(shown.stdout, label), label


def test_the_plan_is_json_for_machines(fresh: Session) -> None:
    plan = json.loads(call("--json", "--dry-run", *SWEEP).stdout)
    assert [arm["plan"]["id"] for arm in plan["arms"]] == ["base", "n12", "n150"]
    assert plan["trainings"] == 2 and plan["before"].keys() == plan["arms"][1]["after"].keys()


def test_a_sweep_ends_with_its_arms_and_their_comparison(swept: tuple[Path, str]) -> None:
    text = swept[1]
    assert fits(text)
    for words in (
        "e1-n12",
        "done",
        "OFFLINE",
        "every arm tuned on calibration",
        "measured on test",
        "login (",
        "macro average",
        "micro average",
        "verdicts against base:",
        "looked at",
        "oversample --adopt ARM",
    ):
        assert words in text, words
    assert len(rows_of(text, "n150")) == 6, "arms, login and macro twice, micro once"
    assert [line for line in text.splitlines() if line.startswith("  n150: ")]


def test_compare_alone_shows_the_newest_experiment_from_files(
    here: Session, swept: tuple[Path, str]
) -> None:
    shutil.rmtree(here.path("offline"))
    shutil.rmtree(here.path("experiments"))
    again = call("compare")
    assert again.exit_code == 0, again.output
    assert fits(again.stdout)
    tables = again.stdout.split("the test part was looked at")[0]
    assert tables in swept[1], "the same figures, from the session's files alone"
    every = call("compare", "--experiment", "e1", "--all-labels").stdout
    assert "billing (" in every and "billing (" not in again.stdout
    report = msgspec.json.decode(call("--json", "compare").stdout, type=ExperimentReport)
    assert [arm.arm for arm in report.comparison.arms] == ["n12", "n150"]
    assert set(report.after["n150"]) == set(here.state().dataset.labels)


def test_repeating_the_command_pays_for_nothing_again(here: Session) -> None:
    shown = call("--dry-run", *SWEEP)
    assert "carried on" in shown.stdout and "nothing is left to pay" in shown.stdout
    runs = [run.name for run in here.state().runs]
    assert call("oversample", "--resume").exit_code == 0
    assert [run.name for run in here.state().runs] == runs


def test_an_arm_is_adopted_with_thresholds_of_its_own(here: Session) -> None:
    dry = call("--dry-run", "oversample", "--adopt", "n150")
    unknown = call("--dry-run", "oversample", "--adopt", "n9").exception
    assert isinstance(unknown, InvalidInput)
    assert dry.exit_code == 0 and here.state().run.name == "base"  # type: ignore[union-attr]
    done = call("oversample", "--adopt", "n150")
    assert done.exit_code == 0, done.output
    assert "run e1-n150" in done.stdout and "thresholds.json" in done.stdout
    history = call("oversample", "--history")
    assert fits(history.stdout)
    marked = [line for line in history.stdout.splitlines() if line.startswith("› e1-n150")]
    assert len(marked) == 1 and "repeats" in marked[0]
    counts = rows_of(history.stdout, "login")
    assert counts and counts[0].split()[-1] == "150" and counts[0].split()[-2] == "12"
    assert len(json.loads(call("--json", "oversample", "--history").stdout)["versions"]) == 3


def test_an_arm_of_an_older_split_is_adopted_with_a_warning(here: Session) -> None:
    assert "newest" not in call("oversample", "--adopt", "n12").stdout
    assert call("split", "--ratios", "60/20/20", "--seed", "11").exit_code == 0
    done = call("oversample", "--adopt", "n150")
    assert done.exit_code == 0 and "it was trained on split s1, not on s2" in done.stdout


def test_a_failed_arm_gives_exit_code_1_and_can_be_retried(fresh: Session) -> None:
    with fresh.editing() as state:
        state.twin = msgspec.structs.replace(state.twin, queue_s=2.0)
    started = call(*SWEEP, "--detach")
    assert started.exit_code == 0, started.output
    assert "come back with: comprehend-tuner oversample --experiment e1" in started.stdout
    stop_job(fresh, "e1-n12/c1/train")
    with fresh.editing() as state:
        state.twin = TwinOptions(returned="all")
    done = call("oversample", "--experiment", "e1")
    assert isinstance(done.exception, OperationFailed) and done.exception.exit_code == 1
    assert "n12" in done.exception.message and "STOPPED" in done.exception.message
    assert "oversample --experiment e1 --retry" in done.exception.hint
    assert "n12 is not compared" in done.stdout and "  n150: " in done.stdout
    retried = call("oversample", "--retry")
    assert retried.exit_code == 0, retried.output
    assert "  n12: " in retried.stdout


def test_arms_that_all_failed_are_shown_although_nothing_is_compared(
    fresh: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    def all_failed(session: Session, experiment_id: str, *given: object, **more: object) -> object:
        state = session.state()
        found = arm_statuses(session, state, state.experiment_named(experiment_id))
        is_base = {one.arm.plan.id: one.arm.plan.group == "base" for one in found}
        return tuple(
            ArmStatus(
                one.arm, "done" if is_base[one.arm.plan.id] else "failed", "IN_ERROR: no text"
            )
            for one in found
        )

    monkeypatch.setattr(experiment_running, "run_experiment", all_failed)
    done = call(*SWEEP, "--replicates", "2")
    assert isinstance(done.exception, OperationFailed), done.exception
    assert "4 arms failed" in done.exception.title
    assert rows_of(done.stdout, "base-2") and rows_of(done.stdout, "n12-2")


def test_nothing_is_trained_when_read_only(fresh: Session) -> None:
    assert isinstance(call("--read-only", *SWEEP).exception, Refused)
    assert not fresh.state().experiments


def columns(text: str, names: Sequence[str]) -> list[list[str]]:
    return [line.split() for name in names for line in rows_of(text, name)]


def test_one_training_file_can_still_be_made_without_an_experiment(fresh: Session) -> None:
    done = call("oversample", "--to", "login=150", "--seed", "3")
    assert done.exit_code == 0 and columns(done.stdout, ["login"])[0][2] == "150"
    assert fresh.state().oversampling is not None
    assert call("--dry-run", "oversample", "--clear").exit_code == 0
    assert fresh.state().oversampling is not None, "a dry run does nothing"
    assert call("oversample", "--clear").exit_code == 0
    assert fresh.state().oversampling is None


def test_an_experiment_is_not_mixed_with_runs(here: Session) -> None:
    for arguments in (
        ("base", "e1-n12", "--experiment", "e1"),
        ("base", "--all-labels"),
        ("--run", "base"),
        ("--experiment", "e9"),
    ):
        assert isinstance(call("compare", *arguments).exception, InvalidInput), arguments


def test_compare_alone_says_what_to_name_when_there_is_no_experiment(fresh: Session) -> None:
    error = call("compare").exception
    assert isinstance(error, InvalidInput)
    assert "base" in error.hint and "oversample --labels" in error.hint
