"""What every command has: the global options, output, progress, confirmation."""

import os
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import click

from core.cli.wish import GivenEngine, OpenApp
from core.errors import Refused
from core.progress import CancelToken, Progress, Reporter
from core.text import printable

Given = ParamSpec("Given")
Result = TypeVar("Result")

cancel = CancelToken()
"""Set by the first ctrl+c; the second one ends the process at once."""


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
    yes: bool = False
    read_only: bool = False
    dry_run: bool = False
    as_json: bool = False
    theme: str = ""
    ascii_only: bool = False
    no_mouse: bool = False

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

            click.echo(msgspec.json.format(msgspec.json.encode(data), indent=2).decode())
        else:
            click.echo(text)

    def narrate(self, line: str) -> None:
        """Say something on stderr that is not the result; `line` must be printable."""
        click.echo(line, err=True)

    def reporter(self) -> Reporter:
        """Progress on stderr: one rewritten line on a terminal, a line per task elsewhere."""
        return _TerminalReporter() if sys.stderr.isatty() else _PlainReporter()

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


def common_options(command: Callable[Given, Result]) -> Callable[Given, Result]:
    """Let ``--json`` and ``--yes`` stand behind the command as well as before it."""

    def merge(ctx: click.Context, param: click.Parameter, value: bool) -> bool:
        if value and param.name:
            ctx.obj = replace(ctx.obj or Options(), **{param.name: True})
        return value

    json_option = click.option(
        "--json", "as_json", is_flag=True, expose_value=False, callback=merge, is_eager=True,
        help="Print JSON for machines.",
    )  # fmt: skip
    yes_option = click.option(
        "--yes", is_flag=True, expose_value=False, callback=merge, is_eager=True,
        help="Answer the confirmation of the step.",
    )  # fmt: skip
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
