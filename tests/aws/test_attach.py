"""A classifier and jobs made in the console are adopted when they fit, and explained when not."""

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from core.cli.main import cli
from core.comprehend.engine import TwinOptions
from core.workflow.attach import AttachRequest, attach, finish_attached, plan_attach
from core.workflow.metrics import load_metrics
from core.workflow.session import Session
from core.workflow.state import RunState
from core.workflow.steps import step_statuses
from core.workflow.thresholds import TuningSettings, tune_thresholds
from tests.aws.console import Console
from tests.aws.server import BUCKET, AwsServer
from tests.aws.sessions import ready_session, score, train


@pytest.fixture
def session(aws: AwsServer, small_source: Path, tmp_path: Path) -> Session:
    return ready_session(aws, small_source, tmp_path / "ours")


@pytest.fixture
def console(aws: AwsServer, session: Session) -> Console:
    return Console(aws, session)


def adopted(session: Session, arn: str = "", **wish: Any) -> RunState:
    run = attach(session, plan_attach(session, AttachRequest(arn, **wish)))
    return finish_attached(session, run.name)


def test_a_console_classifier_and_its_jobs_become_a_run_with_thresholds(
    console: Console, session: Session
) -> None:
    arn = console.trained()
    jobs = tuple(
        ("", console.scored(arn, console.file(part), f"mine/{part}-documents.txt"))
        for part in ("calibration", "test")
    )
    run = adopted(session, jobs=jobs)
    assert (run.name, run.notes) == ("attached", ())
    assert run.classifiers[0].training.arn == arn
    assert {part: kept.missing for part, kept in run.scores.items()} == {
        "calibration": 0,
        "test": 0,
    }
    assert all(job.is_adopted for job in run.jobs())
    assert load_metrics(session, "attached")[0].service_metrics["F1Score"] > 0
    tune_thresholds(session, TuningSettings())
    statuses = {s.step.id: s.status for s in step_statuses(session, session.state())}
    assert (statuses["train"], statuses["score"], statuses["thresholds"]) == ("done",) * 3


def test_what_is_adopted_is_in_no_ledger_and_costs_no_create(
    console: Console, session: Session, aws: AwsServer
) -> None:
    arn = console.trained()
    job = console.scored(arn, console.file("test"))
    made = aws.creates()
    adopted(session, arn, jobs=(("test", job),))
    assert session.state().ledger == [] and aws.creates() == made


def test_an_adopted_classifier_scores_here_what_was_not_scored_there(
    console: Console, session: Session, aws: AwsServer
) -> None:
    arn = console.trained()
    run = adopted(session, arn, jobs=(("test", console.scored(arn, console.file("test"))),))
    made = aws.creates("job")
    run = score(session)
    assert run.scores.keys() == {"calibration", "test"} and aws.creates("job") == made + 1


def test_a_training_under_way_is_watched_until_it_ends(
    console: Console, session: Session, aws: AwsServer
) -> None:
    aws.options = TwinOptions(queue_s=0.5)
    arn = console.trained(is_awaited=False)
    plan = plan_attach(session, AttachRequest(arn))
    assert plan.classifier.state in ("SUBMITTED", "TRAINING")
    run = finish_attached(session, attach(session, plan).name)
    assert run.classifiers[0].training.artifact


def test_planning_changes_nothing(console: Console, session: Session, aws: AwsServer) -> None:
    arn = console.trained()
    before = {p: p.read_bytes() for p in session.folder.rglob("*") if p.is_file()}
    plan_attach(session, AttachRequest(arn))
    after = {p: p.read_bytes() for p in session.folder.rglob("*") if p.is_file()}
    assert before == after


def test_attaching_twice_adopts_once(console: Console, session: Session) -> None:
    arn = console.trained()
    job = console.scored(arn, console.file("test"))
    first = adopted(session, arn, jobs=(("test", job),))
    again = adopted(session, arn, jobs=(("", job),))
    assert len(session.state().runs) == 1 and again.replaced_jobs == []
    assert [j.id for j in again.jobs()] == [j.id for j in first.jobs()]


def test_a_training_file_with_our_test_documents_is_a_leak_with_its_count(
    console: Console, session: Session
) -> None:
    leaky = console.file("train", "training") + console.file("test", "training")
    run = adopted(session, console.trained(leaky))
    texts = len(set(console.file("test").splitlines()))
    assert any(f"{texts} of {texts} test texts are in its training file" in n for n in run.notes)


