"""A label that no training document has is refused before a training, or goes on untunable."""

import csv
import random
from collections.abc import Collection
from pathlib import Path

import pytest

from core.comprehend.engine import TwinOptions
from core.dataset.formats.sources import SourceSettings
from core.errors import InvalidInput
from core.workflow.data import NewSession, create_session, current_dataset
from core.workflow.health import check_health
from core.workflow.relabel import apply_marks
from core.workflow.review import Mark, add_marks
from core.workflow.session import Session
from core.workflow.split import load_all_parts, split_dataset
from core.workflow.thresholds import TuningSettings, tune_thresholds
from core.workflow.train import plan_training, propose_groups, start_training_run
from tests.core.workflow.test_journey import score, train

WORDS = {"a": "apple pie", "b": "bear cave", "c": "cat food", "d": "dog walk"}


@pytest.fixture
def session(tmp_path: Path) -> Session:
    """A split session whose label rare is in every part."""
    source, draw = tmp_path / "source.csv", random.Random(1)
    with source.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["text", "labels"])
        for number in range(160):
            labels = [label for label in WORDS if draw.random() < 0.4] or ["a"]
            rows.writerow(
                [" ".join(WORDS[label] for label in labels) + f" {number}", "|".join(labels)]
            )
        for number in range(4):
            rows.writerow([f"zebra stripe {number}", "a|rare"])
    new = NewSession(tmp_path / "rare", source, SourceSettings(), twin=TwinOptions(returned="all"))
    session = create_session(new).session
    split_dataset(session, (0.4, 0.3, 0.3), 0)
    assert all(session.state().present_split().support["rare"].values())
    return session


def drop_rare(session: Session, *parts: str) -> None:
    """Take the label off every document of these parts, the split carried over."""
    state = session.state()
    split, dataset = state.present_split(), current_dataset(session, state)
    places: Collection[int] = [split.part_names.index(part) for part in parts]
    add_marks(
        session,
        [
            Mark(name, "rare", "drop")
            for name, labels, place in zip(
                dataset.ids, dataset.label_sets(), load_all_parts(session, split), strict=True
            )
            if "rare" in labels and place in places
        ],
    )
    apply_marks(session)
    check_health(session)


def test_a_training_that_would_end_in_error_is_refused_with_a_way_on(session: Session) -> None:
    plan = plan_training(session)
    drop_rare(session, "train")
    with pytest.raises(InvalidInput, match="'rare' is on documents of the test part") as error:
        plan_training(session)
    assert "comprehend-tuner split" in error.value.hint
    with pytest.raises(InvalidInput, match="rare"):
        start_training_run(session, plan, despite_findings=True)
    assert not session.state().runs
    split_dataset(session, (0.4, 0.3, 0.3), 0)
    assert plan_training(session).rows


def test_a_label_without_training_documents_goes_on_untunable_and_said_so(session: Session) -> None:
    drop_rare(session, "train", "test")
    start_training_run(session, plan_training(session), despite_findings=True)
    train(session)
    score(session)
    report = tune_thresholds(session, TuningSettings(resamples=100)).report
    (rare,) = (label for label in report.labels if label.label == "rare")
    assert (rare.status, rare.threshold) == ("not returned", 0.5)
    said = "label rare cannot be tuned: no training document has it"
    assert any(said in note for note in session.state().runs[0].notes)
    assert any(said in caution for caution in report.cautions)
    assert propose_groups(session) is None
