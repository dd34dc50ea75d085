"""``health``: check the dataset, apply a fix."""

from typing import TYPE_CHECKING

import click

from core.cli.options import Options, chosen_session, common_options
from core.text import plural, printable
from core.views.numbers import percent

if TYPE_CHECKING:
    from core.dataset.health.findings import Finding


_EPILOG = """\b
Examples:
  comprehend-tuner health
  comprehend-tuner health --all                      show the checks that passed too
  comprehend-tuner health --fix blank-documents      make a new revision without them
  comprehend-tuner --json health
"""
SIGNS = {"error": "✗", "warning": "!", "info": "·", "passed": "✓"}


@click.command(epilog=_EPILOG)
@click.option("--fix", "fix_id", metavar="ID", help="Apply one fix as a new dataset revision.")
@click.option("--all", "show_all", is_flag=True, help="Show the checks that passed too.")
@click.option("--no-near-duplicates", is_flag=True, help="Leave out the slowest check.")
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
    shown = [f for f in health.findings if show_all or f.severity != "passed"]
    blocks = [_block(finding) for finding in shown]
    passed = sum(finding.severity == "passed" for finding in health.findings)
    errors = sum(finding.severity == "error" for finding in health.findings)
    verdict = (
        f"{plural(errors, 'finding')} {'blocks' if errors == 1 else 'block'} training"
        if errors
        else "nothing blocks training — next: comprehend-tuner split"
    )
    head = [f"fixed: {printable(change)}"] if change else []
    text = "\n".join([*head, *blocks, f"{plural(passed, 'check')} passed; {verdict}"])
    options.emit({"change": change, "findings": health.findings}, text)


def _block(finding: "Finding") -> str:
    share = f"({percent(finding.share)} of {finding.of})"
    amount = f"{finding.count:,} {share}" if finding.count else ""
    head = f"{SIGNS[finding.severity]} {finding.id}: {printable(finding.title)} {amount}"
    lines = [head.rstrip()]
    if finding.severity == "passed":
        return lines[0]
    if finding.labels:
        names = ", ".join(printable(label, 40) or "(blank)" for label in finding.labels[:8])
        more = f" and {len(finding.labels) - 8} more" if len(finding.labels) > 8 else ""
        lines.append(f"    labels: {names}{more}")
    lines.extend(
        f"    e.g. {printable(example.id, 24)}: {printable(example.text, 70)}"
        for example in finding.examples[:2]
    )
    lines.append(f"    {printable(finding.meaning)}")
    if finding.remedy:
        lines.append(f"    → {printable(finding.remedy)}")
    return "\n".join(lines)
