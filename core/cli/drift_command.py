"""``drift``: new predictions against the scores that a thresholds file was made from."""

from pathlib import Path

import click

from core.cli.options import Options, common_options
from core.errors import OperationFailed
from core.text import printable
from core.views.metrics import drift_text

_EPILOG = """\b
Examples:
  comprehend-tuner drift thresholds.json predictions.jsonl
  comprehend-tuner drift thresholds.json output.tar.gz --fail
  comprehend-tuner --json drift thresholds.json output.tar.gz
"""


@click.command(epilog=_EPILOG)
@click.argument("thresholds_path", metavar="THRESHOLDS", type=click.Path(path_type=Path))
@click.argument("predictions", type=click.Path(path_type=Path))
@click.option("--arn", help="The classifier that gave the scores; refused when it is another.")
@click.option(
    "--level",
    default=0.95,
    show_default=True,
    type=click.FloatRange(0.5, 0.9999),
    help="Chance that no label is wrongly said to have moved.",
)
@click.option("--fail", is_flag=True, help="End with exit code 1 when a label moved.")
@common_options
@click.pass_context
def command(
    ctx: click.Context,
    thresholds_path: Path,
    predictions: Path,
    arn: str | None,
    level: float,
    fail: bool,
) -> None:
    """Check whether PREDICTIONS still look like the scores that THRESHOLDS were tuned for.

    Per label: the flagged share, the share of returned scores and the scores themselves. Scores
    alone say that something moved; what moved, only labelled documents say.
    """
    from core.workflow.drift import check_drift

    options: Options = ctx.obj
    report = check_drift(thresholds_path, predictions, arn, level, options.watch())
    options.emit(report, drift_text(report))
    if fail and report.moved:
        raise OperationFailed(
            "Scores moved",
            ", ".join(printable(label, 40) for label in report.moved),
            "label a sample of new documents and tune again",
        )
