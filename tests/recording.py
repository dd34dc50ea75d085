"""Record the files of a session that a test has changed, as the steps that write them do."""

from msgspec.structs import replace

from core.files import file_fingerprint
from core.workflow.session import Session
from core.workflow.state import SessionState


def record_as_is(session: Session, state: SessionState | None = None) -> None:
    """Take revisions, truth and scores for what they are on disk now.

    Args:
        state: the state that is being edited; None edits and saves it.
    """
    if state is None:
        with session.editing() as edited:
            record_as_is(session, edited)
        return
    for number, revision in enumerate(state.revisions):
        made = file_fingerprint(session.path(revision.path))
        state.revisions[number] = replace(revision, fingerprint=made)
        for at, split in enumerate(state.splits):
            if split.revision == revision.id:
                truth = file_fingerprint(session.path(f"data/{split.id}/truth.npz"))
                state.splits[at] = replace(split, dataset=made, truth_fingerprint=truth)
    for run in state.runs:
        before = run.scores_fingerprint
        for part, scores in run.scores.items():
            made = file_fingerprint(session.path(scores.path))
            run.scores[part] = replace(scores, fingerprint=made)
        if run.thresholds is not None and run.thresholds.inputs == before:
            run.thresholds = replace(run.thresholds, inputs=run.scores_fingerprint)
