"""Which files a job sends, and where to: as planned and shown, and nothing else."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from core.errors import Refused
from core.files import known_fingerprint
from core.text import printable
from core.workflow.session import Session
from core.workflow.state import JobState


@dataclass(frozen=True)
class PlannedUpload:
    """A file that would be sent."""

    path: str
    """Relative to the session's folder."""
    uri: str
    """Empty while no bucket is chosen."""
    size_bytes: int | None
    """None for a file that is written when its job is started."""
    fingerprint: str
    """What the file must be; empty for one that is not written yet."""

    @property
    def words(self) -> str:
        """The file with its size and where it goes; printable."""
        size = "written at the start" if self.size_bytes is None else f"{self.size_bytes:,} bytes"
        where = printable(self.uri, 300) or "a bucket that is still to be chosen"
        return f"{printable(self.path, 200)} ({size}) to {where}"


def planned_uploads(
    session: Session, uploads: Mapping[str, str], fingerprints: Mapping[str, str]
) -> tuple[PlannedUpload, ...]:
    """What sending these files means.

    Args:
        uploads: the address by the session's file, of a saved intent or of what it will be.
        fingerprints: as recorded, by file.
    """
    planned = []
    for path, uri in uploads.items():
        absolute = session.path(path)
        is_here = absolute.is_file()
        recorded = fingerprints.get(path, "")
        planned.append(
            PlannedUpload(
                path=path,
                uri=uri,
                size_bytes=absolute.stat().st_size if is_here else None,
                fingerprint=recorded or (known_fingerprint(absolute) if is_here else ""),
            )
        )
    return tuple(planned)


def require_planned(session: Session, job: JobState, planned: Iterable[PlannedUpload]) -> None:
    """Refuse to send what was not planned, to where it was not planned, or what has changed since.

    Raises:
        Refused: with the file and the address that it would be sent to.
    """
    listed = {(upload.path, upload.uri): upload.fingerprint for upload in planned}
    for path, uri in job.uploads.items():
        where = f"{printable(path, 200)} would go to {printable(uri, 300)}"
        if (path, uri) not in listed:
            raise _not_planned(f"{where}, which the plan did not list")
        wanted = listed[path, uri]
        if wanted and known_fingerprint(session.path(path)) != wanted:
            raise _not_planned(f"{where}, and is not the file that was planned any more")


def _not_planned(message: str) -> Refused:
    return Refused(
        "Not what was planned", message, "nothing was sent; look at the plan again with --dry-run"
    )
