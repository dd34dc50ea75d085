"""Experiments with faults on: they end right, pay nothing twice and leave the same account."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from core.comprehend import aws as aws_clients
from core.workflow.session import Session
from tests.aws.accounts import Account
from tests.aws.experiments import ONE_ARM, placed, rare_split, scores_of, stages, standing, sweep
from tests.aws.fault_table import BURST, ENVIRONMENT, prepare_offline, run_sweep_with_fault
from tests.aws.server import AwsServer
from tests.aws.server.faults import Kind
from tests.aws.server.surprises import Kind as Surprise

MADE = (2, 4)
"""Classifiers and scoring jobs of a base and one arm."""
LOST: tuple[tuple[Kind, str, int, int], ...] = (
    ("reset-after", "CreateDocumentClassifier", 1, 1),
    ("truncated", "StartDocumentClassificationJob", 1, 2),
)
"""Answers that are lost once the service has acted: how often, after how many requests.

``python -m tests.aws.fault_table`` tries every fault at every operation.
"""
ALL_AT_ONCE: tuple[tuple[Kind, str, int, int], ...] = (
    ("throttled", "CreateDocumentClassifier", BURST, 1),
    ("error-500", "StartDocumentClassificationJob", 3, 2),
    ("reset-after", "CreateDocumentClassifier", 1, 0),
    ("timeout", "StartDocumentClassificationJob", 1, 1),
    ("error-503", "PutObject", 3, 2),
    ("reset-midway", "PutObject", 1, 4),
    ("reset-after", "PutObject", 1, 6),
    ("throttled", "DescribeDocumentClassifier", BURST, 1),
    ("reset", "DescribeDocumentClassificationJob", 3, 1),
    ("error-500", "HeadObject", 2, 3),
    ("error-500", "GetObject", 3, 2),
    ("reset-midway", "GetObject", 1, 1),
    ("truncated", "GetObject", 1, 4),
)
TOLD: tuple[tuple[Kind, str, int], ...] = (("denied", "DescribeDocumentClassifier", 1),)
"""Refusals that no patience helps, after how many requests."""
SURPRISES: tuple[Surprise, ...] = ("jump", "not-found-at-first", "shuffled")


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A session of the source with a rare label, ready to train."""
    return rare_split(tmp_path_factory.mktemp("rare"))


@pytest.fixture(autouse=True)
def impatient(isolated_environment: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Credentials, few attempts of the client library, and an early end of lost answers."""
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(aws_clients, "READ_TIMEOUT_S", 0.3)


@pytest.fixture(scope="module")
def undisturbed(
    ready: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Account, dict[str, str]]:
    """What stands in the account, and the scores, after a run without a fault."""
    folder = tmp_path_factory.mktemp("undisturbed")
    server = AwsServer(folder)
    server.start()
    try:
        with pytest.MonkeyPatch.context() as patch:
            for name, value in ENVIRONMENT.items():
                patch.setenv(name, value)
            session = placed(server, ready, folder)
            sweep(session, ONE_ARM)
            return standing(server), scores_of(session)
    finally:
        server.stop()


def assert_right(
    aws: AwsServer, session: Session, undisturbed: tuple[Account, dict[str, str]]
) -> None:
    """Every arm is scored as without a fault, and nothing was made twice."""
    assert (aws.creates("classifier"), aws.creates("job")) == MADE
    assert standing(aws) == undisturbed[0]
    assert scores_of(session) == undisturbed[1]
    state = session.state()
    assert all(entry.state == "created" for entry in state.ledger)
    arns = [job.arn for run in state.runs for job in run.jobs()]
    assert sorted(arns) == sorted(aws.twin.made)
    assert all(not run.replaced_jobs for run in state.runs)


@pytest.mark.parametrize(
    "faults",
    [*([cell] for cell in LOST), ALL_AT_ONCE],
    ids=[*("-".join(cell[:2]) for cell in LOST), "all at once"],
)
def test_faults_on_the_wire_change_nothing_of_the_outcome(
    faults: Sequence[tuple[Kind, str, int, int]],
    ready: Path,
    tmp_path: Path,
    undisturbed: tuple[Account, dict[str, str]],
    aws: AwsServer,
) -> None:
    session = placed(aws, ready, tmp_path)
    planted = [aws.faults.add(*fault) for fault in faults]
    assert stages(sweep(session, ONE_ARM)) == {"base": "done", "n40": "done"}
    assert [fault.hits for fault in planted] == [times for _, _, times, _ in faults]
    assert_right(aws, session, undisturbed)


@pytest.mark.parametrize(("kind", "operation", "after"), TOLD)
def test_an_arm_that_is_refused_is_told_and_goes_on_when_it_is_repeated(
    kind: Kind,
    operation: str,
    after: int,
    ready: Path,
    tmp_path: Path,
    undisturbed: tuple[Account, dict[str, str]],
    aws: AwsServer,
) -> None:
    session = placed(aws, ready, tmp_path)
    fault = aws.faults.add(kind, operation, 1, after)
    found = sweep(session, ONE_ARM)
    assert fault.hits == 1
    failed = [status for status in found.values() if status.stage == "failed"]
    assert len(failed) == 1 and "AccessDenied" in failed[0].detail
    assert stages(found)["base" if failed[0].arm.plan.id == "n40" else "n40"] == "done"
    assert set(stages(sweep(session, ONE_ARM)).values()) == {"done"}
    assert_right(aws, session, undisturbed)


def test_strange_states_and_orders_change_nothing_of_the_outcome(
    ready: Path, tmp_path: Path, undisturbed: tuple[Account, dict[str, str]], aws: AwsServer
) -> None:
    session = placed(aws, ready, tmp_path)
    for kind in SURPRISES:
        aws.surprise(kind, 3)
    assert stages(sweep(session, ONE_ARM)) == {"base": "done", "n40": "done"}
    assert_right(aws, session, undisturbed)


def test_by_command_a_lost_answer_loses_nothing_and_pays_nothing_twice(
    tmp_path_factory: pytest.TempPathFactory, tmp_path: Path
) -> None:
    prepared = prepare_offline(tmp_path_factory.mktemp("prepared"))

    cell = run_sweep_with_fault(prepared, tmp_path, "timeout", "CreateDocumentClassifier", 1)

    assert cell.outcome in ("right", "repeated"), cell.why
    assert cell.hits
