"""``metrics``: what the service said about a trained classifier."""

import click

from core.cli.options import Options, chosen_session, common_options
from core.text import printable
from core.views.metrics import metrics_text

_EPILOG = """\b
Examples:
  comprehend-tuner metrics
  comprehend-tuner --json metrics --run base
"""


@click.command(epilog=_EPILOG)
@click.option("--run", "run_name", help="The run (default: the newest).")
@common_options
@click.pass_context
def command(ctx: click.Context, run_name: str | None) -> None:
    """Show the service's metrics and the confusion matrix of each label, on the test part."""
    from core.workflow.metrics import load_metrics

    options: Options = ctx.obj
    session = chosen_session(options)
    run = session.state().run_named(run_name)
    metrics = load_metrics(session, run.name)
    text = "\n".join([metrics_text(metrics), *(f"! {printable(note, 400)}" for note in run.notes)])
    options.emit({"run": run.name, "metrics": metrics, "notes": run.notes}, text)
