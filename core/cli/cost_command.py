"""``cost``: what the session cost."""

import click

from core.cli.options import Options, common_options
from core.cli.sessions import chosen_session
from core.cli.tables import table

_EPILOG = """\b
Examples:
  comprehend-tuner cost
  comprehend-tuner --json cost
"""


@click.command(epilog=_EPILOG)
@common_options
@click.pass_context
def command(ctx: click.Context) -> None:
    """Show each job's price by estimate, and what keeping the classifiers costs.

    Offline nothing is charged; the figures then say what Amazon would charge for the same work.
    """
    from core.workflow.actions.spending import spending

    options: Options = ctx.obj
    spent = spending(chosen_session(options))
    rows = [
        [
            row.job,
            row.kind,
            f"{row.estimate.low_usd:,.2f} – {row.estimate.high_usd:,.2f}" if row.estimate else "–",
            f"{row.billed_usd:,.2f}" if row.billed_usd is not None else "–",
        ]
        for row in spent.rows
    ]
    what = "estimated so far" if spent.is_paid else "charged: $0.00 (offline); on AWS about"
    lines = [
        table(["job", "kind ", "estimate $", "from times $"], rows) if rows else "no jobs yet",
        f"{what} ${spent.low_usd:,.2f} to ${spent.high_usd:,.2f}; "
        f"prices as of {spent.prices_as_of}, US regions",
        f"keeping {spent.models} classifier(s) on AWS: ${spent.keeping.high_usd:,.2f} a month",
    ]
    options.emit(spent, "\n".join(lines))
