"""The twin's memory: one JSON record per job folder, written whole under one lock.

A record is the only truth about a classifier or scoring job; names, tokens and limits are checked
by reading the records, so that a process killed between two writes leaves nothing half done.
"""

import contextlib
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from core.comprehend.engine import TwinOptions
from core.decoding import JsonDecoder, Undecodable
from core.errors import InvalidInput
from core.files import locked, write_atomic
from core.text import printable

RECORD = "record.json"
"""Name of the record in a job folder."""
MODEL = "model"
"""Name of the trained model in a classifier's folder."""
COUNTS = "counts"
"""Folder in a twin's folder: counts of the users' texts, which the twin's jobs share."""
COUNTS_LOCK = "counts.lock"
"""Held, in a twin's folder, by who changes the counts."""
_LOCK_TIMEOUT_S = 60.0


class JobRecord(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind"):
    """What classifiers and scoring jobs have in common."""

    arn: str
    """Full name of the resource."""
    token: str
    """Client request token with which it was made."""
    fingerprint: str
    """Fingerprint of the request without its token."""
    request: dict[str, Any]
    """The request as sent."""
    behaviour: TwinOptions
    """Options of the twin that it runs under."""
    output_uri: str | None
    """Address of its output archive; None when no output was asked for."""
    status: str = "SUBMITTED"
    """State in the service's words."""
    message: str = ""
    """Why it failed, or with which warning it ended."""
    submitted_at: float
    """Seconds since the epoch, as all times here."""
    started_at: float | None = None
    """When a worker began."""
    ended_at: float | None = None
    """When it reached its final state."""
    deleted_at: float | None = None
    """When its deletion was asked for."""
    attempts: int = 1
    """Workers started since one had it last; more than one when a worker never came up."""
    is_taken: bool = False
    """Whether a worker has come up and taken it."""
    killed: int = 0
    """Workers that had it and ended before it did."""
    hindrance: str = ""
    """What the machine refused its last worker, such as space on the disk; the job is not lost."""
    hindered: int = 0
    """Workers in a row that the machine refused something."""
    tags: dict[str, str] = {}
    """Tags by key."""


class TrainingRecord(JobRecord, frozen=True, kw_only=True, tag="training"):
    """One classifier version."""

    name: str
    """Classifier name."""
    version: str | None
    """Version name."""
    trained_at: float | None = None
    """When training proper ended."""
    metadata: dict[str, Any] | None = None
    """`ClassifierMetadata` of a trained classifier."""


class ScoringRecord(JobRecord, frozen=True, kw_only=True, tag="scoring"):
    """One document classification job."""

    job_id: str
    """32 hexadecimal digits."""
    classifier_arn: str
    """Classifier that scores."""
    classifier_folder: str
    """Name of that classifier's folder."""


class EndpointRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One endpoint; its state follows from its times."""

    arn: str
    """Full name."""
    name: str
    """Endpoint name."""
    token: str
    """Client request token with which it was made."""
    fingerprint: str
    """Fingerprint of the request without its token."""
    model_arn: str
    """Classifier that answers."""
    desired_model_arn: str
    """Classifier that answers once the change is through."""
    units: int
    """Inference units in service."""
    desired_units: int
    """Inference units once the change is through."""
    created_at: float
    """When it was asked for."""
    changed_at: float
    """When it was last changed."""
    ready_at: float
    """When the newest change is through."""
    gone_at: float | None = None
    """When a deletion is through; None when none was asked for."""
    role_arn: str | None = None
    """Data access role."""
    tags: dict[str, str] = {}
    """Tags by key."""


Record = TrainingRecord | ScoringRecord
_TITLE = "Damaged offline twin"
_HINT = "restore the file from a copy, or remove its folder and do that step again"
_RECORD: JsonDecoder[Record] = JsonDecoder(Record)  # type: ignore[arg-type]

ACTIVE = frozenset({"SUBMITTED", "TRAINING", "IN_PROGRESS", "STOP_REQUESTED"})
"""States in which a worker owns the job."""
USABLE = frozenset({"TRAINED", "TRAINED_WITH_WARNING"})
"""States in which a classifier can score."""


@dataclass(frozen=True)
class Twin:
    """Where a twin lives and who it is."""

    root: Path
    """Folder of the twin."""
    region: str
    """Region that it stands for."""
    account: str
    """Account that it stands for."""
    behaviour: TwinOptions
    """Options for new jobs and endpoints."""

    @property
    def classifiers(self) -> Path:
        """Folder with one folder per classifier version."""
        return self.root / self.region / "classifiers"

    @property
    def jobs(self) -> Path:
        """Folder with one folder per scoring job."""
        return self.root / self.region / "jobs"

    @property
    def endpoints(self) -> Path:
        """Folder with one file per endpoint."""
        return self.root / self.region / "endpoints"

    @contextlib.contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the twin's lock: whoever changes a record holds it.

        Raises:
            TryAgain: another process held it for a minute.
        """
        with _locked(self.root):
            yield


@contextlib.contextmanager
def _locked(root: Path) -> Iterator[None]:
    """Hold a twin's lock; its folder is made, the session's around it is not made anew."""
    with contextlib.suppress(FileNotFoundError, FileExistsError):
        root.mkdir(mode=0o700)
        root.chmod(0o700)
    with locked(root / "twin.lock", "the offline twin", _LOCK_TIMEOUT_S):
        yield


def root_of(job_folder: Path) -> Path:
    """Return the twin's root, three levels above a job's folder."""
    return job_folder.parents[2]


_T = TypeVar("_T")


def _read(path: Path, decoder: "JsonDecoder[_T]") -> _T:
    try:
        return decoder.decode(path.read_bytes())
    except Undecodable as error:
        raise InvalidInput(_TITLE, f"{printable(str(path))}: {error}", _HINT) from error


def load_record(folder: Path) -> Record | None:
    """Return the record of a job folder; None when there is none."""
    try:
        return _read(folder / RECORD, _RECORD)
    except (FileNotFoundError, NotADirectoryError):
        return None


def save_record(folder: Path, record: Record) -> None:
    """Write a record, whole; the caller holds the twin's lock."""
    write_atomic(folder / RECORD, msgspec.json.encode(record))


def load_all(parent: Path) -> list[tuple[Path, Record]]:
    """Return folder and record of every job below `parent`, in no order."""
    try:
        folders = list(parent.iterdir())
    except FileNotFoundError:
        return []
    records = ((folder, load_record(folder)) for folder in folders)
    return [(folder, record) for folder, record in records if record is not None]


def change_record(folder: Path, change: Callable[[Record], Record]) -> Record | None:
    """Replace a job's record by `change` of it, under the twin's lock; None when it is gone."""
    with _locked(root_of(folder)):
        record = load_record(folder)
        if record is None:
            return None
        changed = change(record)
        if changed is not record:
            save_record(folder, changed)
        return changed


def remove_job(folder: Path) -> None:
    """Remove a job's folder, its record first, so that a rest of it is never taken for a job."""
    with contextlib.suppress(FileNotFoundError):
        (folder / RECORD).unlink()
    shutil.rmtree(folder, ignore_errors=True)


def load_endpoint(path: Path, now: float) -> EndpointRecord | None:
    """Return an endpoint with the changes that are through at `now`; None when it is gone."""
    try:
        record = _read(path, JsonDecoder(EndpointRecord))
    except FileNotFoundError:
        return None
    if record.gone_at is not None and now >= record.gone_at:
        return None
    if now >= record.ready_at:
        record = msgspec.structs.replace(
            record, model_arn=record.desired_model_arn, units=record.desired_units
        )
    return record


def save_endpoint(path: Path, record: EndpointRecord) -> None:
    """Write an endpoint, whole; the caller holds the twin's lock."""
    write_atomic(path, msgspec.json.encode(record))


def load_endpoints(folder: Path, now: float) -> list[EndpointRecord]:
    """Return every endpoint that exists at `now`."""
    if not folder.is_dir():
        return []
    records = (load_endpoint(path, now) for path in folder.glob("*.json"))
    return [record for record in records if record is not None]


def clock() -> float:
    """Return the time in seconds since the epoch."""
    return time.time()
