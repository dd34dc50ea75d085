"""Every fault at every operation of the paid steps: ``python -m tests.aws.fault_table``.

One run per cell: train, score, tune and clean up with one fault at one operation; the same for an
experiment of a base and one arm, with the fault at the first request and at a later one. A step
that ends with an error is repeated, as a user would. A cell says how the run ended:

``right``       every step succeeded at once
``repeated``    a step said in one line what was wrong, and its repetition succeeded
``told``        it cannot succeed and says so clearly each time; clean-up then leaves nothing
``PAID TWICE``  more classifiers or jobs were made than asked for
``LOST``        a step never succeeded, figures differ, or something is left in the account
"""

import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pytest

from core.comprehend import aws
from core.comprehend.engine import TwinOptions
from core.workflow.experiments.compare import load_comparison
from core.workflow.session import Session
from tests.aws.accounts import account, on_server
from tests.aws.journey import PAID_STEPS, Ended, plant_decoys, prepare, take
from tests.aws.server import AwsServer
from tests.aws.server.faults import KINDS, Kind
from tests.aws.server.surprises import KINDS as SURPRISES

Outcome = Literal["right", "repeated", "told", "PAID TWICE", "LOST"]
Plant = Callable[[AwsServer, str, int], None]
"""Called before each attempt at a step, with the step's name and the number of the attempt."""

OPERATIONS = (
    "PutObject",
    "HeadObject",
    "ListObjectsV2",
    "CreateDocumentClassifier",
    "DescribeDocumentClassifier",
    "GetObject",
    "StartDocumentClassificationJob",
    "DescribeDocumentClassificationJob",
    "ListDocumentClassifiers",
    "ListEndpoints",
    "ListFlywheels",
    "ListMultipartUploads",
    "GetBucketVersioning",
    "ListTagsForResource",
    "DeleteDocumentClassifier",
    "DeleteObject",
)
"""What the paid steps call; a test compares it with what they really call."""
STATES = (*SURPRISES, "slow", "training-fails", "scoring-fails")
"""Faults that are states or outputs rather than broken requests."""
BURST = 4
"""Throttled requests in a row: more than the client library itself bears."""
MADE = (1, 2)
"""Classifiers and scoring jobs that one run needs."""
SWEEP_STEPS = (("oversample", "--labels", "d", "--arms", "8", "--despite-findings"), ("cleanup",))
SWEEP_MADE = (2, 4)
"""The same for the base and the arm of these steps."""
SWEEP_OPERATIONS = OPERATIONS[:8]
"""What these steps call before the clean-up."""
_MADE_ANEW = {"training-fails": (2, 2), "scoring-fails": (1, 4)}
_PERMANENT = ("labels-renamed", "labels-missing")
"""Output that contradicts the service's own counts, or names other labels: nothing to repeat."""
_MOST_TRIES = 4
ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing-secret",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_MAX_ATTEMPTS": "2",
    "NO_PROXY": "127.0.0.1",
}


@dataclass(frozen=True)
class Cell:
    """How the run with one fault ended."""

    outcome: Outcome
    why: str
    """The complaints of the steps that failed, or what is wrong with the outcome."""
    hits: int
    """How often a fault on the wire happened."""


def applicable(kind: Kind) -> tuple[str, ...]:
    """The operations at which a fault can happen."""
    return ("PutObject", "GetObject") if kind == "reset-midway" else OPERATIONS


def run_with_fault(prepared: Path, folder: Path, kind: Kind, operation: str) -> Cell:
    """One run with a fault on the wire at the first request of an operation."""

    def plant(server: AwsServer, step: str, attempt: int) -> None:
        if (step, attempt) == ("train", 1):
            server.faults.add(kind, operation, BURST if kind == "throttled" else 1)

    return _run(prepared, folder, plant, MADE)


def run_sweep_with_fault(
    prepared: Path, folder: Path, kind: Kind, operation: str, after: int = 0
) -> Cell:
    """One experiment with a fault on the wire, after so many requests of an operation."""

    def plant(server: AwsServer, step: str, attempt: int) -> None:
        if (step, attempt) == ("oversample", 1):
            server.faults.add(kind, operation, BURST if kind == "throttled" else 1, after)

    return _run(prepared, folder, plant, SWEEP_MADE, steps=SWEEP_STEPS)


def run_with_state(prepared: Path, folder: Path, state: str) -> Cell:
    """One run with a fault in states or outputs."""

    def plant(server: AwsServer, step: str, attempt: int) -> None:
        fails = state == f"{'scor' if step == 'score' else step}ing-fails" and attempt == 1
        server.options = TwinOptions(
            queue_s=0.3 if state == "slow" else 0.0,
            fail="INTERNAL_FAILURE: broken" if fails else None,
        )
        for kind in SURPRISES:
            if kind == state and (step, attempt) == ("train", 1):
                server.surprise(kind, 3)

    return _run(prepared, folder, plant, _MADE_ANEW.get(state, MADE), state in _PERMANENT)