def test_another_training_file_without_our_documents_is_said(
    console: Console, session: Session
) -> None:
    fewer = b"".join(console.file("train", "training").splitlines(keepends=True)[:-20])
    run = adopted(session, console.trained(fewer))
    assert any("no calibration or test text" in note for note in run.notes)


def test_a_training_file_that_is_gone_leaves_the_question_open(
    console: Console, session: Session, aws: AwsServer
) -> None:
    arn = console.trained()
    aws.client("s3").delete_object(Bucket=BUCKET, Key="mine/training.csv")
    run = adopted(session, arn)
    assert any(note.startswith("cannot tell whether calibration and test") for note in run.notes)


def test_without_a_confusion_matrix_the_described_metrics_are_kept_and_it_is_said(
    console: Console, session: Session, aws: AwsServer
) -> None:
    arn = console.trained(OutputDataConfig={"S3Uri": f"s3://{BUCKET}/mine/out/"})
    s3 = aws.client("s3")
    for entry in s3.list_objects_v2(Bucket=BUCKET, Prefix="mine/out/")["Contents"]:
        s3.delete_object(Bucket=BUCKET, Key=entry["Key"])
    run = adopted(session, arn)
    assert any("no confusion matrix" in note for note in run.notes)
    kept = load_metrics(session, run.name)[0]
    assert kept.service_metrics["F1Score"] > 0 and kept.labels == ()
    job = console.scored(arn, console.file("test"))
    assert adopted(session, jobs=(("test", job),)).scores["test"].missing == 0


def test_an_own_classifier_whose_output_was_deleted_can_be_gone_on_with(
    session: Session, aws: AwsServer
) -> None:
    train(session)
    with session.editing() as state:
        training = state.runs[0].classifiers[0].training
        training.artifact = ""
    session.path("runs/base/c1/train/output.tar.gz").unlink()
    assert training.status is not None and training.status.output_uri is not None
    key = training.status.output_uri.removeprefix(f"s3://{BUCKET}/")
    aws.client("s3").delete_object(Bucket=BUCKET, Key=key)
    run = adopted(session, training.arn)
    assert run.name == "base" and run.classifiers[0].training.artifact
    assert not run.classifiers[0].training.is_adopted, "it stays ours to delete"
    score(session, "test")


def test_other_line_ends_are_no_difference(console: Console, session: Session) -> None:
    arn = console.trained()
    job = console.scored(arn, console.file("test").replace(b"\n", b"\r\n").rstrip())
    assert adopted(session, arn, jobs=(("", job),)).scores["test"].missing == 0


def test_offline_a_classifier_of_this_twin_is_adopted_the_same_way(tickets_session: Path) -> None:
    session = Session(tickets_session)
    with session.editing() as state:
        classifier = state.runs.pop().classifiers[0]
        state.ledger = []
    jobs = tuple(("", job.job_id) for job in classifier.scoring.values())
    run = adopted(session, jobs=jobs)
    assert run.classifiers[0].training.arn == classifier.training.arn and run.notes == ()
    assert run.scores.keys() == {"calibration", "test"} and session.state().ledger == []


class TestCommand:
    """``attach`` by command line."""

    @pytest.fixture
    def arn(self, console: Console) -> str:
        return console.trained()

    def run(self, session: Session, *arguments: str) -> Result:
        return CliRunner().invoke(cli, ["--session", str(session.folder), *arguments])

    def test_a_dry_run_says_what_it_would_adopt(self, session: Session, arn: str) -> None:
        done = self.run(session, "--dry-run", "attach", "--classifier", arn)
        assert (
            done.exit_code == 0 and "TRAINED, trained on this split's training part" in done.stdout
        )
        assert session.state().runs == []

    def test_read_only_may_attach(self, session: Session, arn: str, console: Console) -> None:
        job = console.scored(arn, console.file("test"))
        done = self.run(
            session, "--read-only", "attach", "--run", "theirs", "--score", f"test={job}"
        )
        assert done.exit_code == 0, done.stderr
        assert "next: comprehend-tuner" in done.stdout
        assert session.state().runs[0].name == "theirs"

    def test_a_malformed_score_is_a_usage_error(self, session: Session) -> None:
        assert self.run(session, "attach", "--score", "test").exit_code == 2
