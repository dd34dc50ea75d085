"""The score step: score held-out parts with every classifier of a run and join the results."""

import math
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import msgspec
import numpy as np

from core.comprehend.engine import Clients, require_bucket, require_role
from core.comprehend.jobs import new_token
from core.comprehend.predictions import (
    JoinReport,
    Scores,
    join_predictions,
    join_problems,
    load_scores,
    merge_scores,
    returned_share,
    save_scores,
)
from core.comprehend.pricing import DEFAULT_PRICES, Estimate, PriceList, scoring_estimate, units
from core.comprehend.requests import resource_name, scoring_request
from core.dataset.formats.comprehend_files import load_line_map, refuse_labelled_lines
from core.decoding import read_bytes
from core.errors import InvalidInput, OperationFailed
from core.files import file_fingerprint
from core.progress import UNWATCHED, Watch
from core.text import command_word, plural, printable
from core.tuning.part import Part
from core.workflow.jobs import fetch, launch, replace_failed, session_clients, wait_for
from core.workflow.money import PlanRow, exceeds_budget, left_usd, require_budget
from core.workflow.recorded import verified
from core.workflow.sending import PlannedUpload, planned_uploads
from core.workflow.session import Session, now
from core.workflow.split import unscored_part
from core.workflow.state import (
    ClassifierState,
    JobState,
    PartFile,
    RunState,
    ScoresState,
    SessionState,
    SplitState,
)

# Put the scoring jobs that are about to start into the state, before any call is made.


def jobs_to_start(
    state: SessionState, run: RunState, parts: tuple[str, ...]
) -> list[tuple[ClassifierState, str]]:
    """Classifiers and parts without a started job that counts.

    Raises:
        InvalidInput: such a classifier was deleted.
    """
    to_start = [
        (classifier, part)
        for part in parts
        for classifier in run.classifiers
        if needs_intent(state, classifier, part) or not classifier.scoring[part].arn
    ]
    gone = {c.id for c, _ in to_start if state.is_deleted(c.training.arn)}
    if gone:
        raise InvalidInput(
            "Classifier deleted",
            f"classifier {', '.join(sorted(gone))} of run {printable(run.name)} was deleted by the"
            " clean-up and cannot score any more",
            "train a new run: comprehend-tuner train --run NAME",
        )
    return to_start


def share_jobs(state: SessionState, run: RunState, parts: tuple[str, ...]) -> None:
    """Take over jobs that other runs have of the same classifiers, so that nothing is paid twice.

    Such a job keeps its id, and with it its place in the session's folder.
    """
    for classifier in run.classifiers:
        for part in parts:
            if not needs_intent(state, classifier, part):
                continue
            shared = _job_elsewhere(state, run, classifier, part)
            if shared is not None:
                set_aside(run, classifier, part)
                classifier.scoring[part] = msgspec.structs.replace(shared)


def _job_elsewhere(
    state: SessionState, run: RunState, classifier: ClassifierState, part: str
) -> JobState | None:
    """A started job of another run that would do for a classifier and a part of `run`."""
    for other in state.runs:
        if other.name == run.name or other.split != run.split:
            continue
        for same in other.classifiers:
            is_same = same.training.arn and same.training.arn == classifier.training.arn
            if is_same and not needs_intent(state, same, part) and same.scoring[part].arn:
                return same.scoring[part]
    return None


def needs_intent(state: SessionState, classifier: ClassifierState, part: str) -> bool:
    """Whether a classifier has no job of a part that counts: none, a failed or an outdated one."""
    job = classifier.scoring.get(part)
    if job is None:
        return True
    if job.is_failed or job.is_adopted:
        return job.is_failed
    return job.twin != (None if state.engine.name == "aws" else state.twin)


