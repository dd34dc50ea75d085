"""The most that a session may cost, and the refusal of what could exceed it.

Every check counts the high end of what was started, so a launch that passes cannot exceed the
budget within the estimates. Offline nothing is charged and nothing is refused.
"""

import math
from dataclasses import dataclass
from datetime import UTC, datetime

from core.comprehend.jobs import JobStatus
from core.comprehend.ledger import LedgerEntry
from core.comprehend.pricing import (
    Estimate,
    PriceList,
    billed_training_usd,
    endpoint_estimate,
    keeping_estimate,
    repriced,
)
from core.errors import InvalidInput, Refused
from core.text import printable
from core.workflow.session import Session
from core.workflow.state import EndpointState, JobState, SessionState

# What a session's jobs, endpoints and classifiers cost: by estimate, by their times, in all.
#
# A figure that cannot be told stays at its estimate and says so; nothing is counted twice.


_MONTH_S = 730 * 3600


@dataclass(frozen=True)
class PlanRow:
    """One priced part of a plan."""

    what: str
    """The classifier and what is done with it, such as ``c1 training`` or ``c1 test``."""
    documents: int
    units: int | None
    """Charged units of a scoring job; None for a training, which is charged by time."""
    low_usd: float
    high_usd: float


@dataclass(frozen=True)
class SpendingRow:
    """One job, endpoint or kept classifier and its price."""

    run: str
    classifier: str
    """Id of the classifier within the run; empty when it is not known."""
    part: str
    """The part that a scoring job reads."""
    job: str
    """Id of the job, name of the endpoint, or ARN of the kept classifier."""
    kind: str
    """``training``, ``scoring``, ``endpoint`` or ``model``."""
    estimate: Estimate | None
    """Before the work: a range with its basis, at the session's present prices."""
    billed_usd: float | None
    """From the times of a finished training or a deleted endpoint; None when it cannot be told."""
    low_usd: float
    high_usd: float
    """What the totals count: what was billed, else the estimate."""
    note: str
    """What a reader must know of the figure; empty when it speaks for itself."""


@dataclass(frozen=True)
class Spending:
    """The price of a session."""

    is_paid: bool
    """False offline, where the figures say what Amazon would charge."""
    prices: PriceList
    rows: tuple[SpendingRow, ...]
    low_usd: float
    high_usd: float
    models: int
    """Classifiers that are kept."""
    keeping: Estimate
    """Keeping them, per month."""
    budget_usd: float | None
    """Most that the session may cost; None for no limit."""
    left_usd: float | None
    """What the budget leaves beside `high_usd`, negative when it is exceeded; None without one."""


def spending(session: Session, at: datetime | None = None) -> Spending:
    """Add up everything that was started.

    Args:
        at: the moment up to which endpoints and classifiers are counted; now when None.

    Raises:
        InvalidInput: there is no session.
    """
    state = session.state()
    rows = cost_rows(state, at)
    models = len(state.ledger_entries("classifier", "created"))
    is_paid = state.engine.name == "aws"
    high_usd = sum(row.high_usd for row in rows)
    budget = state.budget_usd
    return Spending(
        is_paid=is_paid,
        prices=state.prices,
        rows=rows,
        low_usd=sum(row.low_usd for row in rows),
        high_usd=high_usd,
        models=models,
        keeping=keeping_estimate(models, state.prices),
        budget_usd=budget,
        left_usd=None if budget is None else budget - (high_usd if is_paid else 0.0),
    )


def cost_rows(state: SessionState, at: datetime | None = None) -> tuple[SpendingRow, ...]:
    """Everything that was started or is about to be, run by run; offline at Amazon's prices.

    An intent counts as started: its call may have been answered and the answer lost.
    """
    at = at or datetime.now(UTC)
    jobs = [_job_row(state, run, job, at) for run, job in _jobs_once(state)]
    endpoints = [_endpoint_row(state, endpoint, at) for endpoint in state.endpoints]
    order = [run.name for run in state.runs]
    return tuple(
        sorted(
            [*jobs, *endpoints, *_model_rows(state, at)],
            key=lambda row: order.index(row.run) if row.run in order else len(order),
        )
    )


def _jobs_once(state: SessionState) -> list[tuple[str, JobState]]:
    """Every job with the first run that has it; runs that share a classifier share its jobs."""
    jobs: dict[str, tuple[str, JobState]] = {}
    for run in state.runs:
        for job in run.all_jobs():
            jobs.setdefault(job.id, (run.name, job))
    return list(jobs.values())


