"""``metrics``: what the service said about a trained classifier."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from core.cli.options import Options, chosen_session, common_options
from core.text import printable
from core.views.numbers import count, figure, metric
from core.views.terminal import table

if TYPE_CHECKING:
    from core.workflow.metrics import MetricsFile


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


def metrics_text(metrics: Sequence["MetricsFile"]) -> str:
    """Metrics of each classifier, reported and recomputed, then counts per label."""
    blocks = []
    for classifier in metrics:
        names = list(classifier.service_metrics)
        rows = [
            [
                name,
                metric(classifier.service_metrics[name]),
                metric(classifier.recomputed_metrics.get(name)),
            ]
            for name in names
        ]
        blocks.append(
            f"classifier {classifier.classifier}: reported by the service on "
            f"{classifier.documents_tested or 0:,} test documents"
        )
        blocks.append(table(["metric", "reported", "from the matrix"], rows))
        blocks.append(_cells(classifier))
        absent = [name for name in classifier.all_labels if name not in classifier.labels]
        if absent:
            names_text = ", ".join(printable(name, 40) for name in absent)
            blocks.append(f"! without test documents, left out of the averages: {names_text}")
        if classifier.orientation == "undecided":
            blocks.append("! which cell is FP and which FN cannot be told from these figures")
    return "\n".join(blocks)


def _cells(classifier: "MetricsFile") -> str:
    rows = []
    for label in classifier.labels:
        cell = classifier.cells[label]
        tp, fp, fn, tn = (cell[name] for name in ("tp", "fp", "fn", "tn"))
        precision = tp / (tp + fp) if tp + fp else None
        recall = tp / (tp + fn) if tp + fn else None
        f1 = 2 * tp / (2 * tp + fp + fn) if tp + fp + fn else None
        rows.append(
            [
                label,
                *map(count, (tp, fp, fn, tn)),
                figure(precision),
                figure(recall),
                figure(f1),
            ]
        )
    return table(["label", "TP", "FP", "FN", "TN", "precision", "recall", "F1"], rows)
