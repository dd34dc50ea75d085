"""The files of a session with their recorded fingerprints: each is checked before it is used.

What is read, or sent, is what was recorded when it was made. A file that was cut, swapped or edited
since is refused in one line that names the command which makes it anew. Files whose fingerprint an
earlier version did not record are taken as they are.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from core.errors import InvalidInput
from core.files import known_fingerprint
from core.text import command_word, plural, printable
from core.workflow.session import Session
from core.workflow.state import (
    JobState,
    OversamplingState,
    PartFile,
    Revision,
    RunState,
    SessionState,
    SplitState,
)


class NotAsRecorded(InvalidInput):
    """A file of the session is not what was recorded when it was made."""


_FROM_A_COPY = "restore it from a copy"


@dataclass(frozen=True)
class RecordedFile:
    """One file of a session, as the state knows it; texts are printable."""

    path: str
    """Relative to the session's folder."""
    fingerprint: str
    """Empty where an earlier version recorded none."""
    what: str
    """What it holds, and when it was made."""
    rebuild: str
    """How it is made anew."""


def recorded_files(state: SessionState) -> Iterator[RecordedFile]:
    """Every file that a session's state names, the first steps first."""
    for revision in state.revisions:
        yield _revision(revision)
    for split in state.splits:
        yield from _split(state, split)
    if state.oversampling is not None:
        yield _changed(state.oversampling, "oversampled training part", _oversample(state))
    for experiment in state.experiments:
        again = f"carry on with: comprehend-tuner oversample --experiment {experiment.id}"
        for arm in experiment.arms:
            if arm.made is not None:
                what = f"training file of arm {printable(arm.plan.id, 64)}"
                yield _changed(arm.made, what, again)
        kept = experiment.comparison
        if kept is not None:
            what = f"comparison of experiment {experiment.id}, made {kept.made_at}"
            yield RecordedFile(kept.path, kept.fingerprint, what, again)
    for run in state.runs:
        for job in run.all_jobs():
            yield from _job(run, job)
        yield from _results(run)


def file_fault(session: Session, file: RecordedFile) -> str:
    """What is wrong with a file, printable; empty when it is as recorded.

    Raises:
        InvalidInput: a link leads out of the session's folder.
    """
    path = session.path(file.path)
    try:
        if not file.fingerprint:
            return "" if path.is_file() else "it is not there any more"
        is_same = known_fingerprint(path) == file.fingerprint
    except OSError as error:
        return f"it cannot be read: {printable(error.strerror or str(error), 120)}"
    return "" if is_same else "it was changed since"


def is_as_recorded(session: Session, state: SessionState, *paths: str) -> bool:
    """Whether these files are there and none differs from what the state recorded of it."""
    return not any(
        file_fault(session, file) for file in recorded_files(state) if file.path in paths
    )


def verified(session: Session, state: SessionState, path: str) -> Path:
    """The absolute path of a file, which is as the state recorded it, or is not there.

    Raises:
        NotAsRecorded: it was changed since it was made.
    """
    absolute = session.path(path)
    if absolute.exists():
        for file in recorded_files(state):
            if file.path == path and file.fingerprint:
                require_recorded(session, file)
    return absolute


def require_recorded(session: Session, file: RecordedFile) -> None:
    """Refuse a file that is not as it was recorded.

    Raises:
        NotAsRecorded: it is gone or was changed.
    """
    fault = file_fault(session, file)
    if fault:
        raise NotAsRecorded(
            "File is not as recorded",
            f"{printable(file.path, 200)} ({file.what}): {fault}",
            file.rebuild,
        )


def sent_file(session: Session, run: RunState, job: JobState, path: str) -> Path:
    """The absolute path of a file that a job sends, which is what the job was intended with.

    Raises:
        NotAsRecorded: it is gone or was changed.
    """
    files = [file for file in recorded_files(session.state()) if file.path == path]
    for file in files or [RecordedFile(path, "", f"sent by {printable(job.id)}", _train(run))]:
        require_recorded(session, file)
    return session.path(path)


