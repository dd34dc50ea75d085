"""The command group, its global options, and the mapping of errors to exit codes."""

import importlib
import sys
from typing import Any

import click

from core.cli.options import Options, ignore_broken_pipe, watch_interrupts
from core.errors import TunerError, is_refusal, refusal
from core.text import printable
from core.workflow.app_request import OpenApp

# The commands as a table: name, module, and the line that ``--help`` shows.
#
# The module is imported only when its command runs, so ``--help`` and ``--version`` stay fast.


COMMANDS: dict[str, str] = {
    "demo": "Run the whole workflow on the sample tickets, offline and free.",
    "new": "Start a session: read a labelled file.",
    "health": "Check the dataset; apply a fix as a new revision.",
    "split": "Deal the documents into train, calibration and test.",
    "train": "Create the classifier and wait until it is trained.",
    "metrics": "Show the service's metrics and confusion matrices.",
    "score": "Score the held-out documents and join the results.",
    "thresholds": "Tune each label's threshold, read the report, save the file.",
    "calibration": "Show how far scores can be read as shares of positives.",
    "compare": "Compare runs, or thresholds files, on the same documents.",
    "report": "Write one self-contained report of a run: Markdown, JSON, HTML.",
    "review": "Read the documents around a label's threshold.",
    "oversample": "Repeat positives of rare labels, and find out by experiment whether it helps.",
    "endpoint": "Try documents on a live endpoint; it bills until it is deleted.",
    "cleanup": "Delete what the session created, and prove it.",
    "drift": "Check whether new predictions look like those that were tuned on.",
    "apply": "Apply a thresholds file to predictions or to one reply.",
    "jobs": "Show every job of the session; stop a training.",
    "doctor": "Check account, bucket, role and rights before anything is paid.",
    "setup-role": "Create the data access role that the service assumes.",
    "attach": "Adopt a classifier and scoring jobs that were started elsewhere.",
    "status": "Show where the session stands.",
    "cost": "Show what the session cost and what comes next.",
    "session": "Check that every file of the session is what its steps wrote.",
    "info": "Show versions, settings and paths.",
}


_EPILOG = """\b
Examples:
  comprehend-tuner demo --headless
  comprehend-tuner new toxic comments.csv
  comprehend-tuner --session toxic split --ratios 70/10/20 --seed 7
  comprehend-tuner --json status

\b
Exit codes: 0 ok, 1 failed, 2 usage, configuration or bad data,
3 try again later, 4 refused, 130 interrupted.
"""


class LazyGroup(click.Group):
    """A group whose commands are imported when they are used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names of the commands in workflow order."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return one command."""
        if cmd_name not in COMMANDS:
            return None
        module = f"core.cli.{cmd_name.replace('-', '_')}_command"
        command: click.Command = importlib.import_module(module).command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


def _version(ctx: click.Context, param: click.Parameter, value: bool) -> None:
    if value and not ctx.resilient_parsing:
        from importlib.metadata import version

        click.echo(f"comprehend-tuner {version('comprehend-tuner')}")
        ctx.exit()


@click.group(
    cls=LazyGroup,
    invoke_without_command=True,
    epilog=_EPILOG,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option("--session", metavar="NAME|PATH", help="The session; needed when there are several.")
@click.option(
    "--engine",
    type=click.Choice(["offline", "aws"]),
    default=None,
    help="Who answers; chosen when a session starts (default: offline).",
)
@click.option("--profile", help="AWS profile.")
@click.option("--region", help="AWS Region.")
@click.option("--bucket", help="Bucket for uploads and output.")
@click.option("--role-arn", help="Data access role that the service assumes.")
@click.option("--endpoint-url", help="Another address of the service, for tests.")
@click.option(
    "--poll",
    "poll_s",
    type=click.FloatRange(0.01, 3600),
    help="Seconds between looks at a running job (default: 15, growing to 60; offline 0.2).",
)
@click.option(
    "--trust",
    is_flag=True,
    help="Let requests be sent for a session that was not made on this machine.",
)
@click.option("--yes", is_flag=True, help="Answer the confirmation of a step.")
@click.option("--read-only", is_flag=True, help="Refuse every upload, start, stop and delete.")
@click.option("--dry-run", is_flag=True, help="Print what a step would do, and do nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON for machines.")
@click.option("--theme", default="", help="Colours of the app, such as textual-light.")
@click.option("--ascii", "ascii_only", is_flag=True, help="Draw the app in ASCII.")
@click.option("--no-mouse", is_flag=True, help="Leave the mouse to the terminal.")
@click.option(
    "--version",
    is_flag=True,
    callback=_version,
    expose_value=False,
    is_eager=True,
    help="Show the version.",
)
@click.pass_context
def cli(ctx: click.Context, /, **given: Any) -> OpenApp | None:
    """Tune the decision thresholds of an Amazon Comprehend custom classifier.

    Without a command the terminal app opens. Every step works offline without an account; options
    stand before the command.
    """
    options = Options(**given)
    ctx.obj = options
    if ctx.invoked_subcommand is not None:
        return None
    if options.session is None:
        return options.open_app(None)
    from core.cli.options import chosen_session

    return options.open_app(chosen_session(options).folder)


def main(arguments: list[str] | None = None) -> int | OpenApp:
    """Run one command; return its exit code, or the wish to open the app.

    No traceback reaches the user.
    """
    watch_interrupts()
    try:
        result = cli.main(arguments, prog_name="comprehend-tuner", standalone_mode=False)
        sys.stdout.flush()
        return result if isinstance(result, int | OpenApp) else 0
    except BrokenPipeError:
        ignore_broken_pipe()
        return 0
    except (click.Abort, KeyboardInterrupt):
        _say("Interrupted: what was finished is kept — run it again to go on")
        return 130
    except click.ClickException as error:
        return _report_usage(error)
    except Exception as error:
        return _report(refusal(error) if is_refusal(error) else error)


def _report(error: Exception) -> int:
    if not isinstance(error, TunerError):
        return _report_defect(error)
    hint = f" — {error.hint}" if error.hint else ""
    _say(f"{error.title}: {error.message}{hint}")
    return error.exit_code


def _report_usage(error: click.ClickException) -> int:
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        click.echo(error.format_message(), err=True)
    elif isinstance(error, click.UsageError):
        where = error.ctx.command_path if error.ctx else "comprehend-tuner"
        _say(f"Usage: {error.format_message()} — see: {where} --help")
    else:
        _say(error.format_message())
    return error.exit_code


def _say(line: str) -> None:
    click.echo(f"comprehend-tuner: {printable(line)}", err=True)


def _report_defect(error: Exception) -> int:
    """Write the traceback to a file and say where it is."""
    from core.files import write_defect

    _say(write_defect(error))
    return 1
