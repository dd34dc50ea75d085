"""What a session's jobs cost by estimate, what was billed, and what keeping costs."""

from dataclasses import dataclass

from core.comprehend.pricing import (
    Estimate,
    PriceList,
    billed_training_usd,
    keeping_estimate,
)
from core.workflow.session import Session
from core.workflow.state import JobState


@dataclass(frozen=True)
class SpendingRow:
    """One job's price."""

    run: str
    job: str
    kind: str
    estimate: Estimate | None
    """Before the job: a range with its basis."""
    billed_usd: float | None
    """From the billed interval of a finished training; None when it cannot be told."""


@dataclass(frozen=True)
class Spending:
    """The price of a session."""

    is_paid: bool
    """False offline, where the figures say what Amazon would charge."""
    prices_as_of: str
    rows: tuple[SpendingRow, ...]
    low_usd: float
    high_usd: float
    models: int
    keeping: Estimate
    """Keeping the classifiers, per month."""


def spending(session: Session) -> Spending:
    """Add up the estimates of every job that was started.

    Raises:
        InvalidInput: there is no session.
    """
    state = session.state()
    prices = state.prices
    is_paid = state.engine.name == "aws"
    rows = [
        SpendingRow(run.name, job.id, job.kind, job.estimate, _billed_usd(job, is_paid, prices))
        for run in state.runs
        for job in (*run.replaced_jobs, *run.jobs())
        if job.arn
    ]
    models = sum(entry.kind == "classifier" and entry.state == "created" for entry in state.ledger)
    return Spending(
        is_paid=is_paid,
        prices_as_of=prices.as_of,
        rows=tuple(rows),
        low_usd=sum(_known(row)[0] for row in rows),
        high_usd=sum(_known(row)[1] for row in rows),
        models=models,
        keeping=keeping_estimate(models, prices),
    )


def _known(row: SpendingRow) -> tuple[float, float]:
    if row.billed_usd is not None:
        return row.billed_usd, row.billed_usd
    return (row.estimate.low_usd, row.estimate.high_usd) if row.estimate else (0.0, 0.0)


def _billed_usd(job: JobState, is_paid: bool, prices: PriceList) -> float | None:
    """The training interval that describe reports, at the hourly price."""
    status = job.status
    if not is_paid or job.kind != "training" or status is None:
        return None
    return billed_training_usd(status.started_at, status.ended_at, prices)
