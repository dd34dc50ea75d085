"""Join the output of scoring jobs into one score matrix per part."""

import math
from pathlib import Path

import numpy as np

from core.comprehend.artifacts import (
    JoinReport,
    Scores,
    join_predictions,
    join_problems,
    load_scores,
    merge_scores,
    returned_share,
    save_scores,
)
from core.comprehend.clients import Clients
from core.dataset.formats import load_line_map
from core.errors import InvalidInput, OperationFailed
from core.files import file_fingerprint
from core.progress import CancelToken, Reporter, silent
from core.text import plural, printable
from core.workflow.actions.fetching import fetch
from core.workflow.actions.runs import find_run
from core.workflow.actions.truth import PartTruth, load_truth
from core.workflow.session import Session, now
from core.workflow.state import ClassifierState, JobState, RunState, ScoresState, SessionState
from core.workflow.steps import split_of

_FEW = 3
"""Labels that the service lists of every document, however low they score."""


def collect_scores(
    session: Session,
    clients: Clients,
    run_name: str,
    part: str,
    reporter: Reporter = silent,
    cancel: CancelToken | None = None,
) -> ScoresState:
    """Fetch and join the finished jobs of one part and keep the merged score matrix.

    Raises:
        OperationFailed: an archive cannot be fetched or read, nothing in it could be joined, or its
            labels are not the classifier's.
    """
    state = session.state()
    run = find_run(state, run_name)
    file = split_of(state, run).scoring[part]
    line_map = load_line_map(session.path(file.line_map))
    pieces: list[Scores] = []
    reports: list[JoinReport] = []
    for classifier in run.classifiers:

        def join(archive: Path, classifier: ClassifierState = classifier) -> None:
            scores, report = join_predictions(
                archive,
                file_name=_file_name(classifier.scoring[part], line_map.file_name),
                n_documents=len(line_map.ids),
                labels=classifier.labels,
            )
            _require_joined(report, classifier, classifier.scoring[part])
            _require_labels(scores, classifier.scoring[part])
            pieces.append(scores)
            reports.append(report)

        fetch(session, clients, run_name, classifier.scoring[part].id, join, reporter, cancel)
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


def _truth(
    session: Session, state: SessionState, run: RunState, part: str, documents: int
) -> PartTruth:
    """The truth of a part, which must be of as many documents as its line map names."""
    truth = load_truth(session, state, split_of(state, run), part)
    if len(truth) != documents:
        raise OperationFailed(
            "Line map does not fit",
            f"it names {documents} documents, part {printable(part)} has {len(truth)}",
            "split again and score again",
        )
    return truth


def part_scores(session: Session, run: RunState, part: str) -> Scores:
    """The merged score matrix of one part.

    Raises:
        InvalidInput: the part was not scored, or the file is absent or damaged.
    """
    if part not in run.scores:
        raise InvalidInput(
            "Not scored",
            f"run {printable(run.name)} has no scores of part {printable(part)}",
            f"run: comprehend-tuner score --parts {printable(part)}",
        )
    return load_scores(session.path(run.scores[part].path))


def _file_name(job: JobState, default: str) -> str:
    """What the service calls the scoring file in its output: the last piece of its key."""
    address = next(iter(job.uploads.values()), default)
    return address.rpartition("/")[2]


def _require_joined(report: JoinReport, classifier: ClassifierState, job: JobState) -> None:
    """Refuse output that belongs to another file or another classifier."""
    if report.joined and not report.unknown_labels:
        return
    problems = join_problems(report, classifier.labels)
    known = ", ".join(printable(label, 40) for label in classifier.labels[:12])
    hint = (
        f"the classifier's labels are {known}: label names must be equal to the letter; when they"
        " were renamed at the source, start a session with the new names and attach the classifier"
        if report.unknown_labels
        else "check that the job read this part's file; score it again when it did not"
    )
    raise OperationFailed(
        "Output does not fit",
        f"{printable(job.id)}: {'; '.join(problems) or 'nothing could be joined'}",
        hint,
    )


def _require_labels(scores: Scores, job: JobState) -> None:
    """Refuse output that lists every label of every document except some that it never lists.

    Where documents list a few labels only, one that is never among them may just score low.
    """
    returned = ~np.isnan(scores.values)
    is_absent = ~returned.any(axis=0)
    usable = returned.any(axis=1)
    listed = int((~is_absent).sum())
    few = job.twin.returned if job.twin and isinstance(job.twin.returned, int) else _FEW
    if not is_absent.any() or listed <= few or not returned[usable][:, ~is_absent].all():
        return
    absent = [scores.labels[column] for column in np.flatnonzero(is_absent)]
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
    truth: PartTruth,
    reports: list[JoinReport],
    jobs: tuple[str, ...],
) -> ScoresState:
    path = f"runs/{run_name}/scores-{part}.npz"
    save_scores(scores, session.path(path))
    shares = returned_share(scores, truth.membership).tolist()
    kept = ScoresState(
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
        find_run(state, run_name).scores[part] = kept
    session.record("scored", run=run_name, part=part, documents=len(truth),
                   missing=kept.missing, errored=kept.errored)  # fmt: skip
    return kept


def joined_summary(kept: ScoresState) -> str:
    """One line on how the output joined, for screens and commands."""
    troubles = [
        plural(count, what, what)
        for count, what in (
            (kept.missing, "missing"),
            (kept.duplicated, "duplicated"),
            (kept.conflicting, "with conflicting scores"),
            (kept.extra, "extra"),
            (kept.errored, "with an error"),
        )
        if count
    ]
    return f"{plural(kept.documents, 'document')} joined" + (
        f", {', '.join(troubles)}" if troubles else ", none missing"
    )
