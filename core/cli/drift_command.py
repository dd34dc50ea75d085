"""``drift``: new predictions against the scores that a thresholds file was made from."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from core.cli.options import Options, common_options
from core.errors import OperationFailed
from core.text import plural, printable
from core.views.numbers import figure, level, percent
from core.views.terminal import table

if TYPE_CHECKING:
    from core.tuning.drift import DriftReport
    from core.tuning.intervals import Interval


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


def drift_text(report: "DriftReport") -> str:
    """One row per label, then what the figures cannot say."""
    rows = [
        [
            label.label,
            _share(label.flagged_before),
            _share(label.flagged),
            "–" if label.ratio is None else f"{label.ratio:.2f}×",
            figure(label.largest_gap),
            f"{percent(label.returned_share_before)} → {percent(label.returned_share)}",
            label.verdict,
            label.why,
        ]
        for label in report.labels
    ]
    headers = ["label", "flagged then", "now", "ratio", "gap", "returned", "verdict ", "why "]
    errors = f", {report.errored:,} more with an error" if report.errored else ""
    return "\n".join(
        [
            f"{plural(report.documents, 'new document')}{errors}, against"
            f" {report.reference_documents:,} of part {report.reference_part}",
            table(headers, rows, widest=60),
            f"{report.tests} tests, together wrong in at most {level(1 - report.level)} of the"
            " cases when nothing moved; gap: largest difference of the shares at or above a score",
            *(f"! {printable(note)}" for note in report.notes),
        ]
    )


def _share(found: "Interval") -> str:
    if found.low == found.high:
        return percent(found.low)
    return f"{percent(found.low)}–{percent(found.high)}"
