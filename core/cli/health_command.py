"""``health``: check the dataset, apply a fix."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from core.cli.options import Options, chosen_session, common_options, csv_options
from core.text import printable
from core.views.health import findings_text

if TYPE_CHECKING:
    import pandas as pd

    from core.dataset.health.findings import Finding
    from core.workflow.session import Session

_EPILOG = """\b
Examples:
  comprehend-tuner health
  comprehend-tuner health --all                      show the checks that passed too
  comprehend-tuner health --fix blank-documents      make a new revision without them
  comprehend-tuner health --csv labels.csv           documents and findings of every label
  comprehend-tuner --json health
"""


@click.command(epilog=_EPILOG)
@click.option("--fix", "fix_id", metavar="ID", help="Apply one fix as a new dataset revision.")
@click.option("--all", "show_all", is_flag=True, help="Show the checks that passed too.")
@click.option("--no-near-duplicates", is_flag=True, help="Leave out the slowest check.")
@csv_options
@common_options
@click.pass_context
def command(
    ctx: click.Context, fix_id: str | None, show_all: bool, no_near_duplicates: bool
) -> None:
    """Check the newest dataset revision: ✗ blocks training, ! warns, ✓ passed.

    A fix makes a new revision; the source file is never touched.
    """
    from core.workflow.health import check_health, fix_dataset

    options: Options = ctx.obj
    session = chosen_session(options)
    change = ""
    if fix_id is not None and not options.dry_run:
        fixed = fix_dataset(session, fix_id, options.watch())
        health, change = fixed.health, fixed.change
    else:
        health = check_health(session, options.watch(), not no_near_duplicates)
    head = [f"fixed: {printable(change)}"] if change else []
    written = options.write_table(lambda: _labels(session, health.findings))
    text = "\n".join([*head, findings_text(health.findings, show_all), *written])
    options.emit({"change": change, "findings": health.findings}, text)


def _labels(session: "Session", findings: "Sequence[Finding]") -> "pd.DataFrame":
    from core.dataset.health.findings import label_distribution
    from core.views.frames import labels_frame
    from core.workflow.data import current_dataset

    state = session.state()
    split = state.split
    is_of_this = split is not None and split.dataset == state.dataset.fingerprint
    support = split.support if split is not None and is_of_this else {}
    return labels_frame(label_distribution(current_dataset(session, state)), support, findings)
