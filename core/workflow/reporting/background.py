"""Facts of a session that stand behind a run's figures: data, split, jobs, cost, provenance."""

from collections.abc import Iterable
from datetime import datetime
from importlib.metadata import version
from pathlib import PurePath

from core.comprehend.pricing import keeping_estimate
from core.dataset.health import Finding
from core.files import file_fingerprint
from core.workflow.actions.spending import SpendingRow, cost_rows
from core.workflow.reporting.contents import (
    ClassifierFacts,
    CostFacts,
    CostLine,
    DataFacts,
    HealthFacts,
    HealthLine,
    JobFacts,
    Provenance,
    RevisionFacts,
    SplitFacts,
)
from core.workflow.session import Session
from core.workflow.state import JobState, RunState, SessionState, SplitState
from core.workflow.steps import split_of


def latest_time(state: SessionState) -> str:
    """The newest time that a session holds, ISO 8601 in UTC."""
    times = [state.created_at, *(revision.made_at for revision in state.revisions)]
    times += [split.made_at for split in state.splits]
    times += [entry.created_at for entry in state.ledger]
    for endpoint in state.endpoints:
        times += [endpoint.created_at, endpoint.deleted_at]
    for run in state.runs:
        times.append(run.made_at)
        times += [scores.made_at for scores in run.scores.values()]
        times += [run.thresholds.made_at] if run.thresholds else []
        for job in (*run.replaced_jobs, *run.jobs()):
            times += [job.intended_at, job.started_at]
            times += [job.status.ended_at or ""] if job.status else []
    return max((time for time in times if time), key=datetime.fromisoformat)


def data_facts(state: SessionState, split: SplitState) -> DataFacts:
    """The source and the revisions up to the one that was split."""
    names = [revision.id for revision in state.revisions]
    upto = names.index(split.revision) + 1 if split.revision in names else len(names)
    imported = state.imported
    return DataFacts(
        source=PurePath(imported.source_path).name,
        source_fingerprint=imported.source_fingerprint,
        rows_read=imported.rows_read,
        documents=imported.documents,
        not_scored_rows=imported.not_scored_rows,
        contradictions=imported.contradictions,
        none_label=state.revisions[upto - 1].none_label,
        notes=imported.notes,
        revisions=tuple(
            RevisionFacts(
                id=revision.id, how=revision.how, fix=revision.fix, documents=revision.documents,
                labels=len(revision.labels), fingerprint=revision.fingerprint,
                made_at=revision.made_at,
            )
            for revision in state.revisions[:upto]
        ),
    )  # fmt: skip


def health_facts(state: SessionState, split: SplitState) -> HealthFacts | None:
    """What the last health check said; None when there was none."""
    health = state.health
    if health is None:
        return None
    return HealthFacts(
        is_of_this_dataset=health.dataset == split.dataset,
        passed=sum(finding.severity == "passed" for finding in health.findings),
        found=_lines(health.findings),
    )


def split_facts(split: SplitState) -> SplitFacts:
    """The parts with their sizes and positives."""
    return SplitFacts(
        id=split.id,
        revision=split.revision,
        ratios=dict(zip(split.part_names, split.ratios, strict=True)),
        sizes=dict(zip(split.part_names, split.sizes, strict=True)),
        seed=split.seed,
        worst_deviation=split.worst_deviation,
        support=split.support,
        findings=_lines(split.findings),
        fingerprint=split.fingerprint,
    )


def _lines(findings: Iterable[Finding]) -> tuple[HealthLine, ...]:
    return tuple(
        HealthLine(
            severity=finding.severity, title=finding.title, count=finding.count, of=finding.of,
            labels=finding.labels, meaning=finding.meaning,
        )
        for finding in findings
        if finding.severity != "passed"
    )  # fmt: skip


def classifier_facts(run: RunState) -> tuple[ClassifierFacts, ...]:
    """The classifiers of a run."""
    return tuple(
        ClassifierFacts(
            id=classifier.id,
            arn=classifier.training.arn,
            version=classifier.version,
            labels=classifier.labels,
            is_adopted=classifier.training.is_adopted,
        )
        for classifier in run.classifiers
    )


def job_facts(run: RunState) -> tuple[JobFacts, ...]:
    """Every job of a run, those that were started anew first."""
    replaced = [_job(job, True) for job in run.replaced_jobs]
    return (*replaced, *(_job(job, False) for job in run.jobs()))


def _job(job: JobState, is_replaced: bool) -> JobFacts:
    status = job.status
    return JobFacts(
        id=job.id,
        kind=job.kind,
        part=job.part,
        state=status.state if status else "not started",
        message=status.message if status else "",
        is_replaced=is_replaced,
        submitted_at=(status.submitted_at if status else "") or "",
        started_at=(status.started_at if status else "") or "",
        ended_at=(status.ended_at if status else "") or "",
    )


def cost_facts(state: SessionState, run: RunState, as_of: str) -> CostFacts:
    """The price of a run's jobs, endpoints and kept classifiers up to a moment."""
    own = {job.id for job in (*run.replaced_jobs, *run.jobs())}
    own |= {classifier.training.arn for classifier in run.classifiers}
    rows = [
        row
        for row in cost_rows(state, datetime.fromisoformat(as_of))
        if row.run == run.name or row.job in own
    ]
    kept = {
        entry.name
        for entry in state.ledger
        if entry.kind == "classifier" and entry.state == "created" and entry.name in own
    }
    return CostFacts(
        is_paid=state.engine.name == "aws",
        prices_of=state.prices.as_of,
        lines=tuple(_cost_line(row) for row in rows),
        low_usd=sum(row.low_usd for row in rows),
        high_usd=sum(row.high_usd for row in rows),
        keeping=keeping_estimate(len(kept), state.prices),
    )


def _cost_line(row: SpendingRow) -> CostLine:
    what = f"keeping {row.classifier or row.job}" if row.kind == "model" else row.job
    return CostLine(
        what=what,
        kind=row.kind,
        estimate=row.estimate,
        billed_usd=row.billed_usd,
        low_usd=row.low_usd,
        high_usd=row.high_usd,
        note=row.note,
    )


def provenance(session: Session, state: SessionState, run: RunState) -> Provenance:
    """Fingerprints of what the figures were made from."""
    split = split_of(state, run)
    kept = session.path(run.thresholds.path) if run.thresholds else None
    return Provenance(
        source=state.imported.source_fingerprint,
        dataset=split.dataset,
        split=split.fingerprint,
        split_seed=split.seed,
        training=run.inputs,
        scores={part: scores.fingerprint for part, scores in run.scores.items()},
        thresholds_file=file_fingerprint(kept) if kept and kept.is_file() else "",
        tool=version("comprehend-tuner"),
        twin=state.twin if state.engine.name == "offline" else None,
    )
