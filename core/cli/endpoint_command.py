"""``endpoint``: try documents on a live endpoint."""

import sys
from typing import TYPE_CHECKING

import click

from core.cli.options import Options, again, cancel, chosen_session, common_options
from core.errors import InvalidInput, TunerError
from core.text import command_word, printable
from core.views.jobs import endpoints_text, trial_text
from core.views.numbers import usd
from core.views.prices import endpoint_plan_text

if TYPE_CHECKING:
    from core.workflow.session import Session


_EPILOG = """\b
Examples:
  comprehend-tuner --dry-run endpoint start       what it would cost
  comprehend-tuner endpoint start --minutes 20
  comprehend-tuner endpoint try "my parcel never came"
  comprehend-tuner endpoint try - < document.txt
  comprehend-tuner endpoint keep --minutes 60     delete it an hour from now
  comprehend-tuner endpoint stop
"""
_FROM_1_TO_A_DAY = click.IntRange(1, 24 * 60)
_RUN = click.option("--run", "run_name", help="The run (default: the newest).")
_NAME = click.option("--endpoint", "name", help="Name of the endpoint (default: the newest alive).")


@click.group(epilog=_EPILOG, invoke_without_command=True)
@common_options
@click.pass_context
def command(ctx: click.Context) -> None:
    """Create an endpoint, try documents on it, delete it; alone, show what there is.

    An endpoint is charged by the second while it exists, used or not. It is deleted after --minutes
    by a process that stays behind on this machine, by an open app and by this command, whichever
    comes first: so while this machine is up and signed in. The service itself has no such timer.
    """
    if ctx.invoked_subcommand is None:
        ctx.invoke(status)


@command.command()
@_RUN
@click.option("--classifier", "classifier_id", help="Id in the run (default: its first, c1).")
@click.option(
    "--minutes",
    type=_FROM_1_TO_A_DAY,
    default=30,
    show_default=True,
    help="Delete it after so many minutes.",
)
@click.option(
    "--units",
    type=click.IntRange(1, 50),
    default=1,
    show_default=True,
    help="Inference units; each is charged.",
)
@common_options
@click.pass_context
def start(
    ctx: click.Context, run_name: str | None, classifier_id: str | None, minutes: int, units: int
) -> None:
    """Create an endpoint and wait until it answers; repeating carries on with the same one."""
    from core.workflow.endpoints import plan_endpoint, start_endpoint, wait_endpoint

    options: Options = ctx.obj
    session = _opened(options)
    plan = plan_endpoint(session, run_name, classifier_id, minutes, units)
    text = endpoint_plan_text(plan)
    if options.dry_run:
        options.emit(plan, text)
        return
    options.refuse_when_read_only("starting an endpoint")
    options.narrate(text)
    verb = "Keep" if plan.is_resumed else "Start"
    options.confirm(f"{verb} an endpoint for {plan.minutes} minutes?", plan.is_paid)
    endpoint = start_endpoint(session, plan, options.watch())
    wait_endpoint(session, endpoint.name, options.watch())
    _show(options, session, f"try it: {again(options, session, 'endpoint try TEXT')}")


@command.command()
@common_options
@click.pass_context
def status(ctx: click.Context) -> None:
    """Show every endpoint of the session: state, price, deletion time."""
    options: Options = ctx.obj
    _show(options, _opened(options))


@command.command("try")
@click.argument("text")
@_NAME
@common_options
@click.pass_context
def try_text(ctx: click.Context, text: str, name: str | None) -> None:
    """Score TEXT and decide its labels; - reads standard input. At most 10 KB in UTF-8."""
    from core.workflow.trial import try_document

    options: Options = ctx.obj
    session = _opened(options)
    endpoint = session.state().live_endpoint_named(name)
    trial = try_document(session, endpoint.name, _read() if text == "-" else text)
    options.emit(trial, trial_text(trial))


@command.command()
@click.option(
    "--minutes",
    type=_FROM_1_TO_A_DAY,
    default=30,
    show_default=True,
    help="Delete it so many minutes from now, later or sooner than before.",
)
@_NAME
@common_options
@click.pass_context
def keep(ctx: click.Context, minutes: int, name: str | None) -> None:
    """Move the deletion time."""
    from core.workflow.endpoints import added_estimate, keep_endpoint

    options: Options = ctx.obj
    session = _opened(options)
    state = session.state()
    endpoint = state.live_endpoint_named(name)
    added = added_estimate(state, endpoint, minutes, endpoint.inference_units)
    is_paid = state.engine.name == "aws"
    price = f"{usd(added.high_usd)} more" if is_paid else "nothing offline"
    text = f"{endpoint.name}: {minutes} minutes from now, which costs {price}"
    if options.dry_run:
        options.emit({"endpoint": endpoint.name, "minutes": minutes, "estimate": added}, text)
        return
    options.refuse_when_read_only("keeping an endpoint")
    options.narrate(text)
    options.confirm(f"Keep {endpoint.name}?", is_paid and added.high_usd > 0)
    keep_endpoint(session, endpoint.name, minutes)
    _show(options, session)


@command.command()
@_NAME
@common_options
@click.pass_context
def stop(ctx: click.Context, name: str | None) -> None:
    """Delete every live endpoint of the session, or one, and wait until it is gone."""
    from core.workflow.endpoints import stop_endpoint

    options: Options = ctx.obj
    session = chosen_session(options)
    state = session.state()
    wanted = [state.live_endpoint_named(name)] if name else list(state.live_endpoints)
    if options.dry_run:
        names = [endpoint.name for endpoint in wanted]
        options.emit({"endpoints": names}, "\n".join(f"would delete: {n}" for n in names))
        return
    options.refuse_when_read_only("deleting")
    for endpoint in wanted:
        stop_endpoint(session, endpoint.name, options.watch())
    _show(options, session)


def _opened(options: Options) -> "Session":
    """The session; its endpoints are kept watch of, and those that are overdue are named.

    What fails in this is said and does not keep the command from its own work.
    """
    from core.workflow.endpoint_keeper import ensure_keepers
    from core.workflow.endpoints import overdue_endpoints

    session = chosen_session(options)
    if options.read_only or options.dry_run:
        return session
    try:
        ensure_keepers(session)
        for name in overdue_endpoints(session.state()):
            options.narrate(
                f"overdue: {printable(name)}; delete it with:"
                f" {again(options, session, f'endpoint stop --endpoint {command_word(name)}')}"
            )
    except TunerError as error:
        cancel.check()
        options.narrate(printable(f"overdue endpoint: {error.title}: {error.message}"))
    return session


def _show(options: Options, session: "Session", last: str = "") -> None:
    from core.workflow.endpoints import endpoint_rows

    rows = endpoint_rows(session)
    options.emit({"endpoints": rows}, "\n".join(filter(None, (endpoints_text(rows), last))))


def _read() -> str:
    data = sys.stdin.buffer.read(1024 * 1024)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InvalidInput(
            "Not a text", f"byte {error.start + 1:,} is not UTF-8", "give the text as UTF-8"
        ) from error
