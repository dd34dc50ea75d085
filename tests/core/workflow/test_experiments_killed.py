"""SIGKILL during an experiment: repeating it ends as if nothing had happened, and nothing is twice.

A forked child plans, trains, scores and compares a base and one arm, and is killed around one of
its file replacements; then the same is repeated whole.
"""

import shutil
from pathlib import Path

import msgspec
import pytest

from core.dataset.arms import ArmsRequest
from core.errors import TryAgain
from core.workflow.experiments.compare import compare_experiment, load_comparison
from core.workflow.experiments.plan import plan_experiment
from core.workflow.experiments.run import run_experiment, start_experiment
from core.workflow.jobs import session_clients
from core.workflow.session import Session
from tests.killing import Moment, killed_at_write

_REQUEST = ArmsRequest(labels=("login",), positives=(150,))
_STRIDE = 7
"""Every so many writes one is the last."""


def _sweep(session: Session) -> None:
    experiment = start_experiment(session, plan_experiment(session, _REQUEST))
    run_experiment(session, experiment.id)
    compare_experiment(session)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("moment", ["before", "after"])
def test_an_experiment_killed_at_any_write_is_carried_on(
    moment: Moment, finished_folder: Path, tmp_path: Path
) -> None:
    n = 2 if moment == "before" else 5
    was_killed = True
    figures = set()
    while was_killed:
        session = Session(Path(shutil.copytree(finished_folder, tmp_path / f"{moment}-{n}")))
        was_killed = killed_at_write(_sweep, session, n, moment)
        assert session.state().name, "the state is unreadable after the kill"
        _sweep(session)
        _assert_nothing_twice(session)
        report = load_comparison(session, session.state().experiment_named())
        assert report is not None
        figures.add(msgspec.json.encode(report.comparison))
        n += _STRIDE
    assert n > 2 * _STRIDE, "the experiment wrote hardly anything"
    assert len(figures) == 1, "the figures depend on the kill"


def test_a_job_that_another_terminal_started_anew_is_tried_again(tickets_session: Path) -> None:
    run = Session(tickets_session).state().run_named("base")
    with pytest.raises(TryAgain, match="started anew"):
        run.job_named("base/c1/train-9")


def _assert_nothing_twice(session: Session) -> None:
    """One classifier per run, two scoring jobs per run, one experiment with one run per arm."""
    client = session_clients(session).comprehend
    made = client.list_document_classifiers()["DocumentClassifierPropertiesList"]
    scored = client.list_document_classification_jobs()
    state = session.state()
    assert [run.name for run in state.runs] == ["base", "e1-n150"]
    assert [experiment.id for experiment in state.experiments] == ["e1"]
    assert len(made) == 2
    assert len(scored["DocumentClassificationJobPropertiesList"]) == 4
    known = {entry.name for entry in state.ledger if entry.kind == "classifier"}
    assert known == {one["DocumentClassifierArn"] for one in made}
