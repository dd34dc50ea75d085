"""``split``: deal the documents into parts."""

from typing import TYPE_CHECKING

import click

from core.cli.options import Options, chosen_session, common_options
from core.text import printable
from core.views.numbers import count, percent
from core.views.terminal import table

if TYPE_CHECKING:
    from core.dataset.splits import SplitAudit


_EPILOG = """\b
Examples:
  comprehend-tuner split                            70/10/20, seed 0
  comprehend-tuner split --ratios 80/20 --seed 7    thresholds are then cross-fitted on test
  comprehend-tuner --dry-run split --ratios 60/20/20
"""


@click.command(epilog=_EPILOG)
@click.option(
    "--ratios",
    default="70/10/20",
    show_default=True,
    help="Train/calibration/test, or train/test.",
)
@click.option("--seed", default=0, show_default=True, help="Same seed, same parts.")
@common_options
@click.pass_context
def command(ctx: click.Context, ratios: str, seed: int) -> None:
    """Deal the documents into parts, stratified over labels; equal texts stay together.

    Writes the training files, the text-only scoring files and their line maps below data/.
    """
    from core.dataset.label_sets import parse_ratios
    from core.workflow.data import current_dataset
    from core.workflow.split import preview_split, split_dataset

    options: Options = ctx.obj
    session = chosen_session(options)
    wanted = parse_ratios(ratios)
    if options.dry_run:
        watch = options.watch()
        dataset = current_dataset(session, session.state(), watch)
        audit = preview_split(dataset, wanted, seed, watch).audit
        options.emit({"audit": audit}, audit_text(audit))
        return
    made = split_dataset(session, wanted, seed, options.watch())
    state = "" if made.is_new else " (unchanged)"
    findings = [f for f in made.split.findings if f.severity in ("error", "warning")]
    warnings = [f"! {printable(f.title)}: {printable(f.remedy)}" for f in findings]
    lines = [f"split {made.split.id}, seed {seed}{state}", audit_text(made.audit), *warnings]
    lines.append("next: comprehend-tuner train")
    options.emit(
        {"split": made.split, "audit": made.audit, "is_new": made.is_new}, "\n".join(lines)
    )


def audit_text(audit: "SplitAudit") -> str:
    """The audit as a table: per label and part the count, and the worst deviation."""
    headers = ["label", *audit.part_names, "deviation"]
    rows = [
        [
            label.label,
            *(
                f"{count(number)} ({percent(share)})"
                for number, share in zip(label.counts, label.shares, strict=True)
            ),
            percent(label.deviation),
        ]
        for label in audit.labels
    ]
    rows.append(["documents", *map(count, audit.sizes), ""])
    lines = [
        table(headers, rows),
        "deviation of a label's share from the wanted one: worst "
        f"{percent(audit.worst_deviation)}, mean {percent(audit.mean_deviation)}; of label pairs: "
        f"mean {percent(audit.pair_deviation)}",
    ]
    lines.extend(
        f"! {printable(label, 40)} is missing from {part}" for label, part in audit.missing
    )
    return "\n".join(lines)
