"""``cost``: what the session cost, its budget and its prices."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from core.cli.options import Options, chosen_session, common_options
from core.text import plural, printable
from core.views.numbers import amount, amounts, usd, usd_between
from core.views.terminal import table

if TYPE_CHECKING:
    from core.workflow.money import Spending, SpendingRow
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
    options.emit(spent, "\n".join(_lines(spent)))


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


def _lines(spent: "Spending") -> list[str]:
    headers = ["run", "what ", "estimate $", "from times $", "counted $"]
    what = "spent and committed" if spent.is_paid else "charged: $0.00 (offline); on AWS about"
    keeping = f"keeping {plural(spent.models, 'classifier')}: {usd(spent.keeping.high_usd)} a month"
    return [
        table(headers, [_cells(row) for row in spent.rows])
        if spent.rows
        else "nothing started yet",
        *(f"{_name(row)}: {printable(row.note)}" for row in spent.rows if row.note),
        f"{what} {usd_between(spent.low_usd, spent.high_usd)}; {_prices_words(spent)}",
        keeping if spent.is_paid else f"on AWS {keeping}",
        _budget_words(spent),
    ]


def _cells(row: "SpendingRow") -> list[str]:
    doing = {"training": "training", "scoring": f"scoring {row.part}", "model": "kept"}
    what = f"{row.classifier} {doing.get(row.kind, row.kind)}"
    estimate = amounts(row.estimate.low_usd, row.estimate.high_usd) if row.estimate else "–"
    if row.kind == "model":
        estimate += " a month"
    billed = amount(row.billed_usd)
    return [row.run, what.strip(), estimate, billed, amounts(row.low_usd, row.high_usd)]


def _name(row: "SpendingRow") -> str:
    """What a note is about; the ARN of a kept classifier says less than its place in the run."""
    is_placed = row.kind == "model" and row.classifier
    return printable(f"{row.run}/{row.classifier}/kept" if is_placed else row.job, 80)


def _prices_words(spent: "Spending") -> str:
    from core.comprehend.pricing import DEFAULT_PRICES

    whose = "US regions" if spent.prices == DEFAULT_PRICES else "your own list"
    return f"prices as of {printable(spent.prices.as_of, 20)}, {whose}"


def _budget_words(spent: "Spending") -> str:
    if spent.budget_usd is None or spent.left_usd is None:
        return "budget: none; set one with cost --budget USD"
    budget = f"budget: {usd(spent.budget_usd)}"
    if not spent.is_paid:
        return f"{budget}, none of it used: offline nothing is charged and nothing is refused"
    if spent.left_usd < 0:
        return f"{budget}, exceeded by {usd(-spent.left_usd)} at the high end"
    return f"{budget}, of which {usd(spent.left_usd)} is left at the high end"
