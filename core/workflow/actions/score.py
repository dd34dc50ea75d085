"""The score step: score held-out parts with every classifier of a run and join the results."""

from dataclasses import dataclass
from typing import Literal

import msgspec

from core.comprehend.pricing import DEFAULT_PRICES, Estimate, PriceList, scoring_estimate, units
from core.dataset.formats import refuse_labelled_lines
from core.errors import InvalidInput
from core.progress import CancelToken, Reporter, silent
from core.text import printable
from core.workflow.actions.budget import exceeds_budget, left_usd, require_budget
from core.workflow.actions.joining import collect_scores
from core.workflow.actions.launching import launch, session_clients, wait_for
from core.workflow.actions.runs import find_run, pick_run
from core.workflow.actions.scoring_intents import add_job, jobs_to_start, needs_intent, share_jobs
from core.workflow.actions.spending import PlanRow
from core.workflow.session import Session
from core.workflow.state import PartFile, RunState, ScoresState, SessionState
from core.workflow.steps import held_out_parts, is_trained, is_usable, split_of


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
    run = pick_run(state, run_name)
    wanted = _parts(state, run, parts)
    clients = session_clients(session)
    files = split_of(state, run).scoring
    share_jobs(state, run, wanted)
    to_start = jobs_to_start(state, run, wanted)
    charged = {part: charged_units(session, files[part], state.prices) for part in wanted}
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
        parts=wanted,
        classifiers=len(run.classifiers),
        documents={part: files[part].documents for part in wanted},
        units=total,
        rows=tuple(rows),
        estimate=scoring_estimate(total, state.prices),
        budget_usd=state.budget_usd,
        left_usd=left_usd(state),
        is_over_budget=exceeds_budget(state, new_price),
        engine=clients.info.label,
        is_paid=clients.info.is_paid,
    )


def start_scoring_jobs(
    session: Session,
    plan: ScoringPlan,
    reporter: Reporter = silent,
    cancel: CancelToken | None = None,
) -> RunState:
    """Start a scoring job per part and classifier that has none, or carry on.

    A job that another run has of the same classifier is taken over, not started again.

    Raises:
        InvalidInput: a file to be scored holds labels instead of text alone, a classifier that
            would have to score was deleted, or no bucket or role was chosen.
        Refused: the budget does not allow what is new.
        TryAgain: another terminal runs a step of this session.
        TunerError: an upload or a call failed.
    """
    with session.working():
        clients = session_clients(session)
        state = session.state()
        run = find_run(state, plan.run)
        files = split_of(state, run).scoring
        for part in plan.parts:
            refuse_labelled_lines(session.path(files[part].path), state.dataset.labels)
        charged = {part: charged_units(session, files[part], state.prices) for part in plan.parts}
        with session.editing() as state:
            run = find_run(state, plan.run)
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
                launch(session, clients, run.name, classifier.scoring[part].id, reporter, cancel)
        return find_run(session.state(), plan.run)


def finish_scoring(
    session: Session,
    run_name: str,
    parts: tuple[str, ...],
    reporter: Reporter = silent,
    cancel: CancelToken | None = None,
) -> dict[str, ScoresState]:
    """Wait for the scoring jobs, fetch and join their output; interrupting leaves them running.

    Raises:
        OperationFailed: a job failed, or its output does not fit what was sent.
        Interrupted: cancelled; the jobs go on.
    """
    clients = session_clients(session)
    for part in parts:
        for classifier in find_run(session.state(), run_name).classifiers:
            job = classifier.scoring[part]
            if not is_usable(job):
                wait_for(session, clients, run_name, job.id, reporter, cancel)
        collect_scores(session, clients, run_name, part, reporter, cancel)
    run = find_run(session.state(), run_name)
    return {part: run.scores[part] for part in parts}


def set_twin_returned(session: Session, returned: int | Literal["all"]) -> None:
    """Set how many labels the offline twin returns a document; the session remembers it."""
    with session.editing() as state:
        state.twin = msgspec.structs.replace(state.twin, returned=returned)


def _parts(state: SessionState, run: RunState, parts: tuple[str, ...]) -> tuple[str, ...]:
    if not all(is_trained(classifier) for classifier in run.classifiers):
        raise InvalidInput(
            "Not trained",
            f"run {printable(run.name)} is not trained yet",
            "run: comprehend-tuner train",
        )
    split = split_of(state, run)
    for part in parts:
        if part not in split.part_names:
            raise InvalidInput(
                "No such part",
                f"{printable(part)!r} is not a part of split {split.id}",
                f"parts: {', '.join(split.part_names)}",
            )
    return parts or held_out_parts(split)


def charged_units(session: Session, file: PartFile, prices: PriceList) -> int:
    """Charged units of a scoring file; counted anew when the price list has another unit rule."""
    rule = (prices.unit_characters, prices.minimum_units)
    if rule == (DEFAULT_PRICES.unit_characters, DEFAULT_PRICES.minimum_units):
        return file.units
    lines = session.path(file.path).read_bytes().decode().removesuffix("\n").split("\n")
    return units(lines, prices)
