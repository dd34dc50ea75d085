"""The most that a session may cost, and the refusal of what could exceed it.

Every check counts the high end of what was started, so a launch that passes cannot exceed the
budget within the estimates. Offline nothing is charged and nothing is refused.
"""

import math
from datetime import datetime

from core.comprehend.pricing import Estimate, PriceList
from core.errors import InvalidInput, Refused
from core.text import printable
from core.workflow.actions.spending import cost_rows
from core.workflow.session import Session
from core.workflow.state import SessionState

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
