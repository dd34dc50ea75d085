"""What every command has: the global options, output, progress, confirmation."""

import os
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

import click

from core.errors import InvalidInput, Refused
from core.progress import CancelToken, Progress, Watch
from core.text import command_word, json_printable, printable
from core.workflow.app_request import GivenEngine, OpenApp

if TYPE_CHECKING:
    import pandas as pd

    from core.comprehend.engine import EngineSettings
    from core.workflow.session import Session
    from core.workflow.state import SessionState


Given = ParamSpec("Given")
Result = TypeVar("Result")

cancel = CancelToken()
"""Set by the first ctrl+c; the second one ends the process at once."""


SEED_OPTION = click.IntRange(0, 2**63 - 1)
"""A seed is kept in the session and in JSON, as a number of at most 64 bits."""


@dataclass(frozen=True)
class Options:
    """The global options of one call."""

    session: str | None = None
    engine: str | None = None
    profile: str | None = None
    region: str | None = None
    bucket: str | None = None
    role_arn: str | None = None
    endpoint_url: str | None = None
    poll_s: float | None = None
    trust: bool = False
    yes: bool = False
    read_only: bool = False
    dry_run: bool = False
    as_json: bool = False
    theme: str = ""
    ascii_only: bool = False
    no_mouse: bool = False
    csv_path: Path | None = None
    is_raw: bool = False

    def open_app(self, session: Path | None) -> OpenApp:
        """What to return for the app to open."""
        return OpenApp(
            session,
            theme=self.theme,
            ascii_only=self.ascii_only,
            no_mouse=self.no_mouse,
            read_only=self.read_only,
            engine=GivenEngine(
                name=self.engine or "offline",
                region=self.region or "",
                profile=self.profile or "",
                bucket=self.bucket or "",
                role_arn=self.role_arn or "",
                endpoint_url=self.endpoint_url or "",
                poll_s=self.poll_s,
            ),
        )

    def emit(self, data: Any, text: str) -> None:
        """Print the result: `data` as JSON for machines, else `text` for people."""
        if self.as_json:
            import msgspec

            text = msgspec.json.format(msgspec.json.encode(data), indent=2).decode()
            click.echo(json_printable(text))
        else:
            click.echo(text)

    def narrate(self, line: str) -> None:
        """Say something on stderr that is not the result; `line` must be printable."""
        click.echo(line, err=True)

    def watch(self) -> Watch:
        """Progress on stderr: one rewritten line on a terminal, a line per task elsewhere.

        The first ctrl+c asks the work to stop.
        """
        return Watch(_TerminalReporter() if sys.stderr.isatty() else _PlainReporter(), cancel)

    def confirm(self, question: str, is_paid: bool) -> None:
        """Ask before money is spent or something is destroyed.

        Raises:
            Refused: the answer was no, or nobody is there to answer.
        """
        if not is_paid or self.yes:
            return
        if not sys.stdin.isatty():
            raise Refused("Not confirmed", question, "repeat the command with --yes")
        click.echo(question, err=True)
        if click.prompt("type y to go on", default="n", err=True).strip().lower() != "y":
            raise Refused("Not confirmed", "nothing was done", "")

    def refuse_when_read_only(self, what: str) -> None:
        """Stop before anything that changes something outside the session's files.

        Raises:
            Refused: the call is read-only.
        """
        if self.read_only:
            raise Refused("Read-only", f"{what} is not done", "leave out --read-only")

    def write_table(self, frame: "Callable[[], pd.DataFrame]") -> list[str]:
        """Write the table that ``--csv`` asks for; return the line that says so, if it does.

        A dry run writes nothing.

        Raises:
            OperationFailed: the file cannot be written.
        """
        if self.csv_path is None:
            return []
        shown = printable(str(self.csv_path.resolve()))
        if self.dry_run:
            return [f"would write: {shown}"]
        from core.views.frames import write_csv

        write_csv(frame(), self.csv_path, self.is_raw)
        return [f"table: {shown}"]


