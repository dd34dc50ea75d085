"""``split``: deal the documents into parts."""

import click

from core.cli.options import SEED_OPTION, Options, chosen_session, common_options, csv_options
from core.text import printable
from core.views.split import audit_text

_EPILOG = """\b
Examples:
  comprehend-tuner split                            70/10/20, seed 0
  comprehend-tuner split --ratios 80/20 --seed 7    thresholds are then cross-fitted on test
  comprehend-tuner --dry-run split --ratios 60/20/20
  comprehend-tuner split --csv split.csv            positives of every label in every part
"""


@click.command(epilog=_EPILOG)
@click.option(
    "--ratios",
    default="70/10/20",
    show_default=True,
    help="Train/calibration/test, or train/test.",
)
@click.option(
    "--seed", type=SEED_OPTION, default=0, show_default=True, help="Same seed, same parts."
)
@csv_options
@common_options
@click.pass_context
def command(ctx: click.Context, ratios: str, seed: int) -> None:
    """Deal the documents into parts, stratified over labels; equal texts stay together.

    Writes the training files, the text-only scoring files and their line maps below data/.
    """
    from core.dataset.label_sets import parse_ratios
    from core.views.frames import split_frame
    from core.workflow.data import current_dataset
    from core.workflow.split import preview_split, split_dataset

    options: Options = ctx.obj
    session = chosen_session(options)
    wanted = parse_ratios(ratios)
    if options.dry_run:
        watch = options.watch()
        dataset = current_dataset(session, session.state(), watch)
        audit = preview_split(dataset, wanted, seed, watch).audit
        lines = [audit_text(audit), *options.write_table(lambda: split_frame(audit))]
        options.emit({"audit": audit}, "\n".join(lines))
        return
    made = split_dataset(session, wanted, seed, options.watch())
    state = "" if made.is_new else " (unchanged)"
    findings = [f for f in made.split.findings if f.severity in ("error", "warning")]
    warnings = [f"! {printable(f.title)}: {printable(f.remedy)}" for f in findings]
    lines = [f"split {made.split.id}, seed {seed}{state}", audit_text(made.audit), *warnings]
    lines += options.write_table(lambda: split_frame(made.audit))
    lines.append("next: comprehend-tuner train")
    options.emit(
        {"split": made.split, "audit": made.audit, "is_new": made.is_new}, "\n".join(lines)
    )