def _job_row(state: SessionState, run: str, job: JobState, at: datetime) -> SpendingRow:
    prices = state.prices
    unit = prices.training_per_hour if job.kind == "training" else prices.scoring_per_unit
    estimate = repriced(job.estimate, unit, prices) if job.estimate else None
    low, high = (estimate.low_usd, estimate.high_usd) if estimate else (0.0, 0.0)
    billed, note = None, ""
    if job.is_adopted:
        low, high, note = 0.0, 0.0, "started elsewhere: not counted here"
    elif not job.arn:
        low, note = 0.0, "not started yet, or the answer was lost"
    elif state.engine.name != "aws":
        note = "failed" if job.is_failed else ""
    elif job.kind == "scoring":
        note = "failed; whether it is charged is not known: estimate kept" if job.is_failed else ""
    elif job.status is not None:
        billed, least, note = _training_usd(job.status, prices, at)
        low, high = (low, high) if billed is None else (billed, billed)
        low, high = max(low, least), max(high, least)
    return SpendingRow(
        run=run,
        classifier=_classifier_of(job),
        part=job.part,
        job=job.id,
        kind=job.kind,
        estimate=estimate,
        billed_usd=billed,
        low_usd=low,
        high_usd=high,
        note=note,
    )


def _training_usd(
    status: JobStatus, prices: PriceList, at: datetime
) -> tuple[float | None, float, str]:
    """What a described training was billed, or None, what it cost so far at least, and a note."""
    if not status.is_final:
        so_far = billed_training_usd(status.started_at, at.isoformat(), prices) or 0.0
        return None, so_far, f"under way: ${so_far:,.2f} so far" if so_far else ""
    billed = billed_training_usd(status.started_at, status.ended_at, prices)
    if billed is not None:
        return billed, 0.0, "" if status.is_usable else f"ended {status.state} after that time"
    was_described = status.state == "IN_ERROR" or status.submitted_at is not None
    if not status.is_usable and status.started_at is None and was_described:
        return 0.0, 0.0, f"ended {status.state} before training began: nothing to charge"
    return None, 0.0, "its training time is not known: estimate kept"


def _classifier_of(job: JobState) -> str:
    return job.id.split("/")[1] if job.id.count("/") > 1 else ""


def _endpoint_row(state: SessionState, endpoint: EndpointState, at: datetime) -> SpendingRow:
    """From creation to deletion, so far and until the planned deletion while it lives."""
    begin = endpoint.created_at or endpoint.intended_at
    planned = _price_between(state, endpoint, begin, _time(endpoint.delete_at))
    billed, note = None, f"until {endpoint.delete_at}"
    if endpoint.deleted_at:
        ended = _price_between(state, endpoint, begin, _time(endpoint.deleted_at))
        billed = ended.high_usd if endpoint.arn else None
        low, high = billed or 0.0, ended.high_usd
        note = "" if endpoint.arn else "gone; whether it was ever there is not known"
    elif not endpoint.arn:
        low, high, note = 0.0, planned.high_usd, "not created yet, or the answer was lost"
    else:
        low = _price_between(state, endpoint, begin, at).high_usd
        high = max(low, planned.high_usd)
        if at > _time(endpoint.delete_at):
            note = f"to be deleted at {endpoint.delete_at}, still there: it bills on"
    return SpendingRow(
        run=endpoint.run,
        classifier=endpoint.classifier,
        part="",
        job=endpoint.name,
        kind="endpoint",
        estimate=planned,
        billed_usd=billed,
        low_usd=low,
        high_usd=high,
        note=note,
    )


def _price_between(
    state: SessionState, endpoint: EndpointState, begin: str, end: datetime
) -> Estimate:
    seconds = max((end - _time(begin)).total_seconds(), 0.0)
    return endpoint_estimate(seconds, endpoint.inference_units, state.prices)


def _model_rows(state: SessionState, at: datetime) -> list[SpendingRow]:
    """Every classifier of the ledger, and one per training that is about to create its own."""
    owners = {
        job.arn or job.id: (run, job)
        for run, job in _jobs_once(state)
        if job.kind == "training" and not job.is_adopted
    }
    rows = [
        _model_row(state, entry.run, entry.name, owners.get(entry.name), _kept_months(entry, at))
        for entry in state.ledger_entries("classifier")
        if entry.state != "intended"
    ]
    awaited = (0.0, 1, "one month of the classifier to be created")
    return rows + [
        _model_row(state, run, job.id, (run, job), awaited)
        for run, job in owners.values()
        if not job.arn
    ]


