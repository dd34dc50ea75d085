"""Start a session: import a source as the first revision of its dataset."""

import shutil
from contextlib import suppress
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

from core.comprehend.clients import open_clients
from core.comprehend.engine import EngineSettings, TwinOptions
from core.dataset.documents import Dataset, load_dataset, save_dataset
from core.dataset.formats.detect import detect_source
from core.dataset.formats.reading import read_source
from core.dataset.formats.sources import ImportReport, SourceSettings
from core.errors import InvalidInput, OperationFailed, refusal
from core.files import make_folder
from core.progress import UNWATCHED, Watch
from core.text import printable
from core.workflow.recorded import verified
from core.workflow.session import Session, new_uid, now
from core.workflow.state import Revision, SessionState
from core.workflow.trust import vouch


@dataclass(frozen=True)
class Created:
    """A new session and what its import found."""

    session: Session
    report: ImportReport
    revision: Revision
    reasons: tuple[str, ...]
    """Why the source was read as it was."""


@dataclass(frozen=True)
class NewSession:
    """What a new session is made of."""

    folder: Path
    source: Path
    settings: SourceSettings
    engine: EngineSettings = field(default_factory=EngineSettings)
    twin: TwinOptions = field(default_factory=TwinOptions)


def create_session(new: NewSession, watch: Watch = UNWATCHED) -> Created:
    """Read the source and make the session's folder; nothing is left behind when it fails.

    Raises:
        InvalidInput: the folder already holds a session, the engine is not to be had, or the source
            cannot be read.
        OperationFailed: the folder cannot be written.
        Interrupted: cancelled.
    """
    session = Session(new.folder)
    if session.state_path.exists():
        raise InvalidInput(
            "Session exists",
            f"{printable(str(new.folder))} already holds a session",
            "go on with it, choose another name, or delete its folder",
        )
    detection = detect_source(new.source, new.settings)
    is_new_folder = not new.folder.exists()
    try:
        make_session_folder(new.folder)
        with session.working():
            open_clients(new.engine, new.folder, new.twin)
            dataset, report = read_source(new.source, detection.settings, watch)
            revision = _first_revision(session, dataset, new.source.name, watch)
            state = SessionState(
                name=session.name,
                uid=new_uid(),
                created_at=now(),
                engine=new.engine,
                twin=new.twin,
                source=detection.settings,
                imported=report,
                revisions=[revision],
            )
            with session.locked():
                session.save(state)
            vouch(session, state)
    except BaseException:
        if is_new_folder and not session.state_path.exists():
            shutil.rmtree(new.folder, ignore_errors=True)
        raise
    session.record("new", source=str(new.source), documents=len(dataset))
    return Created(session, report, revision, detection.reasons)


def make_session_folder(folder: Path) -> None:
    """Make a session's folder, which nobody else may read.

    Raises:
        OperationFailed: it cannot be made.
    """
    try:
        make_folder(folder.parent)
        with suppress(FileExistsError):
            folder.mkdir(mode=0o700)
            folder.chmod(0o700)
    except OSError as error:
        raise refusal(error, folder, "Cannot make the session's folder") from error


def current_dataset(session: Session, state: SessionState, watch: Watch = UNWATCHED) -> Dataset:
    """Load the newest revision of a session's dataset.

    Raises:
        InvalidInput: its file is absent or damaged.
    """
    return load_dataset(verified(session, state, state.dataset.path), watch)


def revision_of(
    dataset: Dataset, revision_id: str, path: str, fingerprint: str, how: str, fix: str = ""
) -> Revision:
    """Describe a saved dataset as a revision."""
    return Revision(
        id=revision_id,
        path=path,
        fingerprint=fingerprint,
        documents=len(dataset),
        labels=dataset.labels,
        mode=dataset.mode,
        none_label=dataset.none_label,
        how=how,
        fix=fix,
        made_at=now(),
    )


def _first_revision(session: Session, dataset: Dataset, source_name: str, watch: Watch) -> Revision:
    path = "data/r1.jsonl"
    made = save_dataset(dataset, session.path(path), watch)
    return revision_of(dataset, "r1", path, made, f"imported from {source_name}")


# Where the sample datasets are, in a checkout and after installation.


SAMPLE = "tickets.csv"
"""The sample that the demo runs on."""


def sample_folder() -> Path:
    """The folder of the sample datasets.

    Raises:
        OperationFailed: the installation lacks it.
    """
    spec = find_spec("sample_data")
    if spec is None or not spec.submodule_search_locations:
        raise OperationFailed(
            "No sample data", "the package sample_data is not installed", "install it again"
        )
    return Path(next(iter(spec.submodule_search_locations)))