def csv_options(command: Callable[Given, Result]) -> Callable[Given, Result]:
    """``--csv`` and ``--raw``, for `Options.write_table`."""

    def merge(ctx: click.Context, param: click.Parameter, value: Any) -> Any:
        if value and param.name:
            ctx.obj = replace(ctx.obj or Options(), **{param.name: value})
        return value

    csv_option = click.option(
        "--csv",
        "csv_path",
        type=click.Path(path_type=Path, dir_okay=False),
        expose_value=False,
        callback=merge,
        help="Write the table as CSV as well, in full precision.",
    )
    raw_option = click.option(
        "--raw",
        "is_raw",
        is_flag=True,
        expose_value=False,
        callback=merge,
        help="With --csv: no apostrophe before text that a spreadsheet would run.",
    )
    return csv_option(raw_option(command))


def common_options(command: Callable[Given, Result]) -> Callable[Given, Result]:
    """Let ``--json`` and ``--yes`` stand behind the command as well as before it."""

    def merge(ctx: click.Context, param: click.Parameter, value: bool) -> bool:
        if value and param.name:
            ctx.obj = replace(ctx.obj or Options(), **{param.name: True})
        return value

    json_option = click.option(
        "--json",
        "as_json",
        is_flag=True,
        expose_value=False,
        callback=merge,
        is_eager=True,
        help="Print JSON for machines.",
    )
    yes_option = click.option(
        "--yes",
        is_flag=True,
        expose_value=False,
        callback=merge,
        is_eager=True,
        help="Answer the confirmation of the step.",
    )
    return json_option(yes_option(command))


def here() -> Path:
    """The working directory, below which sessions are kept."""
    return Path.cwd()


def watch_interrupts() -> None:
    """Make the first ctrl+c a request to stop at the next safe point."""

    def handle(signum: int, frame: object) -> None:
        if cancel.is_cancelled:
            signal.signal(signal.SIGINT, signal.default_int_handler)
            raise KeyboardInterrupt
        cancel.cancel()

    signal.signal(signal.SIGINT, handle)


def ignore_broken_pipe() -> None:
    """Let a reader such as ``head`` close the pipe without a complaint at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def progress_line(event: Progress) -> str:
    """One event as a line of text."""
    if event.total:
        amount = f"{event.done:,}/{event.total:,} {event.unit}"
    else:
        amount = f"{event.done:,} {event.unit}" if event.done else ""
    note = f"({event.note})" if event.note else ""
    return printable(" ".join(filter(None, (event.task, amount, note))))


class _TerminalReporter:
    """Rewrites one line at most four times a second."""

    def __init__(self) -> None:
        self._last_s = 0.0
        self._task = ""

    def __call__(self, event: Progress) -> None:
        now_s = time.monotonic()
        is_finished = event.total is not None and event.done >= event.total
        if event.task == self._task and now_s - self._last_s < 0.25 and not is_finished:
            return
        start = "\n" if self._task not in ("", event.task) else "\r"
        width = max(os.get_terminal_size(sys.stderr.fileno()).columns - 1, 20)
        line = printable(progress_line(event), width)
        end = "\n" if is_finished else ""
        click.echo(f"{start}{line}\x1b[K{end}", err=True, nl=False)
        self._task, self._last_s = ("" if is_finished else event.task), now_s


class _PlainReporter:
    """A line when a task begins, then at most one in five seconds."""

    def __init__(self) -> None:
        self._last_s = 0.0
        self._task = ""

    def __call__(self, event: Progress) -> None:
        now_s = time.monotonic()
        if event.task != self._task or now_s - self._last_s >= 5.0:
            self._task, self._last_s = event.task, now_s
            click.echo(progress_line(event), err=True)


# The session that a command works on.


_FIXED = {"region": "--region", "bucket": "--bucket"}
"""Settings that say where a session's things lie, by field, with their options."""
_WORDS = {
    "profile": "profile",
    "region": "Region",
    "bucket": "bucket",
    "role_arn": "data access role",
    "endpoint_url": "service address",
    "poll_s": "seconds between looks",
}
"""What a setting is called, by field; each can be given before any command."""