def _run(
    prepared: Path,
    folder: Path,
    plant: Plant,
    made: tuple[int, int],
    is_permanent: bool = False,
    steps: tuple[tuple[str, ...], ...] = PAID_STEPS,
) -> Cell:
    server = AwsServer(folder / "server")
    server.start()
    try:
        plant_decoys(server)
        before = account(server)
        session = on_server(server, prepared, folder).folder
        ended = [attempt for step in steps for attempt in _attempts(server, session, step, plant)]
        return _judged(server, session, ended, before, made, is_permanent)
    finally:
        server.stop()


def _attempts(server: AwsServer, session: Path, step: tuple[str, ...], plant: Plant) -> list[Ended]:
    """The attempts at a step, until one succeeds."""
    ended: list[Ended] = []
    while len(ended) < _MOST_TRIES and (not ended or ended[-1].code):
        plant(server, step[0], len(ended) + 1)
        ended.append(take(session, *step))
    return ended


def _judged(
    server: AwsServer,
    session: Path,
    ended: list[Ended],
    before: dict[str, list[str]],
    made: tuple[int, int],
    is_permanent: bool,
) -> Cell:
    hits = server.faults.hits
    complaints = [attempt for attempt in ended if attempt.code]
    why = " | ".join(f"{attempt.code} {attempt.complaint}" for attempt in complaints)
    unclear = [a.complaint for a in complaints if not is_clear(a)]
    if unclear:
        return Cell("LOST", f"unclear: {unclear[0]}", hits)
    found = server.creates("classifier"), server.creates("job")
    if found > made or found[1] > made[1]:
        return Cell("PAID TWICE", f"made {found}; {why}", hits)
    if account(server) != before:
        return Cell("LOST", f"left in the account, or taken from others; {why}", hits)
    is_whole = _is_whole(Session(session))
    if is_permanent:
        return Cell("told" if complaints and not is_whole else "LOST", why, hits)
    if ended[-1].code or not is_whole or len(complaints) >= _MOST_TRIES:
        return Cell("LOST", why or "no thresholds, or arms not compared", hits)
    return Cell("repeated" if complaints else "right", why, hits)


def _is_whole(session: Session) -> bool:
    """Whether the thresholds, or the comparison of every arm, are there."""
    state = session.state()
    if state.experiments:
        report = load_comparison(session, state.experiments[-1])
        return report is not None and not report.missing
    kept = state.runs[-1].thresholds
    return kept is not None and session.path(kept.path).exists()


def is_clear(ended: Ended) -> bool:
    """Whether an error is one line of the product's own, with one of its exit codes."""
    return (
        ended.code in (1, 2, 3)
        and ended.complaint.startswith("comprehend-tuner: ")
        and "Traceback" not in ended.err
        and "Unexpected error" not in ended.complaint
    )


def main() -> int:
    """Print the table; return 1 when a cell says LOST or PAID TWICE."""
    wrong = 0
    with (
        tempfile.TemporaryDirectory(prefix="faults-") as name,
        pytest.MonkeyPatch.context() as patch,
    ):
        for variable, value in ENVIRONMENT.items():
            patch.setenv(variable, value)
        patch.setattr(aws, "READ_TIMEOUT_S", 0.3)
        folder = Path(name)
        prepared = prepare_offline(folder)
        for kind in KINDS:
            for operation in applicable(kind):
                cell = run_with_fault(prepared, fresh(folder), kind, operation)
                wrong += _print(kind, operation, cell)
        for kind in KINDS:
            for operation in (one for one in applicable(kind) if one in SWEEP_OPERATIONS):
                for after in (0, 1):
                    cell = run_sweep_with_fault(prepared, fresh(folder), kind, operation, after)
                    wrong += _print(kind, f"experiment, {operation} {after}", cell)
        for state in STATES:
            wrong += _print(state, "", run_with_state(prepared, fresh(folder), state))
    sys.stdout.write(f"{wrong} cells lost something or paid twice\n")
    return 1 if wrong else 0


def prepare_offline(folder: Path) -> Path:
    """The prepared session that every cell copies."""
    server = AwsServer(folder / "preparing")
    server.start()
    try:
        return prepare(server, folder)
    finally:
        server.stop()


def fresh(folder: Path) -> Path:
    """An empty folder for one cell."""
    return Path(tempfile.mkdtemp(dir=folder))


def _print(fault: str, operation: str, cell: Cell) -> int:
    sys.stdout.write(f"{fault:<18}{operation:<50}{cell.outcome:<12}{cell.why[:110]}\n")
    sys.stdout.flush()
    return cell.outcome in ("LOST", "PAID TWICE")


if __name__ == "__main__":
    raise SystemExit(main())
