"""Every fault at every operation of the paid steps ends right, or clearly and repeatably."""

from pathlib import Path

import pytest

from core.comprehend import aws as aws_clients
from tests.aws import fault_table
from tests.aws.accounts import on_server
from tests.aws.fault_table import OPERATIONS, STATES, applicable, run_with_fault, run_with_state
from tests.aws.journey import PAID_STEPS, take
from tests.aws.server import AwsServer
from tests.aws.server.faults import KINDS, Kind

_LOOKS = ("throttled", "denied", "reset", "truncated")
"""What is tried at operations that only look; ``python -m tests.aws.fault_table`` tries all."""
_CELLS = [
    (kind, operation)
    for kind in KINDS
    for operation in applicable(kind)
    if kind in _LOOKS or not operation.startswith(("List", "Head", "Describe", "GetBucket"))
]


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A session that is imported, checked and split."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in fault_table.ENVIRONMENT.items():
            patch.setenv(name, value)
        return fault_table.prepare_offline(tmp_path_factory.mktemp("prepared"))


@pytest.fixture(autouse=True)
def impatient(isolated_environment: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Credentials, few attempts of the client library, and an early end of lost answers."""
    for name, value in fault_table.ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(aws_clients, "READ_TIMEOUT_S", 0.3)


def test_the_table_names_every_operation_of_the_paid_steps(prepared: Path, aws: AwsServer) -> None:
    session = on_server(aws, prepared, prepared.parent / "operations").folder
    before = len(aws.calls)
    for step in PAID_STEPS:
        assert take(session, *step).code == 0
    assert {call.operation for call in aws.calls[before:]} == set(OPERATIONS)


@pytest.mark.parametrize(("kind", "operation"), _CELLS, ids=lambda value: str(value))
def test_a_fault_on_the_wire_loses_nothing_and_pays_nothing_twice(
    prepared: Path, tmp_path: Path, kind: Kind, operation: str
) -> None:
    cell = run_with_fault(prepared, tmp_path, kind, operation)

    assert cell.outcome in ("right", "repeated"), cell.why
    assert cell.hits


@pytest.mark.parametrize("state", STATES)
def test_a_strange_state_or_output_loses_nothing_and_pays_nothing_twice(
    prepared: Path, tmp_path: Path, state: str
) -> None:
    cell = run_with_state(prepared, tmp_path, state)

    assert cell.outcome in ("right", "repeated", "told"), cell.why
