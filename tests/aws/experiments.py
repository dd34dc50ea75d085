"""Experiments on the test server: a small source with one rare label, and what came of them."""

import csv
import re
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from core.dataset.arms import ArmsRequest
from core.progress import UNWATCHED, Watch
from core.workflow.experiments.plan import ArmStatus, plan_experiment
from core.workflow.experiments.run import run_experiment, start_experiment
from core.workflow.session import Session
from tests.aws.accounts import Account, account, split_session
from tests.aws.server import AwsServer
from tests.aws.sessions import set_up
from tests.core.offline.conftest import rows

RARE = "d"
"""The label that the arms raise; its words tell it, most of the time."""
ONE_ARM = ArmsRequest(labels=(RARE,), positives=(40,))
TWO_ARMS = ArmsRequest(labels=(RARE,), positives=(8, 40))
_EVERY = 8


def write_rare_source(path: Path, count: int = 160) -> Path:
    """A wide CSV of `count` documents with three common labels and a rare one."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "text", *"abc", RARE])
        for number, (cell, text) in enumerate(rows(count, "abc")):
            is_rare = number % _EVERY == 0
            words = f"{text} about{RARE} thing{RARE}{number % 3}" if is_rare else text
            held = [int(label in cell.split("|")) for label in "abc"]
            writer.writerow([number, words, *held, int(is_rare)])
    return path


def rare_split(folder: Path, count: int = 160) -> Path:
    """A session of such a source, ready to train; return its folder."""
    return split_session(folder / "small", write_rare_source(folder / "rare.csv", count))


def placed(aws: AwsServer, split_folder: Path, folder: Path) -> Session:
    """A copy of such a session on a server; what every copy makes has the same names."""
    session = Session(Path(shutil.copytree(split_folder, folder / "small")))
    with set_up(session) as state:
        state.engine = aws.settings
    return session


def begin(session: Session, request: ArmsRequest = TWO_ARMS, **options: Any) -> str:
    """Keep the arms of an experiment; return its id."""
    plan = plan_experiment(session, request, **options)
    return start_experiment(session, plan, despite_findings=True).id


def sweep(
    session: Session,
    request: ArmsRequest = TWO_ARMS,
    watch: Watch = UNWATCHED,
    **options: Any,
) -> dict[str, ArmStatus]:
    """Run an experiment, or carry on; return where its arms stand, by arm."""
    experiment = begin(session, request, **options)
    return by_arm(run_experiment(session, experiment, watch))


def by_arm(statuses: Sequence[ArmStatus]) -> dict[str, ArmStatus]:
    """Where arms stand, by their id."""
    return {status.arm.plan.id: status for status in statuses}


def stages(statuses: dict[str, ArmStatus]) -> dict[str, str]:
    """The stage of each arm."""
    return {arm: status.stage for arm, status in statuses.items()}


def scores_of(session: Session) -> dict[str, str]:
    """Fingerprint of the scores of every part of every run."""
    state = session.state()
    return {
        f"{run.name} {part}": state.run_named(run.name).scores[part].fingerprint
        for run in state.runs
        for part in state.split_of(run).held_out_parts
    }


def without_ids(found: Account) -> Account:
    """What stands in an account, with the ids left out that the service draws."""
    drawn = re.compile(r"[0-9a-f]{32}")
    return {kind: sorted(drawn.sub("…", name) for name in names) for kind, names in found.items()}


def standing(aws: AwsServer) -> Account:
    """What stands in the account, without drawn ids."""
    return without_ids(account(aws))


def most_at_once(aws: AwsServer) -> int:
    """The most trainings that were under way at one moment."""
    found = aws.client("comprehend").list_document_classifiers()["DocumentClassifierPropertiesList"]
    moments = [(one["SubmitTime"], 1) for one in found] + [(one["EndTime"], -1) for one in found]
    active = most = 0
    for _, change in sorted(moments):
        active += change
        most = max(most, active)
    return most