def add_job(
    state: SessionState,
    clients: Clients,
    run: RunState,
    classifier: ClassifierState,
    part: str,
    file: PartFile,
    price: Estimate,
) -> None:
    """Put the intent of a scoring job into the state; the call comes after saving."""
    require_bucket(clients.info)
    set_aside(run, classifier, part)
    earlier = [job for job in run.replaced_jobs if job.kind == "scoring" and job.part == part]
    attempt = 1 + sum(job.id.startswith(f"{run.name}/{classifier.id}/") for job in earlier)
    job_id = f"{run.name}/{classifier.id}/score-{part}" + (f"-{attempt}" if attempt > 1 else "")
    base = state.object_base(clients.info.bucket, run.name, classifier.id)
    uri = _scoring_uri(state, clients, run, classifier, part, file)
    token = new_token()
    classifier.scoring[part] = JobState(
        id=job_id,
        kind="scoring",
        part=part,
        token=token,
        request=scoring_request(
            job_name=resource_name("ct", state.name, state.uid, run.name, classifier.id, part),
            classifier_arn=classifier.training.arn,
            input_uri=uri,
            output_uri=f"{base}/scoring-output/{part}/",
            role_arn=require_role(clients.info),
            token=token,
            tags=state.tags_of(run.name),
        ),
        uploads={file.path: uri},
        fingerprints={file.path: file.fingerprint},
        intended_at=now(),
        estimate=price,
        twin=None if clients.info.name == "aws" else state.twin,
    )


def _scoring_uri(
    state: SessionState,
    clients: Clients,
    run: RunState,
    classifier: ClassifierState,
    part: str,
    file: PartFile,
) -> str:
    """Where a file to be scored goes; empty without a bucket."""
    base = state.object_base(clients.info.bucket, run.name, classifier.id)
    return f"{base}/scoring/{part}/{Path(file.path).name}" if clients.info.bucket else ""


def _sends(
    session: Session,
    state: SessionState,
    clients: Clients,
    run: RunState,
    to_start: list[tuple[ClassifierState, str]],
) -> tuple[PlannedUpload, ...]:
    """What the jobs that are not started will send: as intended, or as will be.

    Raises:
        NotAsRecorded: a file to be scored was changed since it was made.
    """
    sends: list[PlannedUpload] = []
    for classifier, part in to_start:
        file = state.split_of(run).scoring[part]
        verified(session, state, file.path)
        uploads = {file.path: _scoring_uri(state, clients, run, classifier, part, file)}
        if not needs_intent(state, classifier, part):
            uploads = classifier.scoring[part].uploads
        sends += planned_uploads(session, uploads, {file.path: file.fingerprint})
    return tuple(sends)


def set_aside(run: RunState, classifier: ClassifierState, part: str) -> None:
    """Put the job that no longer counts to the replaced ones, unless it is another run's."""
    former = classifier.scoring.get(part)
    if former is None or not former.id.startswith(f"{run.name}/"):
        return
    if not replace_failed(run, former):
        run.replaced_jobs.append(former)


# Join the output of scoring jobs into one score matrix per part.


_FEW = 3
"""Labels that the service lists of every document, however low they score."""


def collect_scores(
    session: Session, clients: Clients, run_name: str, part: str, watch: Watch = UNWATCHED
) -> ScoresState:
    """Fetch and join the finished jobs of one part and keep the merged score matrix.

    Raises:
        OperationFailed: an archive cannot be fetched or read, nothing in it could be joined, or its
            labels are not the classifier's.
    """
    state = session.state()
    run = state.run_named(run_name)
    file = state.split_of(run).scoring[part]
    untrained = set() if run.is_adopted else untrained_labels(state, run)
    line_map = load_line_map(verified(session, state, file.line_map))
    pieces: list[Scores] = []
    reports: list[JoinReport] = []
    for classifier in run.classifiers:

        def join(archive: Path, classifier: ClassifierState = classifier) -> None:
            scores, report = join_predictions(
                archive,
                file_name=_file_name(classifier.scoring[part], line_map.file_name),
                n_documents=len(line_map.ids),
                labels=classifier.labels,
                watch=watch,
            )
            _require_joined(report, classifier, classifier.scoring[part])
            _require_labels(scores, classifier, classifier.scoring[part], untrained)
            pieces.append(scores)
            reports.append(report)

        fetch(session, clients, run_name, classifier.scoring[part].id, join, watch)
    truth = _truth(session, state, run, part, len(line_map.ids))
    taken = [
        _columns(piece, labels) for piece, labels in zip(pieces, labels_taken(run), strict=True)
    ]
    merged = merge_scores(taken, truth.labels)
    jobs = tuple(classifier.scoring[part].id for classifier in run.classifiers)
    return _keep_scores(session, run_name, part, merged, truth, reports, jobs)


