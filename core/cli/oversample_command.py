"""``oversample``: repeat positives of rare labels."""

import click

from core.cli.options import Options, common_options
from core.cli.sessions import again, chosen_session
from core.cli.tables import table
from core.errors import InvalidInput
from core.text import plural

_EPILOG = """\b
Examples:
  comprehend-tuner oversample --to threat=200 --to identity_hate=300
  comprehend-tuner --dry-run oversample --to threat=200      counts of all labels, nothing kept
  comprehend-tuner oversample --clear                        train on the part as it was split
"""


@click.command(epilog=_EPILOG)
@click.option("--to", "targets", multiple=True, metavar="LABEL=N", help="Positives wanted.")
@click.option("--seed", default=0, show_default=True, help="Same seed, same copies.")
@click.option("--clear", is_flag=True, help="Forget the repeated documents.")
@common_options
@click.pass_context
def command(ctx: click.Context, targets: tuple[str, ...], seed: int, clear: bool) -> None:
    """Repeat positives of the chosen labels in the training part; the next run uses them.

    Calibration and test stay as they are. Copies raise the labels that occur beside the chosen
    one as well: read all counts.
    """
    from core.workflow.actions.oversample import (
        clear_oversampling,
        oversample_training,
        parse_target,
        preview_oversampling,
    )

    options: Options = ctx.obj
    session = chosen_session(options)
    if clear:
        clear_oversampling(session)
        options.emit({"targets": {}}, "the next run is trained on the part as it was split")
        return
    wanted = dict(parse_target(target) for target in targets)
    if not wanted:
        raise InvalidInput("Nothing to repeat", "no label was named", "such as: --to threat=200")
    if options.dry_run:
        seen = preview_oversampling(session, wanted, seed)
        added, before, after = seen.added, seen.before, seen.after
    else:
        made = oversample_training(session, wanted, seed)
        added, before, after = made.added, made.before, made.after
    rows = [
        [label, f"{before[label]:,}", f"{after[label]:,}", f"{after[label] - before[label]:+,}"]
        for label in before
    ]
    lines = [
        table(["label", "before", "after", "change"], rows),
        f"{plural(added, 'copy', 'copies')} in the training part; calibration and test unchanged",
    ]
    if not options.dry_run:
        lines.append(f"next: {again(options, session, 'train')}")
    options.emit({"added": added, "before": before, "after": after}, "\n".join(lines))
