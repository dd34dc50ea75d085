"""``cleanup``: delete what the session created, and prove it."""

from typing import TYPE_CHECKING

import click

from core.cli.options import Options, cancel, common_options
from core.cli.sessions import again, chosen_session
from core.cli.tables import table
from core.errors import Interrupted, Refused, TryAgain
from core.text import plural, printable

if TYPE_CHECKING:
    from core.workflow.actions.cleanup import CleanedUp, Inventory

_EPILOG = """\b
Examples:
  comprehend-tuner --dry-run cleanup     what is there, and what keeping it costs a month
  comprehend-tuner cleanup --yes         delete it and look it up again
"""


@click.command(epilog=_EPILOG)
@common_options
@click.pass_context
def command(ctx: click.Context) -> None:
    """Delete the session's endpoints, classifiers and objects, in this order, and prove it.

    Needs --yes. Only what this session created is touched; scores, thresholds and reports stay.
    Repeating an interrupted clean-up finishes it.
    """
    from core.workflow.actions.cleanup import clean_up, cleanup_inventory

    options: Options = ctx.obj
    session = chosen_session(options)
    inventory = cleanup_inventory(session)
    text = inventory_text(inventory)
    if options.dry_run:
        options.emit(inventory, text)
        return
    options.refuse_when_read_only("deleting")
    options.narrate(text)
    if not options.yes and inventory.rows:
        raise Refused(
            "Not confirmed",
            f"{plural(len(inventory.rows), 'resource')} would be deleted for good",
            f"to delete them: {again(options, session, 'cleanup --yes')}",
        )
    try:
        done = clean_up(session, options.reporter(), cancel)
    except Interrupted as error:
        resume = f"finish with: {again(options, session, 'cleanup --yes')}"
        raise Interrupted(error.title, "what was deleted is recorded", resume) from error
    options.emit(done, cleaned_text(done))
    if done.left:
        raise TryAgain(
            "Not everything is gone",
            f"{plural(len(done.left), 'resource')} can still be seen",
            f"repeat: {again(options, session, 'cleanup --yes')}",
        )


def inventory_text(inventory: "Inventory") -> str:
    """What a clean-up would delete, with its price a month."""
    where = f"{inventory.engine} · bucket {printable(inventory.bucket, 80)}"
    if not inventory.rows:
        return f"nothing to delete on {where}"
    rows = [
        [
            row.kind,
            row.created_at[:16].replace("T", " "),
            row.state,
            f"{row.monthly_usd:,.2f}",
            row.name,
        ]
        for row in inventory.rows
    ]
    price = f"${inventory.monthly_usd:,.2f} a month"
    return "\n".join(
        [
            where,
            table(["kind", "created ", "state ", "$ a month", "name "], rows, widest=400),
            f"keeping it costs {price}"
            if inventory.is_paid
            else f"keeping it costs nothing offline (on AWS: {price})",
            *(f"not found: {printable(name, 80)}" for name in inventory.unresolved),
        ]
    )


def cleaned_text(done: "CleanedUp") -> str:
    """What became of each thing, then the proof."""
    lines = [
        f"{result.outcome}: {result.item.kind} {printable(result.item.name)}"
        + (f" ({result.message})" if result.message else "")
        for result in done.results
    ]
    return "\n".join([*lines, *done.proof])