def labels_taken(run: RunState) -> tuple[tuple[str, ...], ...]:
    """Per classifier of a run, the labels whose scores the run takes from it.

    A label comes from the classifier of its group, which returns it of every document, and only
    without one from the main classifier. The none-label of a group is nobody's: it is not a label
    of the dataset.
    """
    main, *groups = run.classifiers
    owners: dict[str, str] = {}
    for classifier in (*groups, main):
        for label in classifier.labels:
            if label in main.labels:
                owners.setdefault(label, classifier.id)
    return tuple(
        tuple(label for label in each.labels if owners.get(label) == each.id)
        for each in run.classifiers
    )


def _columns(scores: Scores, labels: tuple[str, ...]) -> Scores:
    """The scores of some labels, with the ceilings of their classifier."""
    picked = [scores.labels.index(label) for label in labels]
    return Scores(labels, scores.values[:, picked], scores.ceilings, scores.source[picked])


def _truth(session: Session, state: SessionState, run: RunState, part: str, documents: int) -> Part:
    """The truth of a part, which must be of as many documents as its line map names."""
    truth = unscored_part(session, state, state.split_of(run), part)
    if len(truth) != documents:
        raise OperationFailed(
            "Line map does not fit",
            f"it names {documents} documents, part {printable(part)} has {len(truth)}",
            "split again and score again",
        )
    return truth


def part_scores(session: Session, state: SessionState, run: RunState, part: str) -> Scores:
    """The merged score matrix of one part.

    Raises:
        InvalidInput: the part was not scored, or the file is absent or damaged.
    """
    if part not in run.scores:
        raise InvalidInput(
            "Not scored",
            f"run {printable(run.name)} has no scores of part {printable(part)}",
            f"run: comprehend-tuner score --parts {command_word(part)}",
        )
    return load_scores(verified(session, state, run.scores[part].path))


def _file_name(job: JobState, default: str) -> str:
    """What the service calls the scoring file in its output: the last piece of its key."""
    address = next(iter(job.uploads.values()), default)
    return address.rpartition("/")[2]


def _require_joined(report: JoinReport, classifier: ClassifierState, job: JobState) -> None:
    """Refuse output that belongs to another file or another classifier."""
    if report.joined and not report.unknown_labels:
        return
    problems = join_problems(report, classifier.labels)
    names = ", ".join(printable(label, 40) for label in classifier.labels[:12])
    hint = (
        f"the classifier's labels are {names}: label names must be equal to the letter; when they"
        " were renamed at the source, start a session with the new names and attach the classifier"
        if report.unknown_labels
        else "check that the job read this part's file; score it again when it did not"
    )
    raise OperationFailed(
        "Output does not fit",
        f"{printable(job.id)}: {'; '.join(problems) or 'nothing could be joined'}",
        hint,
    )


def untrained_labels(state: SessionState, run: RunState) -> set[str]:
    """The labels that no training document of a run has, so that its classifiers know them not."""
    positives = run.oversampled or state.split_of(run).positives("train")
    return {label for label, count in positives.items() if not count}


def _require_labels(
    scores: Scores, classifier: ClassifierState, job: JobState, untrained: Collection[str]
) -> None:
    """Refuse output that lists every label of every document except some that it never lists.

    Where documents list a few labels only, one that is never among them may just score low. A label
    that was never trained is never listed.
    """
    trained = [at for at, label in enumerate(classifier.labels) if label not in untrained]
    returned = ~np.isnan(scores.values[:, trained])
    is_absent = ~returned.any(axis=0)
    usable = returned.any(axis=1)
    listed = int((~is_absent).sum())
    few = job.twin.returned if job.twin and isinstance(job.twin.returned, int) else _FEW
    if not is_absent.any() or listed <= few or not returned[usable][:, ~is_absent].all():
        return
    absent = [scores.labels[trained[column]] for column in np.flatnonzero(is_absent)]
    names = ", ".join(repr(printable(label, 40)) for label in absent[:8])
    raise OperationFailed(
        "Labels are missing",
        f"{printable(job.id)}: every document lists {plural(listed, 'label')} and none lists"
        f" {names}",
        "the classifier was not trained on them, or the output was cut: look at `metrics`, then"
        " score again or train a new run",
    )


