"""The health step: check the dataset, and make a new revision of it with one fix applied."""

from dataclasses import dataclass

from core.dataset.documents import save_dataset
from core.dataset.health.checks import run_checks
from core.dataset.health.findings import Finding, HealthContext
from core.dataset.health.fixes import apply_fix
from core.errors import InvalidInput, Refused
from core.progress import UNWATCHED, Watch
from core.text import plural
from core.workflow.data import current_dataset, revision_of
from core.workflow.session import Session, now
from core.workflow.state import HealthState, Revision, SessionState


@dataclass(frozen=True)
class Fixed:
    """A fix that was applied."""

    revision: Revision
    change: str
    """What changed, with counts."""
    health: HealthState
    """Findings on the new revision."""


def check_health(
    session: Session, watch: Watch = UNWATCHED, near_duplicates: bool = True
) -> HealthState:
    """Run every check on the newest revision and keep the findings.

    Raises:
        InvalidInput: the dataset file is absent or damaged.
        TryAgain: another terminal runs a step of this session.
    """
    with session.working():
        return _check(session, watch, near_duplicates)


def fix_dataset(session: Session, fix_id: str, watch: Watch = UNWATCHED) -> Fixed:
    """Apply one fix as a new revision, then check again; the source is never touched.

    Raises:
        InvalidInput: no such fix, or nothing to fix.
        TryAgain: another terminal runs a step of this session.
    """
    with session.working():
        state = session.state()
        dataset, change = apply_fix(
            fix_id, current_dataset(session, state), none_label=state.source.none_label
        )
        revision_id = f"r{len(state.revisions) + 1}"
        path = f"data/{revision_id}.jsonl"
        made = save_dataset(dataset, session.path(path))
        revision = revision_of(dataset, revision_id, path, made, change, fix_id)
        with session.editing() as state:
            state.revisions.append(revision)
        session.record("fix", fix=fix_id, revision=revision_id, change=change)
        return Fixed(revision, change, _check(session, watch, True))


def require_health(state: SessionState, despite_findings: bool) -> None:
    """Close the gate in front of everything that is paid while a finding blocks it.

    Raises:
        Refused: the dataset was not checked, or a check failed, and the user did not override.
    """
    if despite_findings:
        return
    if state.health is None or state.health.dataset != state.dataset.fingerprint:
        raise Refused(
            "Not checked",
            "the dataset was not checked since it last changed",
            "run: comprehend-tuner health",
        )
    split_findings = state.split.findings if state.split else ()
    blocking = blocking_findings((*state.health.findings, *split_findings))
    if blocking:
        raise Refused(
            "Findings block training",
            f"{plural(len(blocking), 'error')}: {'; '.join(f.title for f in blocking[:3])}",
            "see: comprehend-tuner health; fix them, or go on with: train --despite-findings",
        )


def blocking_findings(findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """The findings that close the gate."""
    return tuple(finding for finding in findings if finding.severity == "error")


def _check(session: Session, watch: Watch, near_duplicates: bool) -> HealthState:
    state = session.state()
    dataset = current_dataset(session, state)
    context = HealthContext(dataset=dataset, had_bom=state.imported.had_bom)
    findings = run_checks(context, watch, near_duplicates)
    health = HealthState(dataset=state.dataset.fingerprint, findings=findings, made_at=now())
    with session.editing() as state:
        if state.dataset.fingerprint != health.dataset:
            raise InvalidInput("Dataset changed", "it changed during the check", "check again")
        state.health = health
    session.record(
        "health",
        errors=len(blocking_findings(findings)),
        warnings=sum(finding.severity == "warning" for finding in findings),
    )
    return health
