"""Sessions on the test server, copied from one that is split and ready to train."""

import contextlib
import functools
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from core.comprehend.engine import TwinOptions
from core.dataset.formats.sources import SourceSettings
from core.progress import UNWATCHED, Watch
from core.workflow.data import NewSession, create_session
from core.workflow.health import check_health
from core.workflow.score import finish_scoring, plan_scoring, start_scoring_jobs
from core.workflow.session import Session, new_uid
from core.workflow.split import split_dataset
from core.workflow.state import RunState, SessionState
from core.workflow.train import finish_training, plan_training, start_training_run
from core.workflow.trust import vouch
from tests.aws.server import AwsServer


@functools.cache
def _template(source: Path) -> Path:
    folder = Path(tempfile.mkdtemp(dir=source.parent)) / "ready"
    session = create_session(NewSession(folder, source, SourceSettings())).session
    check_health(session)
    split_dataset(session, (0.6, 0.2, 0.2), 3)
    return folder


@contextlib.contextmanager
def set_up(session: Session) -> Iterator[SessionState]:
    """Change a session as its own user does, so that it stays trusted."""
    with session.editing() as state:
        yield state
        vouch(session, state)


def ready_session(aws: AwsServer, source: Path, folder: Path) -> Session:
    """A session of its own on the server, split and ready to train."""
    session = Session(Path(shutil.copytree(_template(source), folder)))
    with set_up(session) as state:
        state.engine, state.uid, state.name = aws.settings, new_uid(), folder.name
    return session


def change_engine(session: Session, **changes: Any) -> None:
    """Change settings of a session's engine."""
    with set_up(session) as state:
        state.engine = msgspec.structs.replace(state.engine, **changes)


def start(session: Session) -> None:
    """Start a training and do not wait."""
    start_training_run(session, plan_training(session))


def train(
    session: Session,
    watch: Watch = UNWATCHED,
) -> RunState:
    """Start a training, or carry on, and wait for it."""
    run = start_training_run(session, plan_training(session), False, watch)
    finish_training(session, run.name, watch)
    return session.state().runs[-1]


def score(session: Session, *parts: str, watch: Watch = UNWATCHED) -> RunState:
    """Score parts, or carry on, and wait for it."""
    plan = plan_scoring(session, None, parts)
    start_scoring_jobs(session, plan, watch)
    finish_scoring(session, plan.run, plan.parts, watch)
    return session.state().runs[-1]


def all_labels(aws: AwsServer) -> None:
    """Let the service return every label of every document."""
    aws.options = TwinOptions(returned="all")
