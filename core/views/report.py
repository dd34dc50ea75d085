"""Gather everything that is known about a run; what cannot be had is named, not left out."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from importlib.metadata import version
from pathlib import Path, PurePath
from typing import Any, TypeVar

import msgspec

from core.comprehend.pricing import keeping_estimate
from core.dataset.health.findings import Finding
from core.errors import Interrupted, TunerError
from core.files import file_fingerprint, write_atomic
from core.progress import UNWATCHED, Watch
from core.text import command_word, printable
from core.tuning.calibration import CalibrationView, calibration_view
from core.views.blocks import markdown_page
from core.views.html import html_page
from core.views.report_data import (
    MOST_DRAWN,
    ClassifierFacts,
    CostFacts,
    CostLine,
    DataFacts,
    DrawnCurve,
    FullReport,
    Gap,
    HealthFacts,
    HealthLine,
    JobFacts,
    Provenance,
    RevisionFacts,
    SplitFacts,
    drawn_curve,
)
from core.views.sections import experiment_of, page_title, report_sections
from core.workflow.compare import CompareReport, compare_session_runs
from core.workflow.metrics import load_metrics
from core.workflow.money import SpendingRow, cost_rows
from core.workflow.parts import load_part, needs_tuning
from core.workflow.reconcile import reconcile_run
from core.workflow.recorded import verified
from core.workflow.reports import RunReport, plain_report
from core.workflow.session import Session
from core.workflow.state import JobState, RunState, SessionState, SplitState
from core.workflow.thresholds import load_report

# Facts of a session that stand behind a run's figures: data, split, jobs, cost, provenance.


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
        for job in run.all_jobs():
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
                id=revision.id,
                how=revision.how,
                fix=revision.fix,
                documents=revision.documents,
                labels=len(revision.labels),
                fingerprint=revision.fingerprint,
                made_at=revision.made_at,
            )
            for revision in state.revisions[:upto]
        ),
    )


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
            severity=finding.severity,
            title=finding.title,
            count=finding.count,
            of=finding.of,
            labels=finding.labels,
            meaning=finding.meaning,
        )
        for finding in findings
        if finding.severity != "passed"
    )


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
    own = {job.id for job in run.all_jobs()}
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
    split = state.split_of(run)
    kept = verified(session, state, run.thresholds.path) if run.thresholds else None
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


Result = TypeVar("Result")


@dataclass
class _Gaps:
    """Collects what could not be had."""

    found: list[Gap] = field(default_factory=list)

    def attempt(self, what: str, compute: Callable[[], Result]) -> Result | None:
        """The result, or None with the reason noted."""
        try:
            return compute()
        except Interrupted:
            raise
        except TunerError as error:
            self.found.append(Gap(what, f"{error.title}: {error.message}", error.hint))
            return None


def gather_report(
    session: Session,
    run_name: str | None = None,
    watch: Watch = UNWATCHED,
) -> FullReport:
    """Everything that is known about a run.

    Other runs that were tested on the same documents are compared with it; a comparison that was
    not made before counts as a look at the test part. Two calls on an unchanged session give equal
    reports.

    Args:
        session: the session.
        run_name: the run; the newest when None.

    Raises:
        InvalidInput: there is no such run.
        Interrupted: cancelled.
    """
    state = session.state()
    run = state.run_named(run_name)
    gaps = _Gaps()
    tuning = gaps.attempt("thresholds", lambda: load_report(session, run))
    is_stale = tuning is not None and needs_tuning(session, run)
    view, curves = _views(session, state, run, tuning if not is_stale else None, gaps)
    service = gaps.attempt("service metrics", lambda: load_metrics(session, run.name))
    reconciled = gaps.attempt("reconciliation", lambda: reconcile_run(session, run.name))
    comparison = None
    if tuning is not None and not is_stale:
        comparison = _comparison(session, state, run, gaps, watch)
    split, as_of = state.split_of(run), latest_time(state)
    return FullReport(
        session=state.name,
        run=run.name,
        is_offline=state.engine.name == "offline",
        as_of=as_of,
        engine=tuning.engine if tuning else _badge(state),
        mode=tuning.mode if tuning else state.dataset.mode,
        gaps=tuple(gaps.found),
        cautions=_cautions(state, run, tuning, is_stale),
        tuning=tuning,
        is_stale=is_stale,
        test_looks=session.state().test_looks,
        returned_share={part: scores.returned_share for part, scores in run.scores.items()},
        oversampled=run.oversampled,
        curves=curves,
        calibration=view,
        comparison=comparison,
        experiment=experiment_of(session, session.state(), run),
        service=service or (),
        reconciliation=reconciled or (),
        data=data_facts(state, split),
        health=health_facts(state, split),
        split=split_facts(split),
        classifiers=classifier_facts(run),
        jobs=job_facts(run),
        cost=cost_facts(state, run, as_of),
        provenance=provenance(session, state, run),
    )


def _badge(state: SessionState) -> str:
    return "OFFLINE" if state.engine.name == "offline" else f"AWS {state.engine.region}"


def _cautions(
    state: SessionState, run: RunState, tuning: RunReport | None, is_stale: bool
) -> tuple[str, ...]:
    cautions = list(tuning.cautions) if tuning else list(run.notes)
    if tuning is None and state.engine.name == "offline":
        cautions.insert(0, "OFFLINE: these scores come from the offline twin, not from Comprehend")
    if is_stale:
        cautions.insert(
            0, "the thresholds belong to earlier scores: tune again before using any figure here"
        )
    return tuple(cautions)


def _views(
    session: Session, state: SessionState, run: RunState, tuning: RunReport | None, gaps: _Gaps
) -> tuple[CalibrationView | None, tuple[DrawnCurve, ...]]:
    """How scores read, and the curves, on the part that thresholds are tuned on."""
    part = tuning.tuned_on if tuning else state.split_of(run).tuning_part
    data = gaps.attempt("curves and calibration", lambda: load_part(session, state, run, part))
    if data is None:
        return None, ()
    default = data.default
    values = {label.label: label.threshold for label in tuning.labels} if tuning else {}
    thresholds = {label: values.get(label, default) for label in data.labels}
    curves = data.curves()
    if len(curves) > MOST_DRAWN:
        gaps.found.append(
            Gap(
                "curves of some labels",
                f"only the first {MOST_DRAWN} labels are drawn",
                "draw any label: comprehend-tuner thresholds --chart LABEL",
            )
        )
    drawn = tuple(
        drawn_curve(curve, part, thresholds[label])
        for label, curve in list(curves.items())[:MOST_DRAWN]
    )
    return calibration_view(data, thresholds), drawn


def _comparison(
    session: Session,
    state: SessionState,
    run: RunState,
    gaps: _Gaps,
    watch: Watch,
) -> CompareReport | None:
    """Other runs of the same split against this one; None when there are none."""
    names = [run.name]
    for other in state.runs:
        if other.name == run.name or other.experiment:
            continue
        what = f"comparison with run {printable(other.name, 60)}"
        if state.split_of(other).fingerprint != state.split_of(run).fingerprint:
            gaps.found.append(Gap(what, "it was tested on other documents", ""))
        elif needs_tuning(session, other):
            remedy = f"run: comprehend-tuner thresholds --run {command_word(other.name)}"
            gaps.found.append(Gap(what, "it has no thresholds of its present scores", remedy))
        else:
            names.append(other.name)
    if len(names) < 2:
        return None
    return gaps.attempt(
        "comparison",
        lambda: compare_session_runs(session, names, watch=watch),
    )


# Write a report's files.


_SUFFIXES = (".md", ".json", ".html")


@dataclass(frozen=True)
class WrittenReport:
    """Where a report was written."""

    markdown: Path
    json: Path
    html: Path | None


def report_stem(report_of: str, out: Path | None) -> Path:
    """The path of a report's files without their suffix.

    Args:
        report_of: name for a report that goes to a folder, such as ``report-small-base``.
        out: a folder that exists, or a file whose ``.md``, ``.json`` or ``.html`` does not count;
            None for the working directory.
    """
    if out is None or out.is_dir():
        return (out or Path()) / report_of
    return out.with_suffix("") if out.suffix.lower() in _SUFFIXES else out


def write_report(report: FullReport, stem: Path, with_html: bool) -> WrittenReport:
    """Write Markdown and JSON, and HTML where it is wanted; equal reports give equal bytes.

    Raises:
        OperationFailed: a file cannot be written.
    """
    sections, title = report_sections(report), page_title(report)
    markdown, data = _beside(stem, ".md"), _beside(stem, ".json")
    page = _beside(stem, ".html") if with_html else None
    write_atomic(markdown, _bytes(markdown_page(title, sections)), mode=0o644)
    encoded = msgspec.json.format(msgspec.json.encode(plain_full_report(report)), indent=1)
    write_atomic(data, encoded + b"\n", mode=0o644)
    if page is not None:
        write_atomic(page, _bytes(html_page(title, sections, report)), mode=0o644)
    return WrittenReport(markdown, data, page)


def plain_full_report(report: FullReport) -> dict[str, Any]:
    """The report as it is written and printed as JSON."""
    plain: dict[str, Any] = msgspec.to_builtins(report)
    return plain | {"tuning": report.tuning and plain_report(report.tuning)}


def _beside(stem: Path, suffix: str) -> Path:
    return stem.with_name(stem.name + suffix)


def _bytes(page: str) -> bytes:
    return page.encode("utf-8", "replace")
