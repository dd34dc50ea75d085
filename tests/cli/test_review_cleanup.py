"""``review`` and ``cleanup`` as a user calls them."""

import json
import sys
from pathlib import Path

import pexpect
import pytest
from click.testing import CliRunner

from core.cli.main import cli
from core.errors import InvalidInput
from core.workflow.jobs import session_clients
from core.workflow.session import Session
from tests.cli.running import run


def _json(*arguments: str) -> dict[str, object]:
    done = CliRunner().invoke(cli, ["--json", *arguments], catch_exceptions=False)
    assert done.exit_code == 0
    found: dict[str, object] = json.loads(done.stdout)
    return found


@pytest.fixture
def here(tickets_session: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tickets_session.parents[1])
    return tickets_session


def test_review_without_a_label_counts_the_errors_of_each(here: Path) -> None:
    found = _json("review")
    assert found["part"] == "calibration"
    labels = found["labels"]
    assert isinstance(labels, list)
    assert [label["label"] for label in labels] == ["billing", "delivery", "bug", "login", "clean"]


def test_review_lists_the_nearest_documents_of_the_wanted_kind(here: Path) -> None:
    found = _json("review", "--label", "billing", "--kind", "false-negatives", "--limit", "2")
    rows, counts, threshold = found["rows"], found["counts"], found["threshold"]
    assert isinstance(rows, list) and isinstance(counts, dict) and isinstance(threshold, float)
    assert len(rows) == min(2, counts["false-negative"]) > 0
    for row in rows:
        assert row["kind"] == "false-negative"
        assert "billing" in row["labels"]
        assert row["score"] < threshold
    distances = [threshold - row["score"] for row in rows]
    assert distances == sorted(distances)


def test_review_prints_text_for_people(here: Path) -> None:
    shown = CliRunner().invoke(cli, ["review", "--label", "bug", "--part", "test"])
    assert shown.exit_code == 0
    assert "nearest first" in shown.output and "test (" in shown.output


@pytest.mark.parametrize(
    "arguments", [["--label", "nolabel"], ["--part", "validation"], ["--run", "nope"]]
)
def test_review_refuses_what_is_not_there(arguments: list[str], tickets_session: Path) -> None:
    done = run("review", *arguments, folder=tickets_session.parents[1])
    assert done.returncode == 2
    assert done.stderr.startswith("comprehend-tuner: No ") and done.stdout == ""


def test_marks_of_an_edited_list_are_applied(here: Path, tmp_path: Path) -> None:
    path = tmp_path / "marks.csv"
    listed = _json(
        "review", "--label", "billing", "--kind", "false-positives", "--export", str(path)
    )
    assert listed["written"] == str(path)
    lines = path.read_text().split("\n")
    name = lines[1].split(",")[0]
    path.write_text(f"id,label,mark\n{name},billing,add\n")
    tried = _json("--dry-run", "review", "--apply", str(path))
    assert tried["revision"] is None and len(Session(here).state().revisions) == 1
    applied = _json("review", "--apply", str(path))
    assert applied["revision"] == "r2" and applied["relabelling"] == tried["relabelling"]
    assert _json("review", "--export", str(path))["written"] == str(path)
    assert f"{name},billing,add" in path.read_text()
    again = CliRunner().invoke(cli, ["review", "--apply"])
    assert isinstance(again.exception, InvalidInput) and again.exception.title == "Nothing to apply"


def test_review_shows_suspects_with_their_words(here: Path) -> None:
    command = ["review", "--label", "billing", "--kind", "suspects", "--terms"]
    found = _json(*command)
    rows, terms = found["rows"], found["terms"]
    assert isinstance(rows, list) and isinstance(terms, dict) and rows
    assert terms.keys() == {row["id"] for row in rows} and all(terms.values())
    shown = CliRunner().invoke(
        cli, ["review", "--label", "billing", "--kind", "suspects", "--terms"]
    )
    assert "least likely label first" in shown.output and "    words: " in shown.output