def _kept_months(entry: LedgerEntry, at: datetime) -> tuple[float, int, str]:
    """Months of 730 hours that a classifier was kept, the same with begun ones whole, a note."""
    if entry.state == "deleted":
        return 0.0, 1, "deleted: counted as one month at most"
    months = max((at - _time(entry.created_at)).total_seconds(), 0.0) / _MONTH_S
    return months, max(1, math.ceil(months)), f"since {entry.created_at[:10]}"


def _model_row(
    state: SessionState,
    run: str,
    name: str,
    owner: tuple[str, JobState] | None,
    months: tuple[float, int, str],
) -> SpendingRow:
    least, most, note = months
    monthly = keeping_estimate(1, state.prices)
    return SpendingRow(
        run=run,
        classifier=_classifier_of(owner[1]) if owner else "",
        part="",
        job=name,
        kind="model",
        estimate=monthly,
        billed_usd=None,
        low_usd=least * monthly.low_usd,
        high_usd=most * monthly.high_usd,
        note=note,
    )


def _time(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


_ROUNDING_USD = 1e-9


def committed_usd(state: SessionState, at: datetime | None = None) -> float:
    """Highest cost of everything that was started or is about to be; 0 offline.

    Trainings count as billed once their times are known and by their estimate before, endpoints
    until they are deleted or are to be, classifiers by the months begun.

    Args:
        at: the moment up to which endpoints and classifiers are counted; now when None.
    """
    if state.engine.name != "aws":
        return 0.0
    return sum(row.high_usd for row in cost_rows(state, at))


def left_usd(state: SessionState) -> float | None:
    """What the budget leaves, negative when it is exceeded; None without a budget."""
    return None if state.budget_usd is None else state.budget_usd - committed_usd(state)


def exceeds_budget(state: SessionState, estimate: Estimate) -> bool:
    """Whether the high end of something new is more than the budget leaves.

    What costs nothing never is, and offline nothing is.
    """
    left = left_usd(state)
    if state.engine.name != "aws" or left is None or not estimate.high_usd:
        return False
    return estimate.high_usd > left + _ROUNDING_USD


def require_budget(state: SessionState, estimate: Estimate) -> None:
    """Make sure that something new fits into the budget.

    Call it under the lock that saves the intent, before the intent is put into the state: a saved
    intent is counted already.

    Args:
        estimate: what is new; both ends in USD.

    Raises:
        Refused: its high end and what is committed exceed the budget.
    """
    if not exceeds_budget(state, estimate):
        return
    committed = committed_usd(state)
    enough = math.ceil(round(committed + estimate.high_usd, 6))
    raise Refused(
        "Over the budget",
        f"this may cost up to ${estimate.high_usd:,.2f}; of the budget of"
        f" ${state.budget_usd or 0.0:,.2f}, ${committed:,.2f} is spent or committed",
        f"raise it with: comprehend-tuner cost --budget {enough}, or lift it with --budget none",
    )


def parse_budget(text: str) -> float | None:
    """Read an amount in USD, such as ``50``; None for ``none``.

    Raises:
        InvalidInput: it is neither.
    """
    if text.strip().lower() == "none":
        return None
    try:
        usd = float(text.strip().removeprefix("$"))
    except ValueError:
        usd = math.nan
    if not 0 <= usd < math.inf:
        raise InvalidInput(
            "Unreadable budget",
            f"{printable(text, 40)!r} is not an amount in USD",
            "for example: comprehend-tuner cost --budget 50, or --budget none",
        )
    return usd


def set_budget(session: Session, usd: float | None) -> None:
    """Set the most that the session may cost; None for no limit.

    Raises:
        TryAgain: another terminal holds the session.
    """
    with session.editing() as state:
        state.budget_usd = usd
    session.record("budget", usd=usd)


def set_prices(session: Session, prices: PriceList) -> None:
    """Set the prices that every estimate of the session uses from now on.

    Raises:
        TryAgain: another terminal holds the session.
    """
    with session.editing() as state:
        state.prices = prices
    session.record("prices", prices=prices)
