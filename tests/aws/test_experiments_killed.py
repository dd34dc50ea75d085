"""SIGKILL around writes of an experiment over HTTP: carried on, nothing is made twice."""

import shutil
from pathlib import Path

import pytest

from core.workflow.experiments.compare import compare_experiment
from core.workflow.experiments.run import run_experiment
from core.workflow.session import Session
from tests.aws.experiments import ONE_ARM, begin, by_arm, placed, rare_split, stages
from tests.aws.server import AwsServer
from tests.aws.sessions import score, set_up, train
from tests.killing import Moment, killed_at_write


def run_arms(session: Session) -> None:
    run_experiment(session, "e1")


WRITES: dict[Moment, tuple[int, ...]] = {
    "before": (2, 7, 16, 17, 19, 20, 30, 99),
    "after": (6, 15),
}
"""Where a run is killed: among the moments before a write are those when a call was answered and
the answer is not saved. One arm takes about 33 writes, so that the last run is not killed."""


@pytest.mark.timeout(120)
@pytest.mark.parametrize("moment", WRITES)
def test_an_experiment_killed_at_a_write_makes_every_arm_exactly_once(
    moment: Moment, aws: AwsServer, tmp_path: Path
) -> None:
    base = placed(aws, rare_split(tmp_path), tmp_path / "base")
    train(base)
    score(base)
    begin(base, ONE_ARM)
    for done, n in enumerate(WRITES[moment], start=1):
        session = _copy(base, tmp_path / f"killed-{n}", n)
        assert killed_at_write(run_arms, session, n, moment) == (n < 99)
        found = by_arm(run_experiment(session, "e1"))
        assert stages(found) == {"base": "done", "n40": "done"}, f"write {n}"
        assert aws.creates("classifier") == 1 + done, f"write {n}"
        assert aws.creates("job") == 2 + 2 * done, f"write {n}"
        state = session.state()
        arns = {job.arn for job in state.runs[1].jobs()}
        assert arns == set(aws.twin.made[-3:]), f"write {n}"
        assert all(entry.state == "created" for entry in state.ledger), f"write {n}"
        assert len({entry.name for entry in state.ledger}) == len(state.ledger), f"write {n}"
    assert compare_experiment(session).comparison.arms[0].arm == "n40"


def _copy(base: Session, folder: Path, number: int) -> Session:
    """A session of its own that goes on from the same trained base."""
    session = Session(Path(shutil.copytree(base.folder, folder)))
    with set_up(session) as state:
        state.uid = f"{number:08x}"
    return session
