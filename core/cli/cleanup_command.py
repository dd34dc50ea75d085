"""``cleanup``: delete what the session created, and prove it."""

import sys
from typing import TYPE_CHECKING

import click

from core.cli.options import Options, again, chosen_session, common_options
from core.errors import Interrupted, InvalidInput, Refused, TryAgain
from core.text import command_word, plural, printable
from core.views.jobs import cleaned_text, inventory_text
from core.views.numbers import usd

if TYPE_CHECKING:
    from core.workflow.cleanup import CleanedUp, Inventory


_EPILOG = """\b
Examples:
  comprehend-tuner --dry-run cleanup       what is there, and what keeping it costs a month
  comprehend-tuner cleanup                 ask for the session's name, delete, look it up again
  comprehend-tuner cleanup --yes           the same without asking
  comprehend-tuner cleanup --run base      one run only: its classifiers, endpoints and objects
"""


@click.command(epilog=_EPILOG)
@click.option("--run", help="Clean up this run only; the rest of the session stays usable.")
@common_options
@click.pass_context
def command(ctx: click.Context, run: str | None) -> None:
    """Delete the session's endpoints, classifiers, objects and role, in this order, and prove it.

    Asks for the session's name to be typed; without a terminal it needs --yes. Only what this
    session created is touched; scores, thresholds and reports stay. Repeating an interrupted
    clean-up finishes it.
    """
    from core.workflow.cleanup import clean_up, cleanup_inventory

    options: Options = ctx.obj
    session = chosen_session(options)
    inventory = cleanup_inventory(session, run)
    text = inventory_text(inventory)
    if options.dry_run:
        options.emit(inventory, text)
        return
    options.refuse_when_read_only("deleting")
    options.narrate(text)
    repeat = again(options, session, f"cleanup {f'--run {command_word(run)} ' if run else ''}--yes")
    if inventory.rows and not options.yes:
        _confirm(inventory, repeat)
    try:
        done = clean_up(session, options.watch(), run)
    except Interrupted as error:
        raise Interrupted(
            error.title, "what was deleted is recorded", f"finish with: {repeat}"
        ) from error
    options.emit(done, cleaned_text(done))
    _require_nothing_left(done, repeat)


def _confirm(inventory: "Inventory", repeat: str) -> None:
    what = f"{plural(len(inventory.rows), 'resource')} would be deleted for good"
    if not sys.stdin.isatty():
        raise Refused("Not confirmed", what, f"to delete them: {repeat}")
    click.echo(f"{what}; this cannot be undone", err=True)
    question = f"type {printable(inventory.session)} to go on"
    typed = click.prompt(question, default="", show_default=False, err=True)
    if typed.strip() != inventory.session:
        raise Refused("Not confirmed", "nothing was deleted", "")


def _require_nothing_left(done: "CleanedUp", repeat: str) -> None:
    if not done.left:
        return
    refused = next((item for item in done.left if item.is_refused), None)
    price = f"; keeping it costs {usd(done.left_monthly_usd)} a month"
    message = f"{plural(len(done.left), 'resource')} can still be seen{price}"
    if refused is not None:
        raise InvalidInput(
            "Not everything is gone",
            f"{message}; {refused.kind} {printable(refused.name)}: {refused.reason}",
            refused.hint or f"then repeat: {repeat}",
        )
    reason = next((f"; {printable(i.name)}: {i.reason}" for i in done.left if i.reason), "")
    raise TryAgain("Not everything is gone", message + reason, f"repeat: {repeat}")