def _keep_scores(
    session: Session,
    run_name: str,
    part: str,
    scores: Scores,
    truth: Part,
    reports: list[JoinReport],
    jobs: tuple[str, ...],
) -> ScoresState:
    path = f"runs/{run_name}/scores-{part}.npz"
    save_scores(scores, session.path(path))
    shares = returned_share(scores, truth.truth).tolist()
    joined = ScoresState(
        path=path,
        fingerprint=file_fingerprint(session.path(path)),
        documents=len(truth),
        missing=len({line for report in reports for line in report.missing}),
        duplicated=len({line for report in reports for line in report.duplicated}),
        conflicting=len({line for report in reports for line in report.conflicting}),
        extra=sum(report.extra_rows for report in reports),
        errored=len({entry for report in reports for entry in report.errored}),
        returned_share={
            label: None if math.isnan(share) else share
            for label, share in zip(scores.labels, shares, strict=True)
        },
        jobs=jobs,
        made_at=now(),
    )
    with session.editing() as state:
        run = state.run_named(run_name)
        run.scores[part] = joined
        if not run.is_adopted:
            run.notes = tuple(dict.fromkeys((*run.notes, *_untrained_notes(state, run))))
    session.record(
        "scored",
        run=run_name,
        part=part,
        documents=len(truth),
        missing=joined.missing,
        errored=joined.errored,
    )
    return joined


def _untrained_notes(state: SessionState, run: RunState) -> list[str]:
    return [
        f"label {printable(label, 60)} cannot be tuned: no training document has it, so that the"
        " classifier does not know it"
        for label in sorted(untrained_labels(state, run))
    ]


def joined_summary(joined: ScoresState) -> str:
    """One line on how the output joined, for screens and commands."""
    troubles = [
        plural(count, what, what)
        for count, what in (
            (joined.missing, "missing"),
            (joined.duplicated, "duplicated"),
            (joined.conflicting, "with conflicting scores"),
            (joined.extra, "extra"),
            (joined.errored, "with an error"),
        )
        if count
    ]
    return f"{plural(joined.documents, 'document')} joined" + (
        f", {', '.join(troubles)}" if troubles else ", none missing"
    )


@dataclass(frozen=True)
class ScoringPlan:
    """What a scoring would upload, start and cost."""

    run: str
    parts: tuple[str, ...]
    classifiers: int
    documents: dict[str, int]
    units: int
    """Charged units of 100 characters over all parts and classifiers still to be scored."""
    rows: tuple[PlanRow, ...]
    """Price of each job that is still to be started."""
    estimate: Estimate
    """Their sum."""
    sends: tuple[PlannedUpload, ...]
    """Everything that is sent, and where to."""
    budget_usd: float | None
    left_usd: float | None
    """What the budget leaves beside everything started and intended; None without a budget."""
    is_over_budget: bool
    """Whether what is new would be refused."""
    engine: str
    is_paid: bool


def plan_scoring(
    session: Session, run_name: str | None = None, parts: tuple[str, ...] = ()
) -> ScoringPlan:
    """Say what `score` would do, without doing it.

    Args:
        parts: parts to score; the held-out parts when empty.

    Raises:
        InvalidInput: no trained run, an unknown part, or a classifier that was deleted and would
            have to score.
    """
    state = session.state()
    run = state.run_named(run_name)
    chosen = _parts(state, run, parts)
    clients = session_clients(session)
    files = state.split_of(run).scoring
    share_jobs(state, run, chosen)
    to_start = jobs_to_start(state, run, chosen)
    charged = {part: charged_units(session, files[part], state.prices) for part in chosen}
    rows = []
    for classifier, part in to_start:
        usd = scoring_estimate(charged[part], state.prices).high_usd
        what = f"{classifier.id} {part}"
        rows.append(PlanRow(what, files[part].documents, charged[part], usd, usd))
    total = sum(row.units or 0 for row in rows)
    new = [part for c, part in to_start if needs_intent(state, c, part)]
    new_price = scoring_estimate(sum(charged[part] for part in new), state.prices)
    return ScoringPlan(
        run=run.name,
        parts=chosen,
        classifiers=len(run.classifiers),
        documents={part: files[part].documents for part in chosen},
        units=total,
        rows=tuple(rows),
        estimate=scoring_estimate(total, state.prices),
        sends=_sends(session, state, clients, run, to_start),
        budget_usd=state.budget_usd,
        left_usd=left_usd(state),
        is_over_budget=exceeds_budget(state, new_price),
        engine=clients.info.label,
        is_paid=clients.info.is_paid,
    )


