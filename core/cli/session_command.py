"""``session``: check that everything of a session is what its steps wrote."""

from typing import TYPE_CHECKING

import click

from core.cli.options import Options, common_options, here
from core.text import plural

if TYPE_CHECKING:
    from core.workflow.integrity import SessionCheck

_EPILOG = """\b
Examples:
  comprehend-tuner session check           exit code 0 when all is well, 2 otherwise
  comprehend-tuner session check --json
"""


@click.group(epilog=_EPILOG)
@common_options
def command() -> None:
    """Look at the session's own files; nothing is changed and nothing is sent."""


@command.command("check")
@common_options
@click.pass_context
def check_files(ctx: click.Context) -> int:
    """Verify state, references, every recorded file, origin and event log.

    Each thing that is not as it was left is named with the command that makes it anew.
    """
    from core.workflow.integrity import check_session
    from core.workflow.session import find_session

    options: Options = ctx.obj
    done = check_session(find_session(options.session, here()), options.watch())
    options.emit({"is_well": done.is_well, "check": done}, session_check_text(done))
    return 0 if done.is_well else 2


def session_check_text(done: "SessionCheck") -> str:
    """What a check has found, a fault a line."""
    files = plural(done.files, "file")
    if done.unrecorded:
        files += f" ({done.unrecorded:,} of an earlier version, without a fingerprint)"
    looked = f"{files}, {plural(done.events, 'event')}"
    if done.is_well:
        return f"session {done.session}: all is well; {looked}, made here"
    faults = [f"{fault.what}: {fault.fault} — {fault.remedy}" for fault in done.faults]
    wrong = plural(len(faults), "thing is", "things are")
    return "\n".join([f"session {done.session}: {wrong} not as left; {looked}", *faults])