def test_a_bad_file_of_marks_is_an_error_of_use(tickets_session: Path) -> None:
    path = tickets_session.parents[1] / "marks.csv"
    path.write_text("id,label,mark\nnobody,bug,keep\n")
    done = run("review", "--apply", str(path), folder=tickets_session.parents[1])
    assert done.returncode == 2 and "line 2: no document has the id 'nobody'" in done.stderr


def test_cleanup_without_yes_lists_and_deletes_nothing(tickets_session: Path) -> None:
    done = run("cleanup", folder=tickets_session.parents[1])
    assert done.returncode == 4
    assert done.stdout == ""
    assert "classifier" in done.stderr and "cleanup --yes" in done.stderr
    assert _states(tickets_session) == {"created"}


@pytest.mark.parametrize(
    ("typed", "status", "states"),
    [
        ("small", 0, {"deleted"}),
        ("smal", 4, {"created"}),
        ("", 4, {"created"}),
    ],
)
def test_cleanup_asks_for_the_name_on_a_terminal(
    typed: str, status: int, states: set[str], tickets_session: Path
) -> None:
    folder = str(tickets_session.parents[1])
    child = pexpect.spawn(sys.executable, ["-m", "tui", "cleanup"], cwd=folder, timeout=60)
    child.expect("type small to go on")
    assert _states(tickets_session) == {"created"}
    child.sendline(typed)
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == status
    assert _states(tickets_session) == states


def test_cleanup_of_a_run_that_is_not_there(tickets_session: Path) -> None:
    done = run("cleanup", "--run", "nope", "--yes", folder=tickets_session.parents[1])
    assert done.returncode == 2 and "runs: base" in done.stderr
    assert _states(tickets_session) == {"created"}


def test_cleanup_of_one_run_names_it_in_the_command(tickets_session: Path) -> None:
    done = run("cleanup", "--run", "base", folder=tickets_session.parents[1])
    assert done.returncode == 4 and "cleanup --run base --yes" in done.stderr


def test_cleanup_says_what_is_left_and_ends_with_an_error(here: Path) -> None:
    session = Session(here)
    arn = session.state().runs[0].classifiers[0].training.arn
    session_clients(session).comprehend.create_endpoint(
        EndpointName="production", ModelArn=arn, DesiredInferenceUnits=1
    )
    done = CliRunner().invoke(cli, ["cleanup", "--yes"])
    assert isinstance(done.exception, InvalidInput) and "production" in done.exception.message
    assert "$0.50 a month" in done.exception.message
    assert f"left: classifier {arn}, $0.50 a month" in done.stdout


def test_cleanup_dry_run_lists_as_json(here: Path) -> None:
    found = _json("--dry-run", "cleanup")
    rows = found["rows"]
    assert isinstance(rows, list)
    assert [row["kind"] for row in rows] == ["classifier", *["object"] * 7]
    assert _states(here) == {"created"}


def test_cleanup_is_refused_read_only(tickets_session: Path) -> None:
    done = run("--read-only", "cleanup", "--yes", folder=tickets_session.parents[1])
    assert done.returncode == 4
    assert "Read-only" in done.stderr
    assert _states(tickets_session) == {"created"}


def test_cleanup_deletes_and_proves_it(tickets_session: Path) -> None:
    folder = tickets_session.parents[1]
    done = run("cleanup", "--yes", folder=folder)
    assert done.returncode == 0, done.stderr
    assert "nothing left" in done.stdout
    assert _states(tickets_session) == {"deleted"}
    again = run("cleanup", folder=folder)
    assert again.returncode == 0, "with nothing to delete there is nothing to confirm"
    for command in ("status", "thresholds", "metrics", "jobs", "train", "score"):
        done = run(command, folder=folder)
        assert done.returncode == 0, (command, done.stderr)


def _states(folder: Path) -> set[str]:
    return {entry.state for entry in Session(folder).state().ledger}