def _revision(revision: Revision) -> RecordedFile:
    what = f"revision {revision.id}: {plural(revision.documents, 'document')}"
    return RecordedFile(
        revision.path,
        revision.fingerprint,
        f"{what}, made {revision.made_at}",
        f"{_FROM_A_COPY}, or start a new session from the source: comprehend-tuner new NAME SOURCE",
    )


def _split(state: SessionState, split: SplitState) -> Iterator[RecordedFile]:
    ratios = "/".join(f"{round(100 * ratio, 6):g}" for ratio in split.ratios)
    again = f"make it anew: comprehend-tuner split --ratios {ratios} --seed {split.seed}"
    if split.dataset != state.dataset.fingerprint:
        again = f"{_FROM_A_COPY}; its split is of an earlier revision and is not made anew"
    made = f"of split {split.id}, made {split.made_at}"
    for name, file in split.training.items():
        yield _part_file(file, f"{name} part {made}", again)
    for name, file in split.scoring.items():
        yield _part_file(file, f"texts of the {name} part {made}", again)
        yield RecordedFile(
            file.line_map, file.line_map_fingerprint, f"line map of the {name} part {made}", again
        )
    truth = f"data/{split.id}/truth.npz"
    yield RecordedFile(truth, split.truth_fingerprint, f"labels of all parts {made}", again)


def _part_file(file: PartFile, what: str, again: str) -> RecordedFile:
    documents = plural(file.documents, "document")
    return RecordedFile(file.path, file.fingerprint, f"{what}, {documents}", again)


def _changed(over: OversamplingState, what: str, again: str) -> RecordedFile:
    return _part_file(over.training, f"{what}, made {over.made_at}", again)


def _oversample(state: SessionState) -> str:
    over = state.oversampling
    assert over is not None
    if over.distinct or over.growth:
        return f"{_FROM_A_COPY}, or carry on its experiment: comprehend-tuner oversample --resume"
    targets = " ".join(
        f"--to {command_word(f'{label}={count}')}" for label, count in over.targets.items()
    )
    return f"make it anew: comprehend-tuner oversample {targets} --seed {over.seed}"


def _train(run: RunState) -> str:
    return f"make it anew: comprehend-tuner train --run {command_word(run.name)}"


def _job(run: RunState, job: JobState) -> Iterator[RecordedFile]:
    """What a job sends until it is started, and what was kept of its output."""
    if job.kind == "training":
        again = _train(run)
    else:
        again = (
            f"make it anew: comprehend-tuner score --run {command_word(run.name)}"
            f" --parts {command_word(job.part)}"
        )
    for path, fingerprint in job.fingerprints.items():
        if path not in job.uploads:
            what = f"output of {printable(job.id)}"
            yield RecordedFile(path, fingerprint, what, again)
        elif not job.is_started:
            what = f"sent by {printable(job.id)}, planned {job.intended_at}"
            yield RecordedFile(path, fingerprint, what, again)
    if job.artifact and job.artifact not in job.fingerprints:
        yield RecordedFile(job.artifact, "", f"output of {printable(job.id)}", again)


def _results(run: RunState) -> Iterator[RecordedFile]:
    name = command_word(run.name)
    for part, scores in run.scores.items():
        yield RecordedFile(
            scores.path,
            scores.fingerprint,
            f"scores of the {part} part, {plural(scores.documents, 'document')},"
            f" made {scores.made_at}",
            f"make it anew: comprehend-tuner score --run {name} --parts {part}",
        )
    made = run.thresholds
    if made is not None:
        again = f"make it anew: comprehend-tuner thresholds --run {name}"
        what = f"of run {printable(run.name)}, made {made.made_at}"
        yield RecordedFile(made.path, made.fingerprint, f"thresholds {what}", again)
        yield RecordedFile(made.report, made.report_fingerprint, f"report {what}", again)
