"""Files of a session are used only while they are what was recorded of them."""

import json
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest

from core.cli.main import main
from core.errors import InvalidInput
from core.files import file_fingerprint, known_fingerprint
from core.workflow.integrity import check_session
from core.workflow.jobs import session_clients
from core.workflow.recorded import NotAsRecorded, recorded_files
from core.workflow.score import plan_scoring, start_scoring_jobs
from core.workflow.session import Session
from core.workflow.split import split_dataset
from core.workflow.thresholds import TuningSettings, load_report, tune_thresholds
from core.workflow.train import plan_training, start_training_run
from tests.core.workflow.test_journey import score, train


@pytest.fixture
def session(tickets_session: Path, monkeypatch: pytest.MonkeyPatch) -> Session:
    monkeypatch.chdir(tickets_session.parents[1])
    return Session(tickets_session)


def shorten(path: Path) -> None:
    """Keep the first half of a file's lines."""
    lines = path.read_bytes().split(b"\n")
    path.write_bytes(b"\n".join(lines[: len(lines) // 2]) + b"\n")


def swap(path: Path) -> None:
    """Change the places of the first two lines."""
    first, second, rest = path.read_bytes().split(b"\n", 2)
    path.write_bytes(b"\n".join((second, first, rest)))


def flip(path: Path) -> None:
    """Change one bit in the middle."""
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def test_every_file_has_a_fingerprint_and_all_is_well(session: Session) -> None:
    files = list(recorded_files(session.state()))
    assert all(file.fingerprint for file in files)
    names = {Path(file.path).name for file in files}
    assert names >= {
        *("r1.jsonl", "train.csv", "test.csv", "test.txt", "test.lines.json", "truth.npz"),
        *("output.tar.gz", "metrics.json", "scores-test.npz", "thresholds.json", "report.json"),
    }
    assert check_session(session).is_well


@pytest.mark.parametrize("damage", [shorten, flip, Path.unlink], ids=["cut", "flipped", "gone"])
def test_what_the_check_names_makes_each_file_anew(
    session: Session, damage: Callable[[Path], None], capsys: pytest.CaptureFixture[str]
) -> None:
    files = {file.path: file for file in recorded_files(session.state())}
    before = {path: file_fingerprint(session.path(path)) for path in files}
    for path, file in files.items():
        if path == "data/r1.jsonl":
            continue
        damage(session.path(path))
        (fault,) = check_session(session).faults
        assert fault.what.startswith(path) and fault.remedy == file.rebuild
        command = file.rebuild.partition("comprehend-tuner ")[2]
        assert main(["--yes", *shlex.split(command)]) == 0, path
        assert check_session(session).is_well, path
    capsys.readouterr()
    made_anew = {path for path in files if file_fingerprint(session.path(path)) != before[path]}
    assert made_anew <= {"runs/base/report.json", "runs/base/thresholds.json"}
    assert len(session.state().splits) == len(session.state().runs) == 1


def test_half_a_revision_is_not_split(session: Session) -> None:
    shorten(session.path("data/r1.jsonl"))
    with pytest.raises(NotAsRecorded, match=r"data/r1\.jsonl .*documents, made 2.*changed since"):
        split_dataset(session, (0.7, 0.1, 0.2), 5)
    assert len(session.state().splits) == 1


def test_a_shortened_training_file_is_not_trained_on(session: Session) -> None:
    split_dataset(session, (0.7, 0.3), 5)
    plan = plan_training(session)
    shorten(session.path("data/s2/train.csv"))
    with pytest.raises(NotAsRecorded, match=r"data/s2/train\.csv .*split s2") as error:
        start_training_run(session, plan)
    assert "comprehend-tuner split --ratios 70/30 --seed 5" in error.value.hint
    assert not any(
        "s2" in entry.uri or "/run2/" in entry.uri
        for entry in session_clients(session).store.list("s3://offline/")
    )
    split_dataset(session, (0.7, 0.3), 5)
    train(session)
    assert [run.split for run in session.state().runs] == ["s1", "s2"]


def test_swapped_lines_are_not_scored(session: Session) -> None:
    split_dataset(session, (0.7, 0.3), 5)
    train(session)
    swap(session.path("data/s2/test.txt"))
    with pytest.raises(NotAsRecorded, match=r"data/s2/test\.txt"):
        start_scoring_jobs(session, plan_scoring(session))
    assert not session.state().runs[-1].classifiers[0].scoring


@pytest.mark.parametrize("name", ["data/s1/truth.npz", "runs/base/scores-test.npz"])
def test_other_scores_or_labels_are_not_tuned_on(session: Session, name: str) -> None:
    flip(session.path(name))
    with pytest.raises(NotAsRecorded, match=name):
        tune_thresholds(session, TuningSettings())


def test_other_counts_of_the_service_are_not_reconciled_with(session: Session) -> None:
    flip(session.path("runs/base/c1/metrics.json"))
    with pytest.raises(NotAsRecorded, match="metrics"):
        tune_thresholds(session, TuningSettings())


def test_another_report_is_not_shown(session: Session) -> None:
    flip(session.path("runs/base/report.json"))
    with pytest.raises(NotAsRecorded, match="report"):
        load_report(session, session.state().runs[0])


def test_a_changed_archive_is_fetched_again(session: Session) -> None:
    job = session.state().runs[0].classifiers[0].scoring["test"]
    flip(session.path(job.artifact))
    score(session)
    assert file_fingerprint(session.path(job.artifact)) == job.fingerprints[job.artifact]


def test_the_command_says_what_is_wrong_and_ends_with_2(
    session: Session, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["session", "check"]) == 0
    assert "all is well" in capsys.readouterr().out
    swap(session.path("data/s1/test.txt"))
    with (session.folder / "events.jsonl").open("ab") as log:
        log.write(b'{"at": "2026-')
    assert main(["session", "check"]) == 2
    shown = capsys.readouterr().out
    assert "data/s1/test.txt" in shown and "comprehend-tuner split --ratios" in shown
    assert "events.jsonl: 1 line cannot be read" in shown
    assert main(["--json", "session", "check"]) == 2
    assert len(json.loads(capsys.readouterr().out)["check"]["faults"]) == 2


def test_a_damaged_state_is_named_by_the_check(
    session: Session, capsys: pytest.CaptureFixture[str]
) -> None:
    state = json.loads(session.state_path.read_bytes())
    state["runs"][0]["split"] = "s9"
    session.state_path.write_text(json.dumps(state))
    assert main(["session", "check"]) == 2
    assert "$.runs[0].split" in capsys.readouterr().out


def test_a_price_list_with_units_of_no_characters_is_refused(session: Session) -> None:
    state = json.loads(session.state_path.read_bytes())
    state["prices"]["unit_characters"] = 0
    session.state_path.write_text(json.dumps(state))
    with pytest.raises(InvalidInput, match="unit_characters"):
        session.state()


def test_a_file_is_hashed_once_for_each_state_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"first")
    first = known_fingerprint(path)
    monkeypatch.setattr("core.files.file_fingerprint", lambda path: "sha256:another")
    assert known_fingerprint(path) == first
    path.write_bytes(b"second, longer")
    assert known_fingerprint(path) == "sha256:another"
