"""Label groups: who needs them, what they cost, and what they bring, on tickets with all quirks."""

import csv
import shutil
from pathlib import Path

import msgspec
import numpy as np
import pytest

from core.comprehend.engine import TwinOptions
from core.dataset.formats.sources import SourceSettings
from core.errors import InvalidInput, OperationFailed
from core.tuning.thresholds import load
from core.workflow.data import NewSession, create_session, sample_folder
from core.workflow.following import job_rows
from core.workflow.jobs import session_clients
from core.workflow.metrics import load_metrics
from core.workflow.money import cost_rows
from core.workflow.oversample import oversample_training
from core.workflow.reconcile import reconcile_run
from core.workflow.score import (
    finish_scoring,
    labels_taken,
    part_scores,
    plan_scoring,
    set_twin_returned,
    start_scoring_jobs,
)
from core.workflow.session import Session
from core.workflow.split import split_dataset
from core.workflow.thresholds import TuningSettings, tune_thresholds
from core.workflow.train import (
    TrainingPlan,
    finish_training,
    labels_in_need,
    parse_labels,
    plan_training,
    proposal_lines,
    propose_groups,
    start_training_run,
)

DROPPED = ("login", "feature_request")
RARE = ("cancellation", "account_security", "safety_hazard")


def train(session: Session, plan: TrainingPlan) -> str:
    run = start_training_run(session, plan, despite_findings=True)
    finish_training(session, run.name)
    return run.name


def score(session: Session, run: str | None = None) -> None:
    plan = plan_scoring(session, run)
    start_scoring_jobs(session, plan)
    finish_scoring(session, plan.run, plan.parts)


