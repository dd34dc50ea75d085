"""``apply``: a thresholds file applied to what the service returned."""

import sys
from io import BytesIO
from pathlib import Path

import click

from core.cli.options import Options, common_options
from core.errors import InvalidInput
from core.text import json_printable, plural, printable

_EPILOG = """\b
Examples:
  comprehend-tuner apply thresholds.json predictions.jsonl --output labels.jsonl
  comprehend-tuner apply thresholds.json output.tar.gz > labels.jsonl
  aws comprehend classify-document … | comprehend-tuner apply thresholds.json --reply
"""


_MOST_REPLY_BYTES = 16 << 20


@click.command(epilog=_EPILOG)
@click.argument("thresholds_path", metavar="THRESHOLDS", type=click.Path(path_type=Path))
@click.argument("predictions", required=False, type=click.Path(path_type=Path))
@click.option("--output", type=click.Path(path_type=Path), help="Write here (default: stdout).")
@click.option("--reply", is_flag=True, help="Read one endpoint reply from standard input.")
@click.option("--arn", help="The classifier that gave the scores; refused when it is another.")
@common_options
@click.pass_context
def command(
    ctx: click.Context,
    thresholds_path: Path,
    predictions: Path | None,
    output: Path | None,
    reply: bool,
    arn: str | None,
) -> None:
    """Decide the labels of PREDICTIONS (predictions.jsonl or output.tar.gz), a JSON line each.

    A label that was not returned is decided against when its threshold is above every score that
    it can have; otherwise the line lists it under Undecided.
    """
    from core.tuning.thresholds import apply_to_predictions, apply_to_reply, load

    options: Options = ctx.obj
    thresholds = load(thresholds_path)
    if reply:
        decision = apply_to_reply(thresholds, sys.stdin.buffer.read(_MOST_REPLY_BYTES), arn)
        undecided = "".join(f"\n? {printable(label)}" for label in decision.undecided)
        text = "\n".join(printable(label) for label in decision.labels) + undecided
        found = {"labels": decision.labels, "undecided": decision.undecided}
        options.emit(found, text.lstrip("\n"))
        return
    if predictions is None:
        raise InvalidInput(
            "Nothing to apply to", "no predictions file was named", "see: apply --help"
        )
    on_screen = BytesIO() if output is None and sys.stdout.isatty() else None
    target = output if output is not None else on_screen or sys.stdout.buffer
    report = apply_to_predictions(thresholds, predictions, target, arn, options.watch())
    if on_screen is not None:
        click.echo(json_printable(on_screen.getvalue().decode()), nl=False)
    sys.stdout.flush()
    counts = ", ".join(f"{printable(n, 40)} {c:,}" for n, c in report.label_counts.items())
    options.narrate(
        f"{plural(report.documents, 'document')}: {counts}; "
        f"{report.undecided_documents:,} with an undecided label, "
        f"{report.errored_documents:,} with an error"
    )
    if output is not None:
        options.emit(report, printable(str(output.resolve())))
