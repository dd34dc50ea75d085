"""``cost``: what the session cost, its budget and its prices."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from core.cli.options import Options, chosen_session, common_options
from core.views.prices import cost_text

if TYPE_CHECKING:
    from core.workflow.session import Session


_EPILOG = """\b
Examples:
  comprehend-tuner cost
  comprehend-tuner --json cost
  comprehend-tuner cost --budget 50              refuse launches that could exceed $50
  comprehend-tuner cost --budget none
  comprehend-tuner cost --prices my-region.toml  use these prices from now on
  comprehend-tuner cost --prices default

\b
A price list is TOML or JSON; what it leaves out keeps its default:
  as_of = "2026-11-01"
  training_per_hour = 3.0
  model_per_month = 0.5
  scoring_per_unit = 0.0005
  endpoint_per_unit_second = 0.0005
"""


@click.command(epilog=_EPILOG)
@click.option("--budget", metavar="USD|none", help="Most that the session may cost.")
@click.option("--prices", metavar="FILE|default", help="Price list that estimates use.")
@common_options
@click.pass_context
def command(ctx: click.Context, budget: str | None, prices: str | None) -> None:
    """Show what every job, endpoint and kept classifier costs; set a budget or prices.

    "estimate" is what was expected, "from times" what the described training times or an
    endpoint's life come to, "counted" what the totals and the budget use. Offline nothing is
    charged; the figures then say what Amazon would charge for the same work.
    """
    from core.workflow.money import spending

    options: Options = ctx.obj
    session = chosen_session(options)
    _change(session, options, budget, prices)
    spent = spending(session)
    options.emit(spent, cost_text(spent))


def _change(session: "Session", options: Options, budget: str | None, prices: str | None) -> None:
    """Keep a new budget and new prices; both are checked before either is kept."""
    from core.comprehend.pricing import load_prices
    from core.workflow.money import parse_budget, set_budget, set_prices

    limit = parse_budget(budget) if budget is not None else None
    listed = None
    if prices is not None:
        listed = load_prices(None if prices == "default" else Path(prices))
    if options.dry_run:
        if budget is not None or prices is not None:
            options.narrate("dry run: budget and prices are as before")
        return
    if budget is not None:
        set_budget(session, limit)
    if listed is not None:
        set_prices(session, listed)