def chosen_session(options: Options) -> "Session":
    """The session named by ``--session``, or the only one here, with the given settings stored.

    Profile, Region, bucket, role, address and pace that differ from the session's become its own,
    and a line on stderr says so.

    Raises:
        InvalidInput: there is none or more than one, it belongs to another engine, a given setting
            is unusable, or Region or bucket would leave behind what the session made.
        TryAgain: another terminal holds the session.
    """
    from core.workflow.session import find_session

    session = find_session(options.session, here())
    if session.is_read_only:
        options.narrate(
            f"session {printable(session.name)} cannot be written by you: opened read-only"
        )
    engine = session.state().engine
    if options.engine is not None and engine.name != options.engine:
        raise InvalidInput(
            "Another engine",
            f"session {printable(session.name)} runs on {engine.name}",
            "the engine is chosen once: comprehend-tuner --engine NAME new …",
        )
    if options.trust:
        _trust(options, session)
    if _differing(options, engine):
        _store(options, session)
    return session


def _trust(options: Options, session: "Session") -> None:
    from core.workflow.trust import destination_of, trust

    if options.read_only or options.dry_run:
        raise Refused(
            "Nothing is trusted now",
            "--read-only and --dry-run leave everything as it is",
            "give --trust without them",
        )
    if trust(session):
        options.narrate(f"session {printable(session.name)} is trusted from now on; it sends to:")
        for line in destination_of(session.state()).lines():
            options.narrate(f"  {line}")


def again(options: Options, session: "Session", rest: str) -> str:
    """The command that does `rest` on the same session."""
    named = f"--session {command_word(options.session)} " if options.session else ""
    return f"comprehend-tuner {named}{rest}"


def _differing(options: Options, engine: "EngineSettings") -> dict[str, str | float]:
    """The given settings that are not the session's, by field."""
    given = {field: getattr(options, field) for field in _WORDS}
    return {
        field: value
        for field, value in given.items()
        if value is not None and value != getattr(engine, field)
    }


def _store(options: Options, session: "Session") -> None:
    from msgspec import structs

    from core.comprehend.engine import check_settings
    from core.workflow.trust import editing_settings

    verb = "would use" if options.dry_run else "now uses"
    differing = _differing(options, session.state().engine)
    check_settings(structs.replace(session.state().engine, **differing))
    if options.dry_run:
        _require_movable(session.state(), differing)
    else:
        with editing_settings(session) as state:
            _require_movable(state, differing)
            state.engine = structs.replace(state.engine, **differing)
        session.record("settings", **differing)
    for field, value in differing.items():
        shown = printable(str(value), 120)
        options.narrate(f"session {printable(session.name)} {verb} {_WORDS[field]} {shown}")


def _require_movable(state: "SessionState", differing: dict[str, str | float]) -> None:
    """Refuse to turn away from a Region or bucket that holds something of the session's.

    Raises:
        InvalidInput: it does.
    """
    is_first_bucket = state.engine.name == "aws" and state.engine.bucket is None
    fixed = [
        field
        for field in _FIXED
        if field in differing and not (field == "bucket" and is_first_bucket)
    ]
    latest = {(entry.kind, entry.name): entry.state for entry in state.ledger}
    if fixed and (state.runs or any(word != "deleted" for word in latest.values())):
        field = fixed[0]
        raise InvalidInput(
            f"The {_WORDS[field]} cannot change",
            f"session {printable(state.name)} has runs or resources in "
            f"{printable(str(getattr(state.engine, field)), 80)}",
            f"leave out {_FIXED[field]}, or start another session for it",
        )
