"""A whole experiment in a session: how busy the cores are from the first training to the last join.

    python -m tests.benchmarks.bench_experiment [REPLICATES]

Every arm of a rare label of the Toxic Comment sample when it is here, else of the bundled tickets,
is trained and scored as `oversample` does it. The target is a wall time of at most 1.1 times the
jobs' own times over the cores; uploading, joining and everything else is part of the wall.
"""

import os
import sys
import tempfile
import time
from pathlib import Path

from core.dataset.arms import DEFAULT_POSITIVES, ArmsRequest
from core.dataset.formats.sources import SourceSettings
from core.offline.records import load_all
from core.workflow.data import NewSession, create_session, sample_folder
from core.workflow.experiments.plan import plan_experiment
from core.workflow.experiments.run import run_experiment, start_experiment
from core.workflow.health import check_health
from core.workflow.session import Session
from core.workflow.split import split_dataset

_TARGET = 1.1


def main(arguments: list[str]) -> int:
    """Print the times; the exit code is 1 when the target is missed."""
    replicates = int(arguments[0]) if arguments else 2
    with tempfile.TemporaryDirectory() as folder:
        source, label = _source()
        session = _ready(Path(folder) / "sweep", source)
        request = ArmsRequest(labels=(label,), positives=DEFAULT_POSITIVES, replicates=replicates)
        experiment = start_experiment(
            session, plan_experiment(session, request), despite_findings=True
        )
        began, used = time.time(), time.process_time()
        run_experiment(session, experiment.id)
        wall, driver = time.time() - began, time.process_time() - used
        trainings = _own_times(session, "classifiers", began)
        scorings = _own_times(session, "jobs", began)
    own = sum(trainings) + sum(scorings)
    ratio = wall * (os.cpu_count() or 1) / own
    print(f"{source.name}, arms of {label!r}, {replicates} of each")
    print(
        f"{len(trainings)} trainings {sum(trainings):.2f} s, {len(scorings)} scorings"
        f" {sum(scorings):.2f} s; wall {wall:.2f} s on {os.cpu_count()} cores, of which this"
        f" process worked {driver:.2f} s"
    )
    is_met = ratio <= _TARGET
    print(f"wall * cores / sum {ratio:.2f}, target <= {_TARGET}: {'met' if is_met else 'MISSED'}")
    return 0 if is_met else 1


def _own_times(session: Session, kind: str, since: float) -> list[float]:
    """Seconds from getting a work place to the end, of every job of the experiment."""
    found = [record for _, record in load_all(session.folder / "offline" / "us-east-1" / kind)]
    return [
        (one.ended_at or 0.0) - (one.started_at or 0.0)
        for one in found
        if (one.started_at or 0.0) >= since
    ]


def _ready(folder: Path, source: Path) -> Session:
    session = create_session(NewSession(folder, source, SourceSettings())).session
    check_health(session, near_duplicates=False)
    split_dataset(session, (0.7, 0.1, 0.2), 7)
    return session


def _source() -> tuple[Path, str]:
    beside = Path(__file__).resolve().parents[3] / "shared" / "data"
    folder = Path(os.environ.get("COMPREHEND_TUNER_SHARED_DATA") or beside)
    source = folder / "jigsaw" / "comments.csv"
    if source.exists():
        return source, "threat"
    return sample_folder() / "tickets.csv", "safety_hazard"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