@pytest.fixture(scope="module")
def scored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A session with the service's quirks whose only run is trained and scored."""
    root = tmp_path_factory.mktemp("groups")
    with (sample_folder() / "tickets.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))[:1000]
    names = [name for name in rows[0] if name not in DROPPED]
    with (root / "tickets.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, names, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)
    new = NewSession(root / "t", root / "tickets.csv", SourceSettings(), twin=TwinOptions())
    session = create_session(new).session
    split_dataset(session, (0.5, 0.25, 0.25), 3)
    train(session, plan_training(session))
    score(session)
    return session.folder


@pytest.fixture(scope="module")
def grouped(scored: Path) -> Path:
    """The same with a second run, whose groups cover the rare labels; do not change it."""
    session = Session(Path(shutil.copytree(scored, scored.parent / "grouped")))
    train(session, plan_training(session, groups="rare"))
    score(session)
    return session.folder


@pytest.fixture
def session(scored: Path, tmp_path: Path) -> Session:
    return Session(Path(shutil.copytree(scored, tmp_path / "s")))


def test_the_five_2_labels_that_are_hardly_returned_are_in_need_and_said_why(scored: Path) -> None:
    session = Session(scored)
    state = session.state()
    needs = {need.label: need for need in labels_in_need(session, state, state.runs[0])}
    shares = state.runs[0].scores["calibration"].returned_share
    assert set(RARE) <= needs.keys() and "billing" not in needs
    for label, need in needs.items():
        assert need.returned_share == pytest.approx(shares[label])
        assert need.returned_share < 0.5 or need.hidden_f1 > 0.05
    assert "cannot be tuned" in needs["safety_hazard"].reason


def test_the_proposal_names_labels_groups_and_price(scored: Path) -> None:
    proposal = propose_groups(Session(scored))
    assert proposal is not None and not proposal.is_paid
    covered = [label for group in proposal.groups for label in group.labels]
    assert sorted(covered) == sorted(need.label for need in proposal.labels)
    assert len(proposal.groups) == -(-len(covered) // 2)
    assert proposal.training.low_usd > 0 and proposal.scoring.high_usd > 0
    assert proposal.keeping.high_usd == 0.5 * len(proposal.groups)
    text = "\n".join(proposal_lines(proposal))
    assert "safety_hazard (" in text and "train --groups rare" in text
    assert proposal_lines(None) == []


def test_the_five_2_every_score_of_the_covered_labels_is_returned_and_tuned(
    grouped: Path, tmp_path: Path
) -> None:
    session = Session(Path(shutil.copytree(grouped, tmp_path / "s")))
    run = session.state().runs[-1]
    covered = {label for c in run.classifiers[1:] for label in c.labels[:-1]}
    assert set(RARE) <= covered
    for part in ("calibration", "test"):
        shares = run.scores[part].returned_share
        assert {label: shares[label] for label in covered} == dict.fromkeys(covered, 1.0)
        scores = part_scores(session, session.state(), run, part)
        columns = [scores.labels.index(label) for label in covered]
        assert not np.isnan(scores.values[:, columns]).any()
    before = tune_thresholds(session, TuningSettings(run="base")).report
    after = tune_thresholds(session, TuningSettings(run=run.name)).report
    held = {label.label for label in before.labels if label.status == "not returned"}
    assert held and held <= covered
    assert all(label.status != "not returned" for label in after.labels)
    exact = [label.tuned for label in after.labels if label.label in covered]
    assert all(figures.f1_low == figures.f1_high for figures in exact)


def test_a_label_is_taken_from_its_group_and_the_source_says_so(grouped: Path) -> None:
    session = Session(grouped)
    run = session.state().runs[-1]
    taken = labels_taken(run)
    scores = part_scores(session, session.state(), run, "test")
    for place, labels in enumerate(taken):
        for label in labels:
            assert scores.source[scores.labels.index(label)] == place
    assert sorted(label for labels in taken for label in labels) == sorted(
        run.classifiers[0].labels
    )
    assert scores.labels == session.state().dataset.labels, "no none-label of a group is a column"
    assert {found.classifier for found in reconcile_run(session, run.name)} >= {"c1", "c2"}


def test_the_main_classifier_is_neither_trained_nor_scored_nor_paid_twice(grouped: Path) -> None:
    session = Session(grouped)
    state = session.state()
    base, rare = state.runs
    assert rare.name == "base-rare" and rare.inputs == base.inputs
    assert rare.classifiers[0].training.arn == base.classifiers[0].training.arn
    assert rare.classifiers[0].scoring == base.classifiers[0].scoring
    extra = len(rare.classifiers) - 1
    comprehend = session_clients(session).comprehend
    trained = comprehend.list_document_classifiers()["DocumentClassifierPropertiesList"]
    scored = comprehend.list_document_classification_jobs()
    assert len(trained) == 1 + extra
    assert len(scored["DocumentClassificationJobPropertiesList"]) == 2 + 2 * extra
    rows = cost_rows(state)
    assert sum(row.kind == "training" for row in rows) == 1 + extra
    assert sum(row.kind == "scoring" for row in rows) == 2 + 2 * extra
    assert sum(row.kind == "model" for row in rows) == 1 + extra
    ids = [row.id for row in job_rows(session)]
    assert len(ids) == len(set(ids)) == 3 * (1 + extra)
    assert load_metrics(session, "base-rare")[0] == load_metrics(session, "base")[0]


def test_planning_again_finds_the_run_and_proposes_nothing(grouped: Path) -> None:
    session = Session(grouped)
    again = plan_training(session, groups="rare")
    assert (again.run, again.is_resumed, again.rows) == ("base-rare", True, ())
    assert plan_training(session).run == "base-rare", "the newest run of these inputs"
    assert plan_training(session, groups="single").run == "base"
    assert propose_groups(session) is None, "nothing is in need any more"
    assert propose_groups(session, "base") is None, "a run has these groups already"
    assert plan_scoring(session).rows == ()
    with pytest.raises(InvalidInput, match="other label groups"):
        plan_training(session, "base", "rare")


def test_the_twin_set_otherwise_is_scored_by_the_shared_classifier_once(
    grouped: Path, tmp_path: Path
) -> None:
    session = Session(Path(shutil.copytree(grouped, tmp_path / "s")))
    set_twin_returned(session, "all")
    score(session)
    assert plan_scoring(session, "base").rows == (), "the newer run has its jobs already"
    score(session, "base")
    base, rare = session.state().runs
    assert {j.id for j in base.classifiers[0].scoring.values()} == {
        "base-rare/c1/score-calibration",
        "base-rare/c1/score-test",
    }
    assert not [job for job in rare.replaced_jobs if job.id.startswith("base/")]
    assert min(share for share in base.scores["test"].returned_share.values() if share) == 1.0


def test_complete_covers_every_label_but_the_none_label(session: Session) -> None:
    plan = plan_training(session, groups="complete")
    covered = [label for group in plan.groups for label in group.labels]
    dataset = session.state().dataset
    assert sorted(covered) == sorted(set(dataset.labels) - {dataset.none_label})
    assert plan.run == "base-complete" and plan.shared == "base"
    assert [row.what for row in plan.rows] == ["c2 training", "c3 training", "c4 training"]
    assert plan.estimate.low_usd == pytest.approx(3 * plan.rows[0].low_usd)


def test_named_labels_need_no_scores_and_the_need_does(session: Session) -> None:
    with session.editing() as state:
        state.runs[0].scores = {}
    with pytest.raises(InvalidInput, match="scores of the calibration part") as caught:
        plan_training(session, groups="rare")
    assert "comprehend-tuner score" in caught.value.hint and "--labels" in caught.value.hint
    plan = plan_training(session, labels=("safety_hazard", "bug"))
    assert [group.labels for group in plan.groups] == [("bug", "safety_hazard")]
    with session.editing() as state:
        state.runs = []
    fresh = plan_training(session, groups="complete")
    assert (fresh.run, fresh.shared, fresh.rows[0].what) == ("base-complete", "", "c1 training")


def test_what_cannot_be_grouped_is_refused(session: Session, tickets_session: Path) -> None:
    with pytest.raises(InvalidInput, match="no other label"):
        plan_training(session, labels=("clean",))
    with pytest.raises(InvalidInput, match="not a label here"):
        plan_training(session, labels=("hazard",))
    with pytest.raises(InvalidInput, match="covers every label"):
        plan_training(session, groups="single", labels=("bug",))
    with pytest.raises(InvalidInput, match="tell enough of every label"):
        plan_training(Session(tickets_session), groups="rare")
    with session.editing() as state:
        state.runs[0].classifiers[0].training.artifact = ""
    with pytest.raises(InvalidInput, match="not trained yet"):
        plan_training(session, groups="complete")
    with session.editing() as state:
        revision = msgspec.structs.replace(state.revisions[-1], mode="multi-class")
        state.revisions[-1] = revision
    with pytest.raises(InvalidInput, match="cannot be ranked"):
        plan_training(session, groups="complete")


def test_a_group_is_trained_on_the_documents_of_the_same_split(session: Session) -> None:
    oversample_training(session, {"safety_hazard": 60}, 1)
    train(session, plan_training(session))
    with session.editing() as state:
        state.twin = msgspec.structs.replace(state.twin, fail="no memory")
    plan = plan_training(session, labels=("safety_hazard", "bug"))
    start_training_run(session, plan, despite_findings=True)
    state = session.state()
    split, over = state.splits[-1], state.oversampling
    assert over is not None and state.runs[-1].name == "run2-rare"
    job = state.runs[-1].classifiers[1].training
    (train_file, test_file) = sorted(job.uploads, key=lambda path: "test" in path)
    for path, whole in ((train_file, over.training.path), (test_file, split.training["test"].path)):
        ours, theirs = _rows(session.path(path)), _rows(session.path(whole))
        assert [text for _, text in ours] == [text for _, text in theirs]
        for (own, _), (every, _) in zip(ours, theirs, strict=True):
            kept = [name for name in every.split("|") if name in ("bug", "safety_hazard")]
            assert own.split("|") == (kept or ["none-of-these"])
    with pytest.raises(OperationFailed):
        finish_training(session, "run2-rare")
    with session.editing() as state:
        state.twin = TwinOptions()
    resumed = plan_training(session, groups="rare", labels=("bug", "safety_hazard"))
    assert [row.what for row in resumed.rows] == ["c2 training"]
    train(session, resumed)
    run = session.state().runs[-1]
    assert run.classifiers[1].training.uploads == job.uploads
    assert [old.id for old in run.replaced_jobs] == [job.id]


def test_labels_given_on_the_command_line_may_hold_commas() -> None:
    known = ("a", "b", "a,b")
    assert parse_labels(("a,b",), known) == ("a,b",)
    assert parse_labels(("b, a", "b"), known) == ("b", "a")


def _rows(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def test_the_saved_file_decides_a_label_by_its_group(grouped: Path, tmp_path: Path) -> None:
    session = Session(Path(shutil.copytree(grouped, tmp_path / "s")))
    tune_thresholds(session, TuningSettings())
    run = session.state().runs[-1]
    assert run.thresholds is not None
    saved = load(session.path(run.thresholds.path))
    main, group = run.classifiers[0], run.classifiers[1]
    first, second, none = group.labels
    answer = [{"Name": name, "Score": s} for name, s in ((first, 0.99), (second, 0.0), (none, 0.9))]
    assert saved.decide(answer, group.training.arn) == [first]
    answer = [{"Name": "billing", "Score": 0.99}, {"Name": first, "Score": 0.98}]
    assert saved.decide(answer, main.training.arn) == ["billing"], "the group decides the other"