def start_scoring_jobs(session: Session, plan: ScoringPlan, watch: Watch = UNWATCHED) -> RunState:
    """Start a scoring job per part and classifier that has none, or carry on.

    A job that another run has of the same classifier is taken over, not started again.

    Raises:
        InvalidInput: a file to be scored holds labels instead of text alone, a classifier that
            would have to score was deleted, or no bucket or role was chosen.
        Refused: the budget does not allow what is new, or something else than was planned would be
            sent.
        TryAgain: another terminal runs a step of this session.
        TunerError: an upload or a call failed.
    """
    with session.working():
        clients = session_clients(session)
        state = session.state()
        run = state.run_named(plan.run)
        files = state.split_of(run).scoring
        for part in plan.parts:
            path = verified(session, state, files[part].path)
            refuse_labelled_lines(path, state.dataset.labels)
        charged = {part: charged_units(session, files[part], state.prices) for part in plan.parts}
        with session.editing() as state:
            run = state.run_named(plan.run)
            share_jobs(state, run, plan.parts)
            new = [
                (classifier, part)
                for classifier, part in jobs_to_start(state, run, plan.parts)
                if needs_intent(state, classifier, part)
            ]
            total = sum(charged[part] for _, part in new)
            require_budget(state, scoring_estimate(total, state.prices))
            for classifier, part in new:
                price = scoring_estimate(charged[part], state.prices)
                add_job(state, clients, run, classifier, part, files[part], price)
        for classifier in run.classifiers:
            for part in plan.parts:
                job_id = classifier.scoring[part].id
                launch(session, clients, run.name, job_id, watch, plan.sends)
        return session.state().run_named(plan.run)


def finish_scoring(
    session: Session, run_name: str, parts: tuple[str, ...], watch: Watch = UNWATCHED
) -> dict[str, ScoresState]:
    """Wait for the scoring jobs, fetch and join their output; interrupting leaves them running.

    Raises:
        OperationFailed: a job failed, or its output does not fit what was sent.
        Interrupted: cancelled; the jobs go on.
    """
    clients = session_clients(session)
    for part in parts:
        for classifier in session.state().run_named(run_name).classifiers:
            job = classifier.scoring[part]
            if not job.is_usable:
                wait_for(session, clients, run_name, job.id, watch)
        collect_scores(session, clients, run_name, part, watch)
    run = session.state().run_named(run_name)
    return {part: run.scores[part] for part in parts}


def set_twin_returned(session: Session, returned: int | Literal["all"]) -> None:
    """Set how many labels the offline twin returns a document; the session remembers it."""
    with session.editing() as state:
        state.twin = msgspec.structs.replace(state.twin, returned=returned)


def _parts(state: SessionState, run: RunState, parts: tuple[str, ...]) -> tuple[str, ...]:
    if not run.is_trained:
        raise InvalidInput(
            "Not trained",
            f"run {printable(run.name)} is not trained yet",
            "run: comprehend-tuner train",
        )
    split = state.split_of(run)
    for part in parts:
        if part not in split.part_names:
            raise InvalidInput(
                "No such part",
                f"{printable(part)!r} is not a part of split {split.id}",
                f"parts: {', '.join(split.part_names)}",
            )
    return parts or split.held_out_parts


_MOST_TEXT_BYTES = 6 << 30
"""More than the 5 GB that the service takes in one job."""


def charged_units(session: Session, file: PartFile, prices: PriceList) -> int:
    """Charged units of a scoring file; counted anew when the price list has another unit rule."""
    rule = (prices.unit_characters, prices.minimum_units)
    if rule == (DEFAULT_PRICES.unit_characters, DEFAULT_PRICES.minimum_units):
        return file.units
    path = verified(session, session.state(), file.path)
    title, hint = "Cannot read the scoring file", "split again: comprehend-tuner split"
    text = read_bytes(path, title=title, hint=hint, most_bytes=_MOST_TEXT_BYTES)
    return units(text.decode("utf-8", "replace").removesuffix("\n").split("\n"), prices)


def part_units(session: Session, state: SessionState, split: SplitState) -> dict[str, int]:
    """Charged units of each held-out part of a split, for one classifier, at the session's rule."""
    return {
        part: charged_units(session, split.scoring[part], state.prices)
        for part in split.held_out_parts
    }
